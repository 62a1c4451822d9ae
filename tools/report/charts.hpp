// SPDX-License-Identifier: MIT
// What the charts draw, computed from raw samples.
//
//   std::vector<PathSamples> paths = ...;
//   Percentiles tail = percentiles(paths, 10);
//   Timelines time = timelines(paths, kTimelinePoints);
//   Distribution shape = distribution(paths, 30);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hft::report {

struct PathSamples {
  PathSamples(std::string path_name, std::vector<std::uint64_t> latencies);

  std::string name;
  std::vector<std::uint64_t> samples;  // as measured
  std::vector<std::uint64_t> sorted;
};

// Latency at levels that come closer as they near 100 %, as HdrHistogram's
// do: `per_half` levels in each halving of what is left.
struct Percentiles {
  std::vector<double> levels;  // 0 to below 1, rising, for all paths
  // A path's latency at each level, as far as its samples tell levels apart:
  // the last one is its maximum.
  std::vector<std::vector<std::uint64_t>> latency;
};
Percentiles percentiles(const std::vector<PathSamples>& paths, int per_half);

// At most `limit` points a path; a point is the largest of `bucket` samples.
struct Timelines {
  std::size_t bucket = 1;
  std::vector<std::vector<std::uint64_t>> latency;
};
inline constexpr std::size_t kTimelinePoints = 20'000;
Timelines timelines(const std::vector<PathSamples>& paths, std::size_t limit);

// How the samples of a path are shared among bins of equal ratio, `per_decade`
// of them in a factor of ten: bin i holds latencies from 10^((first + i) /
// per_decade) up to the next bin. Latency 0 counts as 1.
struct Distribution {
  int per_decade = 1;
  int first = 0;
  std::vector<std::vector<double>> share;  // 0 to 1, all of one length
};
Distribution distribution(const std::vector<PathSamples>& paths,
                          int per_decade);

// How a path is drawn: the same in every report, in colours that colour-blind
// readers tell apart. Paths that share a colour differ in dash.
struct Style {
  std::string_view on_light;
  std::string_view on_dark;
  int dash;  // 0 is a solid line; below kDashes
};
/// How many dashes report.js and gnuplot tell apart.
inline constexpr int kDashes = 5;
Style style_of(std::string_view path);

}  // namespace hft::report
