// SPDX-License-Identifier: MIT
// From rounds to figures: the median over the rounds of a run, then the median
// over runs.
#pragma once

#include <cstddef>
#include <vector>

#include "rounds.hpp"

namespace hft::peers {

/// Streaming at one distance of the two CPUs, over all runs.
struct AtDistance {
  std::size_t rounds = 0;
  double mps = 0;  // 0 when there is no such round
};

struct Row {
  Cell cell;
  Ratios rtt;
  double mps = 0;
  AtDistance near;
  AtDistance far;
  std::size_t discarded = 0;  // rounds of streaming in which the CPUs moved
};

struct Distances {
  /// Whether there are two classes that differ by more than chance.
  bool distinct = false;
  double near = 0;  // cycles of the floor: the median of the class
  double far = 0;
  double border = 0;  // below it is near
};

struct Summary {
  double one_line = 0;  // cycles of a round trip
  Ratios two_lines;     // over one line
  Ratios rested;        // one line with the candidates' rest, over none
  Distances distances;
  std::size_t discarded = 0;
  std::vector<Row> rows;
};

/// The two classes into which these floors fall best: with the least variance
/// of their logarithms inside the classes.
Distances classify(std::vector<double> floors);

/// The mean of the middle two where there is no middle one; 0 of none.
double median(std::vector<double> values);

Summary summarise(const Measured& measured, std::size_t runs);

}  // namespace hft::peers
