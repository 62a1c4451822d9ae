// SPDX-License-Identifier: MIT
// The time-stamp counter as a clock for latency.
//
//   const std::uint64_t before = hft::tsc_now();
//   work();
//   const std::uint64_t cycles = hft::tsc_now() - before;
//   std::cout << cycles * 1e9 / hft::tsc_hz() << " ns\n";
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace hft {

/// Cycles since an arbitrary start. Serialised as the kernel's rdtsc_ordered():
/// every earlier load has its value before the counter is read, so a stamp
/// taken after a record was seen is not earlier than the record (Intel SDM
/// vol. 2B, RDTSC; AMD APM vol. 3, with LFENCE dispatch-serialising).
inline std::uint64_t tsc_now() noexcept {
  _mm_lfence();
  return __rdtsc();
}

/// Cycles a second, measured once against CLOCK_MONOTONIC_RAW; takes 50 ms the
/// first time. Thread-safe.
std::uint64_t tsc_hz();

/// Whether the processor promises that the counter runs at one rate in every
/// power state (CPUID 8000_0007h, EDX bit 8). An emulator seldom does.
bool tsc_is_invariant() noexcept;

/// Cycles that one tsc_now() costs: the median of 1,001 readings in a row.
std::uint64_t tsc_cost() noexcept;

}  // namespace hft
