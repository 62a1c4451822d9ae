// SPDX-License-Identifier: MIT
#include "report/charts.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "lab/path_list.hpp"
#include "lab/statistics.hpp"

namespace hft::report {
namespace {

struct Colour {
  std::string_view on_light;
  std::string_view on_dark;
};
constexpr Colour kPalette[] = {{"#0072b2", "#56b4e9"}, {"#d55e00", "#ff8c42"},
                               {"#00835f", "#2fc99a"}, {"#b0478a", "#ea9ccb"},
                               {"#9a6b00", "#f0c542"}, {"#5b4bc4", "#b0a4ff"},
                               {"#4d4d4d", "#d0d0d0"}, {"#8c2d19", "#f4a99b"}};

// Styles are given out in this order first, so that paths that are often seen
// together differ in colour: those of the driver, those between two processes,
// those of eBPF. All other paths follow in the order of their list.
constexpr std::string_view kFirst[] = {
    "ring",         "read",      "shm",          "lamport",      "syscall",
    "ebpf",         "floor",     "process",      "pipe",         "eventfd",
    "futex",        "xdp",       "ringbuf-poll", "lamport-spin", "udp-spin",
    "ringbuf-spin", "udp-block", "af-xdp"};

int bin_of(std::uint64_t latency, int per_decade) {
  const auto value = static_cast<double>(std::max<std::uint64_t>(latency, 1));
  return static_cast<int>(std::floor(std::log10(value) * per_decade));
}

// A path that this build does not know stands after the last.
std::size_t place_of(std::string_view path) {
  const auto place_in_first = [](std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(kFirst, name) -
                                    std::begin(kFirst));
  };
  std::size_t place = place_in_first(path);
  if (place < std::size(kFirst)) return place;
  for (const std::string_view name : lab::kPathNames) {
    if (name == path) break;
    if (place_in_first(name) == std::size(kFirst)) ++place;
  }
  return place;
}

}  // namespace

PathSamples::PathSamples(std::string path_name,
                         std::vector<std::uint64_t> latencies)
    : name(std::move(path_name)),
      samples(std::move(latencies)),
      sorted(samples) {
  std::ranges::sort(sorted);
}

Percentiles percentiles(const std::vector<PathSamples>& paths, int per_half) {
  std::size_t most = 0;
  for (const PathSamples& path : paths) {
    most = std::max(most, path.samples.size());
  }
  Percentiles out;
  out.latency.resize(paths.size());
  if (most == 0) return out;

  double left = 1;  // to 100 %, at the start of this halving
  for (int step = 0;; ++step) {
    if (step == per_half) {
      step = 0;
      left /= 2;
    }
    const double level = 1 - left + step * left / 2 / per_half;
    out.levels.push_back(level);
    if (lab::nearest_rank(most, level) == most) break;
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto& sorted = paths[i].sorted;
    for (const double level : out.levels) {
      if (sorted.empty()) break;
      const std::uint64_t rank = lab::nearest_rank(sorted.size(), level);
      out.latency[i].push_back(sorted[rank - 1]);
      if (rank == sorted.size()) break;
    }
  }
  return out;
}

Timelines timelines(const std::vector<PathSamples>& paths, std::size_t limit) {
  Timelines out;
  for (const PathSamples& path : paths) {
    const std::size_t count = path.samples.size();
    out.bucket = std::max(out.bucket, (count + limit - 1) / limit);
  }
  for (const PathSamples& path : paths) {
    auto& points = out.latency.emplace_back();
    const auto& samples = path.samples;
    for (std::size_t at = 0; at < samples.size(); at += out.bucket) {
      const std::size_t end = std::min(at + out.bucket, samples.size());
      points.push_back(*std::max_element(
          samples.begin() + static_cast<std::ptrdiff_t>(at),
          samples.begin() + static_cast<std::ptrdiff_t>(end)));
    }
  }
  return out;
}

Distribution distribution(const std::vector<PathSamples>& paths,
                          int per_decade) {
  Distribution out;
  out.per_decade = per_decade;
  out.share.resize(paths.size());
  int first = std::numeric_limits<int>::max();
  int last = std::numeric_limits<int>::min();
  for (const PathSamples& path : paths) {
    if (path.sorted.empty()) continue;
    first = std::min(first, bin_of(path.sorted.front(), per_decade));
    last = std::max(last, bin_of(path.sorted.back(), per_decade));
  }
  if (first > last) return out;
  out.first = first;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    auto& share = out.share[i];
    share.resize(static_cast<std::size_t>(last - first) + 1);
    const double one = 1 / static_cast<double>(paths[i].samples.size());
    for (const std::uint64_t latency : paths[i].samples) {
      share[static_cast<std::size_t>(bin_of(latency, per_decade) - first)] +=
          one;
    }
  }
  return out;
}

Style style_of(std::string_view path) {
  const std::size_t index = place_of(path);
  const Colour& colour = kPalette[index % std::size(kPalette)];
  return {colour.on_light, colour.on_dark,
          static_cast<int>(index / std::size(kPalette))};
}

}  // namespace hft::report
