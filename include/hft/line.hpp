// SPDX-License-Identifier: MIT
// What a program can ask of a cache line, besides reading and writing it.
//
//   hft::own_line(slot);     // take it here as if to write it
//   hft::demote_line(slot);  // just written: push it towards the others
//   hft::fetch_line(next);   // have it here by the time it is read
#pragma once

#include <hft/abi.h>

#include <cstddef>

namespace hft {

/// Bring a line here to read it. A hint: never faults, orders nothing.
// Inline always: GCC drops calls of a function that does nothing but a builtin
// prefetch, as one without effects.
[[gnu::always_inline]] inline void fetch_line(const std::byte* line) noexcept {
  __builtin_prefetch(line, 0, 3);
}

/// The same of `count` lines in a row.
[[gnu::always_inline]] inline void fetch_lines(const std::byte* first,
                                               std::size_t count) noexcept {
  for (std::size_t line = 0; line < count; ++line) {
    fetch_line(first + line * HFT_CACHE_LINE);
  }
}

/// Bring a line here to write it (PREFETCHW, Intel SDM vol. 2B). A hint:
/// without the right to write it does nothing.
inline void own_line(const std::byte* line) noexcept {
#if defined(__x86_64__)
  // Spelt out: for a baseline x86-64 GCC makes a builtin that is to write a
  // prefetch that is to read. Processors without PREFETCHW run a NOP.
  asm volatile("prefetchw %0" : : "m"(*line));
#else
  __builtin_prefetch(line, 1, 3);
#endif
}

/// Move a line just written to a cache that the other CPU reaches sooner
/// (CLDEMOTE, Intel SDM vol. 2A). Processors without it run a NOP.
inline void demote_line(const std::byte* line) noexcept {
#if defined(__x86_64__)
  asm volatile(".byte 0x0f, 0x1c, 0x00" : : "a"(line) : "memory");
#else
  (void)line;
#endif
}

/// Keep the compiler from moving memory accesses across; no instruction.
inline void compiler_barrier() noexcept { asm volatile("" : : : "memory"); }

}  // namespace hft
