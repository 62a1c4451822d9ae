// SPDX-License-Identifier: MIT
// Says what else ran on the machine while a sample was late.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/path.hpp"

namespace hft::bench {

/// Reads /proc/interrupts between samples, and every thread's switch count only
/// when the consumer was preempted: that takes milliseconds.
class Attribution {
 public:
  Attribution();
  Attribution(const Attribution&) = delete;
  Attribution& operator=(const Attribution&) = delete;
  ~Attribution();

  /// Right before waiting for a sample.
  void before();
  /// Right after it: which side stalled, the interrupts on each CPU meanwhile,
  /// and the threads that ran in the consumer's place.
  std::string explain(std::uint64_t latency, const Arrival& arrival);

 private:
  // What is counted, by name: "LOC on CPU 1".
  using Counts = std::map<std::string, std::uint64_t>;

  [[nodiscard]] Counts count_interrupts() const;
  [[nodiscard]] Counts count_switches() const;

  int interrupts_;              // /proc/interrupts, kept open
  std::vector<pid_t> threads_;  // all but our own
  Counts interrupts_before_;
  Counts switches_before_;  // at the last preemption
  long preemptions_before_ = 0;
};

}  // namespace hft::bench
