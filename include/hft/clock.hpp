// SPDX-License-Identifier: MIT
// The clocks of latency: the time-stamp counter, and the kernel's.
//
//   const std::uint64_t before = hft::tsc_now();
//   work();
//   const std::uint64_t cycles = hft::tsc_now() - before;
//   std::cout << cycles * 1e9 / hft::tsc_hz() << " ns\n";
#pragma once

#include <cstdint>
#include <ctime>

#include "hft/cpu.hpp"

namespace hft {

/// Cycles since an arbitrary start. Every earlier load has its value before the
/// counter is read, so a stamp taken after a record was seen is not earlier
/// than the record.
inline std::uint64_t tsc_now() noexcept { return cycle_counter_ordered(); }

/// Cycles a second, measured once against CLOCK_MONOTONIC_RAW; takes 50 ms the
/// first time. Thread-safe.
std::uint64_t tsc_hz();

/// Whether the processor promises that the counter runs at one rate in every
/// power state. An emulator seldom does.
bool tsc_is_invariant() noexcept;

/// Cycles that one tsc_now() costs: the median of 1,001 readings in a row.
std::uint64_t tsc_cost() noexcept;

/// Cycles by which the counter advances at a time, 26 on Zen 5: what differs by
/// less is equal. The greatest common divisor of 1,000 differences.
std::uint64_t tsc_step() noexcept;

/// CLOCK_MONOTONIC in ns, what BPF programs stamp with: from the vDSO, without
/// a system call where the kernel's clock is the counter; ordered as tsc_now().
inline std::uint64_t monotonic_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// Cycles that one monotonic_now() costs: measured as tsc_cost() is.
std::uint64_t monotonic_cost() noexcept;

}  // namespace hft
