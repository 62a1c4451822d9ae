// SPDX-License-Identifier: MIT
// Order statistics of latency samples.
//
//   std::vector<std::uint64_t> samples = ...;  // cycles or ns, any order
//   hft::lab::Summary all = hft::lab::summarise(samples);
//   std::sort(samples.begin(), samples.end());
//   std::uint64_t p75 = hft::lab::percentile(samples, 0.75);
//   print(all.p50, all.p99, p75);
#pragma once

#include <cstdint>
#include <span>

namespace hft::lab {

// One set of samples; every field but `samples` is in the unit of the samples.
// All zero when there are none.
struct Summary {
  std::uint64_t samples = 0;
  std::uint64_t min = 0;
  std::uint64_t p50 = 0;
  std::uint64_t p90 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t p999 = 0;
  std::uint64_t p9999 = 0;
  std::uint64_t max = 0;
  double mean = 0;

  bool operator==(const Summary&) const = default;
};

// Up to this many samples percentiles are exact; beyond, they come from a
// Histogram and carry 3 significant digits. min, max and mean stay exact.
inline constexpr std::uint64_t kExactSamples = 1'000'000;

// The 1-based rank of `fraction` (0 to 1, clamped) among `count` sorted values:
// the smallest whole number not below fraction * count, and at least 1.
std::uint64_t nearest_rank(std::uint64_t count, double fraction);

// The nearest-rank percentile of values sorted upwards; 0 if there are none.
std::uint64_t percentile(std::span<const std::uint64_t> sorted,
                         double fraction);

// Samples in any order. Copies them to sort when they are kExactSamples or
// fewer.
Summary summarise(std::span<const std::uint64_t> samples);

}  // namespace hft::lab
