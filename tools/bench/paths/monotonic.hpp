// SPDX-License-Identifier: MIT
// Stamps of CLOCK_MONOTONIC among those of the time-stamp counter.
#pragma once

#include <cstdint>

#include "bench/paths/cycles.hpp"
#include "hft/clock.hpp"

namespace hft::bench {

/// What producers in BPF stamp with, as the counter would have read then: the
/// difference of two such instants is exact but for rounding, their distance to
/// a reading of the counter is good to the calibration of its frequency.
class MonotonicClock {
 public:
  [[nodiscard]] std::uint64_t now() const { return at(monotonic_now()); }
  [[nodiscard]] std::uint64_t at(std::uint64_t ns) const {
    return ns >= ns_ ? cycles_ + to_cycles(ns - ns_, hz_)
                     : cycles_ - to_cycles(ns_ - ns, hz_);
  }

 private:
  std::uint64_t hz_ = tsc_hz();
  std::uint64_t ns_ = monotonic_now();
  std::uint64_t cycles_ = tsc_now();
};

}  // namespace hft::bench
