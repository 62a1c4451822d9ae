// SPDX-License-Identifier: MIT
// What ends a wait for a record or for room: a stop that is requested, or a
// time.
//
//   std::atomic<bool> stop = false;  // a handler of SIGTERM sets it
//   while (const Tick* tick = consumer.read(wait, stop)) { … }
//   const Tick* tick = consumer.read_for(wait, std::chrono::milliseconds(5));
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>

namespace hft {

/// What can ask a waiting thread to stop: a std::stop_token, a flag, which a
/// signal handler may set, or a function that says so. It is looked at between
/// two looks at the ring, by the waiting thread, and must not throw; what the
/// other side did before
/// it asked happens before the wait ends, if it asks by a release (both
/// std::stop_source and assigning to the flag do).
template <class S>
concept StopCondition = requires(const S& stop) {
  { stop.stop_requested() } -> std::convertible_to<bool>;
}
|| std::same_as<S, std::atomic<bool>> || std::predicate<const S&>;

/// Whether to stop now.
template <StopCondition S>
[[nodiscard]] bool is_stopped(const S& stop) noexcept {
  if constexpr (std::same_as<S, std::atomic<bool>>) {
    return stop.load(std::memory_order_acquire);
  } else if constexpr (std::predicate<const S&>) {
    return stop();
  } else {
    return stop.stop_requested();
  }
}

/// The stop condition of a time: reads the clock at each look, which takes some
/// 25 ns.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Deadline(Clock::time_point until) noexcept : until_(until) {}
  /// `left` from now; more than the clock can say is for ever.
  explicit Deadline(std::chrono::nanoseconds left) noexcept
      : Deadline(left < Clock::time_point::max() - Clock::now()
                     ? Clock::now() + left
                     : Clock::time_point::max()) {}

  [[nodiscard]] bool stop_requested() const noexcept {
    return Clock::now() >= until_;
  }
  /// Not negative.
  [[nodiscard]] std::chrono::nanoseconds left() const noexcept {
    const Clock::time_point now = Clock::now();
    return now < until_ ? until_ - now : std::chrono::nanoseconds(0);
  }

 private:
  Clock::time_point until_;
};

/// Whether to stop before another look at the ring. A time only ends a wait.
template <StopCondition S>
[[nodiscard]] bool stops_first(const S& stop) noexcept {
  return !std::same_as<S, Deadline> && is_stopped(stop);
}

}  // namespace hft
