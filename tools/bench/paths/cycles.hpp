// SPDX-License-Identifier: MIT
// Cycles of the time-stamp counter as nanoseconds, and back.
#pragma once

#include <cstdint>

namespace hft::bench {

inline std::uint64_t to_cycles(std::uint64_t ns, std::uint64_t hz) {
  return static_cast<std::uint64_t>(static_cast<double>(ns) *
                                    static_cast<double>(hz) / 1e9);
}

inline double to_ns(std::uint64_t cycles, std::uint64_t hz) {
  return static_cast<double>(cycles) * 1e9 / static_cast<double>(hz);
}

}  // namespace hft::bench
