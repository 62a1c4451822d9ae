// SPDX-License-Identifier: MIT
// Says what else ran on the two CPUs while a sample was late.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "path.hpp"

namespace hft::bench {

/// Reads /proc between samples, never during one, so it needs a period that
/// leaves time for that (1 ms and above).
class Attribution {
 public:
  Attribution();

  /// Right before waiting for a sample.
  void before();
  /// Right after it: the interrupts on each CPU, the threads that ran, and
  /// which side stalled.
  std::string explain(std::uint64_t latency, const Seen& seen);

 private:
  // What is counted, by name: "LOC on CPU 1", "thread ksoftirqd/1".
  using Counts = std::map<std::string, std::uint64_t>;

  void count_interrupts(Counts& counts) const;
  void count_switches(Counts& counts) const;
  [[nodiscard]] Counts count() const;

  std::vector<pid_t> threads_;  // all but the idle and our own
  Counts before_;
};

}  // namespace hft::bench
