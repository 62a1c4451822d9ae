// SPDX-License-Identifier: MIT
// Tells whoever waits how far the bench is.
#pragma once

#include <chrono>
#include <string_view>

namespace hft::bench {

/// Silent about what takes less than two seconds. One line on a terminal,
/// rewritten; elsewhere a line every ten seconds. On the standard error.
class Progress {
 public:
  Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Leaves the terminal's line empty.
  ~Progress();

  /// What comes will take this long.
  void expect(double seconds);
  /// Between two measurements.
  void tell(std::string_view what);

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point begin_ = Clock::now();
  Clock::time_point next_;  // when the next line may come
  bool terminal_;
  bool shown_ = false;
};

}  // namespace hft::bench
