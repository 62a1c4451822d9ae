// SPDX-License-Identifier: MIT
// One setting varied, the others kept: latency over rate, size, rings or
// capacity.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/measure.hpp"
#include "lab/sweep_results.hpp"

namespace hft::bench {

/// What can be swept.
struct SweepKind {
  std::string_view name;
  std::string_view axis;  // what a value is, and its unit
  bool until_saturation;  // later values only after earlier ones held
  Adapts needs;           // of a path
  /// Values, rising.
  std::vector<std::uint64_t> (*values)();
  /// Have `subject` measured at that value.
  void (*apply)(std::uint64_t value, Subject& subject);
};

const std::vector<SweepKind>& sweep_kinds();
/// Null when nothing is called that.
const SweepKind* find_sweep(std::string_view name);

/// Whether that path can be swept so.
bool can_sweep(const SweepKind& sweep, const PathKind& path);

/// Whether no round held the rate: each lost more than 1 % of what was due, or
/// delivered less than 90 %. What a CPU that stood still for a while disturbed
/// does not count, as long as one round went without.
bool is_saturated(const std::vector<Flow>& rounds);

/// Measure each subject of the plan at each value: all points take turns, round
/// by round, or, until saturation, each value in its turn. Adds to `doubts`.
std::vector<lab::SweepPoint> measure_sweep(const SweepKind& sweep,
                                           const Plan& plan, Progress& progress,
                                           ClockDoubts& doubts);

}  // namespace hft::bench
