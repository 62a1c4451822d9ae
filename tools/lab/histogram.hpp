// SPDX-License-Identifier: MIT
// A log-linear histogram of any 64-bit values to 3 significant digits, with
// HdrHistogram's text output.
//
//   hft::lab::Histogram histogram;
//   for (std::uint64_t latency : samples) histogram.record(latency);
//   std::uint64_t p99 = histogram.percentile(0.99);
//   hft::lab::write_file("ring.hgrm", histogram.to_hgrm());
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hft::lab {

// Not thread-safe. Buckets are those of HdrHistogram with 3 significant digits:
// values below 2,048 are exact, above that a bucket is at most a 1,024th of its
// value wide. Memory grows with the largest value, to 450 KB for the largest of
// all.
class Histogram {
 public:
  // Adds `count` values; allocates only when `value` exceeds all before it.
  void record(std::uint64_t value, std::uint64_t count = 1);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }

  // The nearest-rank percentile, as the highest value its bucket could hold
  // but never above max(); 0 when empty. `fraction` is 0 to 1, clamped.
  std::uint64_t percentile(double fraction) const;

  // HdrHistogram's percentile distribution (".hgrm"), as its plotter reads it.
  // `ticks_per_half` rows are written for each halving of what is left to
  // 100 %; at least 1.
  std::string to_hgrm(int ticks_per_half = 5) const;

 private:
  std::string footer() const;

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace hft::lab
