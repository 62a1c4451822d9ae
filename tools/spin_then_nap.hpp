// SPDX-License-Identifier: MIT
// Waiting on rings that wake nobody, without a CPU of one's own.
//
//   for (hft::tools::SpinThenNap wait;;) {
//     if (const auto* record = merger.try_read()) {
//       wait.found();
//       …
//     } else {
//       wait.rest();
//     }
//   }
#pragma once

#include <unistd.h>

#include <cstdint>

#include "hft/clock.hpp"

namespace hft::tools {

/// Looks without a pause for 1 ms after something was there, and from then on
/// every 50 us or so.
class SpinThenNap {
 public:
  void found() { idle_since_ = 0; }
  /// Nothing was there. Returns for how long by now, in ns: 0 the first time.
  std::uint64_t rest() {
    constexpr std::uint64_t kSpin = 1'000'000;  // ns
    constexpr useconds_t kNap = 50;             // us
    const std::uint64_t now = monotonic_now();
    if (idle_since_ == 0) {
      idle_since_ = now;
    }
    const std::uint64_t idle = now - idle_since_;
    if (idle > kSpin) {
      usleep(kNap);
    }
    return idle;
  }

 private:
  std::uint64_t idle_since_ = 0;
};

}  // namespace hft::tools
