// SPDX-License-Identifier: MIT
// What this machine is, and how far a measurement on it can be trusted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/results.hpp"

namespace hft::lab {

/// Everything the machine itself can tell; accelerator from the hypervisor's
/// signature in CPUID.
Manifest describe_machine();

/// Watches for other load from construction on.
class NoiseWatch {
 public:
  /// `known`: reasons for noise that were found before.
  NoiseWatch(int consumer_cpu, std::vector<std::string> known);
  /// More reasons, found since.
  void add(const std::vector<std::string>& reasons);
  /// The label and its reasons, for what ran since construction.
  [[nodiscard]] Validity judge(const Manifest& manifest) const;

 private:
  struct CpuTimes {
    std::uint64_t steal = 0;  // clock ticks, as in /proc/stat
    std::uint64_t total = 0;
  };
  static CpuTimes cpu_times();

  int consumer_cpu_;
  std::vector<std::string> known_;
  CpuTimes begin_;
};

/// Where a limit forbids it, a figure is not worthless, but says so: a reason
/// more.
void try_lock_memory(std::vector<std::string>& reasons);

/// Block until the machine has been up for this long. A guest that has just
/// booted still runs deferred work.
void wait_for_uptime(double seconds);

}  // namespace hft::lab
