// SPDX-License-Identifier: MIT
#include "lab/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "lab/histogram.hpp"

namespace hft::lab {
namespace {

template <typename Percentile>
void fill_percentiles(Summary& summary, Percentile at) {
  summary.p50 = at(0.5);
  summary.p90 = at(0.9);
  summary.p99 = at(0.99);
  summary.p999 = at(0.999);
  summary.p9999 = at(0.9999);
}

}  // namespace

std::uint64_t nearest_rank(std::uint64_t count, double fraction) {
  if (count == 0) return 0;
  // A decimal fraction is seldom exact in binary: 0.999 * 1000 may come out a
  // hair above 999, and its ceiling would be the next rank.
  const double exact = fraction * static_cast<double>(count);
  const double whole = std::round(exact);
  const double slack = exact * 4 * std::numeric_limits<double>::epsilon();
  const double rank =
      std::abs(exact - whole) <= slack ? whole : std::ceil(exact);
  if (!(rank >= 1)) return 1;
  if (rank >= static_cast<double>(count)) return count;
  return static_cast<std::uint64_t>(rank);
}

std::uint64_t percentile(std::span<const std::uint64_t> sorted,
                         double fraction) {
  if (sorted.empty()) return 0;
  return sorted[nearest_rank(sorted.size(), fraction) - 1];
}

Summary summarise(std::span<const std::uint64_t> samples) {
  Summary summary;
  if (samples.empty()) return summary;
  summary.samples = samples.size();
  const auto [least, greatest] = std::ranges::minmax_element(samples);
  summary.min = *least;
  summary.max = *greatest;
  const long double total =
      std::accumulate(samples.begin(), samples.end(), 0.0L);
  summary.mean = static_cast<double>(total / samples.size());

  if (samples.size() <= kExactSamples) {
    std::vector<std::uint64_t> sorted(samples.begin(), samples.end());
    std::ranges::sort(sorted);
    fill_percentiles(
        summary, [&](double fraction) { return percentile(sorted, fraction); });
  } else {
    Histogram histogram;
    for (const std::uint64_t sample : samples) histogram.record(sample);
    fill_percentiles(summary, [&](double fraction) {
      return histogram.percentile(fraction);
    });
  }
  return summary;
}

}  // namespace hft::lab
