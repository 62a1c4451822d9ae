// SPDX-License-Identifier: MIT
// Interleaved rounds over paths: every path sees the same machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hft/results.hpp"
#include "path.hpp"

namespace hft::bench {

struct Plan {
  std::vector<const PathKind*> paths;
  std::uint64_t samples = 1000;  // a path, over all its rounds
  std::uint64_t rounds = 5;
  std::uint64_t warmup = 20;  // records discarded at the start of a round
  std::uint64_t period = 0;   // ns
  std::uint64_t tsc_hz = 0;
  bool attribute = false;
};

/// What one path gave, sample by sample, in cycles.
struct Measured {
  const PathKind* kind = nullptr;
  std::uint64_t lost = 0;
  std::vector<std::uint64_t> latency;
  std::vector<std::uint64_t>
      schedule;  // one more for each tick that never came
  std::vector<Round> rounds;
  std::vector<Outlier> worst;  // with attribution only
};

/// Measure every path of the plan. The order of paths moves on by one each
/// round, so that none always follows the same other. Throws what a path
/// throws, with its name.
std::vector<Measured> measure(const Plan& plan);

}  // namespace hft::bench
