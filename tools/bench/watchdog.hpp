// SPDX-License-Identifier: MIT
// Ends the process when a path gives no record for far too long: a consumer
// that spins cannot notice by itself.
#pragma once

#include <cstdint>

#include "bench/path.hpp"

namespace hft::bench {

/// Armed from construction to destruction; one at a time. Uses SIGALRM.
class Watchdog {
 public:
  /// How long the round should take.
  Watchdog(const PathKind& path, std::uint64_t expected_ns);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();
};

}  // namespace hft::bench
