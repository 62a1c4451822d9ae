// SPDX-License-Identifier: MIT
#include "lab/histogram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "lab/statistics.hpp"

namespace hft::lab {
namespace {

// 2 * 10^3 rounded up to a power of two: what 3 significant digits need.
constexpr int kSubBucketBits = 11;
constexpr std::uint64_t kSubBuckets = 1ull << kSubBucketBits;
constexpr std::uint64_t kHalf = kSubBuckets / 2;

// How many low bits a value's bucket ignores.
constexpr int shift_of(std::uint64_t value) {
  return std::max(0, static_cast<int>(std::bit_width(value)) - kSubBucketBits);
}

constexpr std::size_t index_of(std::uint64_t value) {
  const int shift = shift_of(value);
  return static_cast<std::size_t>(shift) * kHalf + (value >> shift);
}

struct Bucket {
  std::uint64_t lowest;
  std::uint64_t highest;
  std::uint64_t middle;
};

constexpr Bucket bucket_at(std::size_t index) {
  const std::uint64_t shift = index < kSubBuckets ? 0 : index / kHalf - 1;
  const std::uint64_t lowest = (index - shift * kHalf) << shift;
  const std::uint64_t width = 1ull << shift;
  return {lowest, lowest + (width - 1), lowest + width / 2};
}

static_assert(bucket_at(index_of(~0ull)).highest == ~0ull);
static_assert(bucket_at(index_of(2048)).highest == 2049);

}  // namespace

void Histogram::record(std::uint64_t value, std::uint64_t count) {
  if (count == 0) return;
  const std::size_t index = index_of(value);
  if (index >= counts_.size()) counts_.resize(index + 1);
  counts_[index] += count;
  count_ += count;
  max_ = std::max(max_, value);
}

std::uint64_t Histogram::percentile(double fraction) const {
  const std::uint64_t rank = nearest_rank(count_, fraction);
  std::uint64_t seen = 0;
  for (std::size_t index = 0; index < counts_.size(); ++index) {
    seen += counts_[index];
    if (seen >= rank) return std::min(bucket_at(index).highest, max_);
  }
  return max_;
}

std::string Histogram::to_hgrm(int ticks_per_half) const {
  std::string out = fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value",
                                "Percentile", "TotalCount", "1/(1-Percentile)");
  const int ticks = std::max(1, ticks_per_half);
  double level = 0;  // in percent, as HdrHistogram accumulates it
  std::uint64_t seen = 0;
  for (std::size_t index = 0; index < counts_.size(); ++index) {
    if (counts_[index] == 0) continue;
    seen += counts_[index];
    const double reached =
        100.0 * static_cast<double>(seen) / static_cast<double>(count_);
    const auto value = static_cast<double>(bucket_at(index).highest);
    while (level <= reached) {
      out += fmt::format("{:12.3f} {:2.12f} {:10} {:14.2f}\n", value,
                         level / 100, seen, 1 / (1 - level / 100));
      const double halvings =
          std::floor(std::log(100 / (100 - level)) / std::log(2.0)) + 1;
      level += 100 / (ticks * std::exp2(halvings));
      // The level of the last value is 100 %, which has a row of its own.
      if (seen == count_) break;
    }
  }
  if (count_ != 0) {
    out += fmt::format("{:12.3f} {:2.12f} {:10}\n",
                       static_cast<double>(bucket_at(index_of(max_)).highest),
                       1.0, count_);
  }
  return out + footer();
}

std::string Histogram::footer() const {
  double total = 0;
  double squares = 0;
  const auto each_bucket = [&](auto visit) {
    for (std::size_t index = 0; index < counts_.size(); ++index) {
      if (counts_[index] != 0) {
        visit(static_cast<double>(bucket_at(index).middle),
              static_cast<double>(counts_[index]));
      }
    }
  };
  const double count = std::max(1.0, static_cast<double>(count_));
  each_bucket([&](double value, double n) { total += value * n; });
  const double mean = total / count;
  each_bucket([&](double value, double n) {
    squares += (value - mean) * (value - mean) * n;
  });
  const std::uint64_t highest =
      count_ == 0 ? 0 : bucket_at(index_of(max_)).highest;
  return fmt::format(
      "#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n"
      "#[Max     = {:12.3f}, Total count    = {:12}]\n"
      "#[Buckets = {:12}, SubBuckets     = {:12}]\n",
      mean, std::sqrt(squares / count), static_cast<double>(highest), count_,
      shift_of(max_) + 1, kSubBuckets);
}

}  // namespace hft::lab
