// SPDX-License-Identifier: MIT
// Interleaved rounds over paths: every path sees the same machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/path.hpp"
#include "bench/progress.hpp"
#include "lab/results.hpp"

namespace hft::bench {

/// A path, and what to measure of it.
struct Subject {
  const PathKind* kind = nullptr;
  Setting setting;
  std::uint64_t samples = 1000;  // over all rounds
  std::uint64_t warmup = 20;     // records discarded at the start of a round
};

struct Plan {
  std::vector<Subject> subjects;
  std::uint64_t rounds = 5;
  std::uint64_t tsc_hz = 0;
  bool attribute = false;
};

/// What went past the consumer while it took samples.
struct Flow {
  std::uint64_t seen = 0;    // samples
  std::uint64_t lost = 0;    // offered and not seen
  std::uint64_t missed = 0;  // fell due and was never offered
  std::uint64_t elapsed_cycles = 0;
};

/// What one subject gave, sample by sample, in cycles.
struct Measured {
  const PathKind* kind = nullptr;
  std::vector<std::uint64_t> latency;
  std::vector<std::uint64_t>
      schedule;  // one more for each tick that never came
  std::vector<lab::Round> rounds;
  std::vector<Flow> flow;           // a round
  std::vector<lab::Outlier> worst;  // with attribution only
};

Flow total(const std::vector<Flow>& rounds);

lab::PathResult to_result(const Measured& measured);

/// Whether to believe the clocks: not where samples took no time at all. QEMU
/// shows no CPU a counter behind another's, and holds it there instead.
class ClockDoubts {
 public:
  void add(const Measured& measured);
  /// One for each path with such samples, in the order added.
  [[nodiscard]] std::vector<std::string> reasons() const;

 private:
  struct Count {
    std::string_view path;
    std::uint64_t timeless = 0;
    std::uint64_t samples = 0;
  };
  std::vector<Count> counts_;
};

/// Measure every subject of the plan. Their order moves on by one each round,
/// so that none always follows the same other. Adds to `doubts`. Throws what a
/// path throws, with its name.
std::vector<Measured> measure(const Plan& plan, Progress& progress,
                              ClockDoubts& doubts);

}  // namespace hft::bench
