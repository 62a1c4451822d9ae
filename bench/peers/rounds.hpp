// SPDX-License-Identifier: MIT
// How it is measured, so that a figure says something of a ring and not of the
// moment.
//
// A host moves virtual CPUs: between the two threads of a core, two cores of
// one cache, two caches. That changes every transfer, several times over, each
// tenth of a second or so. Therefore:
//
// - Rounds are short and many, and in each one the candidates come in another
//   order, with rings made anew.
// - A round trip is a ratio: kBlocks blocks of round trips of the candidate
//   alternate with blocks of the one-line floor, and the percentiles of the one
//   are divided by the same percentiles of the other. Over rounds: the median.
// - Streaming has no such ratio, for it hides the distance in part. The floor
//   is measured right before and after: when the two differ by more than
//   kSameFloor the CPUs have moved, and the round's figure is discarded. The
//   others are sorted by distance (summary.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "contender.hpp"

namespace hft::peers {

inline constexpr std::size_t kBlocks = 8;
inline constexpr std::size_t kBlockTrips = 500;
/// By the rate of a first lap: shorter than the host leaves CPUs in place, and
/// as long for a slow ring as for a quick one.
inline constexpr double kStreamSeconds = 0.004;
inline constexpr std::uint64_t kStreamedAtLeast = 8192;
inline constexpr double kSameFloor = 1.3;

/// Percentiles of round trips over those of the floor beside them.
struct Ratios {
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;
};

struct Cell {
  const Contender* contender = nullptr;
  std::size_t bytes = 0;
  std::size_t capacity = 0;
};

/// One round of one cell.
struct Sample {
  std::size_t cell = 0;
  std::size_t run = 0;
  Ratios rtt;
  double mps = 0;           // millions of records a second
  double floor_before = 0;  // cycles, around streaming
  double floor_after = 0;

  [[nodiscard]] bool moved() const {
    return floor_before > kSameFloor * floor_after ||
           floor_after > kSameFloor * floor_before;
  }
  [[nodiscard]] double floor() const {
    return (floor_before + floor_after) / 2;
  }
};

/// One round of the floors.
struct FloorSample {
  std::size_t run = 0;
  double one_line = 0;  // cycles of a round trip: the median over the round
  Ratios two_lines;
  Ratios rested;
};

struct Measured {
  std::vector<Cell> cells;
  std::vector<Sample> samples;
  std::vector<FloorSample> floors;
};

struct Plan {
  std::vector<Cell> cells;  // those of one size and capacity in a row
  std::size_t runs = 0;
  std::size_t rounds = 0;  // in each run
  int here = 0;            // CPUs
  int there = 0;
};

/// `progress(run, round)` is called before each round.
Measured measure(const Plan& plan,
                 const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace hft::peers
