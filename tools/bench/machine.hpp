// SPDX-License-Identifier: MIT
// What this machine is, and how far a measurement on it can be trusted.
#pragma once

#include <cstdint>

#include "hft/results.hpp"

namespace hft::bench {

/// Everything the machine itself can tell; accelerator from the hypervisor's
/// signature in CPUID.
Manifest describe_machine();

/// Watches for other load from construction on.
class NoiseWatch {
 public:
  explicit NoiseWatch(int consumer_cpu);
  /// The label and its reasons, for what ran since construction.
  [[nodiscard]] Validity judge(const Manifest& manifest) const;

 private:
  struct CpuTimes {
    std::uint64_t steal = 0;  // clock ticks, as in /proc/stat
    std::uint64_t total = 0;
  };
  static CpuTimes cpu_times();

  int consumer_cpu_;
  CpuTimes begin_;
};

/// Block until the machine has been up for this long. A guest that has just
/// booted still runs deferred work.
void wait_for_uptime(double seconds);

}  // namespace hft::bench
