// SPDX-License-Identifier: MIT
// Notices when a polling loop was not running.
#pragma once

#include <algorithm>
#include <cstdint>

#include "hft/clock.hpp"

namespace hft::bench {

/// Asked once a poll, it keeps the longest time between two polls.
class PauseWatch {
 public:
  explicit PauseWatch(bool enabled) : enabled_(enabled) {}

  void start() {
    longest_ = 0;
    last_ = enabled_ ? tsc_now() : 0;
  }
  void poll() {
    const std::uint64_t now = tsc_now();
    longest_ = std::max(longest_, now - last_);
    last_ = now;
  }
  [[nodiscard]] bool enabled() const { return enabled_; }
  /// Cycles; 0 when not enabled.
  [[nodiscard]] std::uint64_t longest() const { return longest_; }

 private:
  bool enabled_;
  std::uint64_t last_ = 0;
  std::uint64_t longest_ = 0;
};

/// Spin until `arrived()`. The loop has no `pause`, and no clock unless a watch
/// is kept.
template <typename Arrived>
void spin_until(PauseWatch& watch, Arrived arrived) {
  watch.start();
  if (watch.enabled()) {
    while (!arrived()) {
      watch.poll();
    }
    watch.poll();
  } else {
    while (!arrived()) {
    }
  }
}

/// The next record, with a watch on the polling for it.
template <typename Consumer>
const auto& read_watching(Consumer& consumer, PauseWatch& watch) {
  decltype(consumer.try_read()) record = nullptr;
  spin_until(watch, [&] {
    record = consumer.try_read();
    return record != nullptr;
  });
  return *record;
}

}  // namespace hft::bench
