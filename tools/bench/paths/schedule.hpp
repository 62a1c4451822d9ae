// SPDX-License-Identifier: MIT
// A producer in user space that keeps a fixed schedule, as the simulator does,
// and what its records say of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bench/path.hpp"
#include "bench/paths/cycles.hpp"
#include "hft/clock.hpp"

namespace hft::bench {

/// What a payload begins with, in one word so that the shortest holds it.
struct Tick {
  std::uint64_t sequence = 0;     // counts what was offered
  std::uint64_t late_cycles = 0;  // from due to stamp

  static constexpr unsigned kLateBits = 36;  // 17 s at 4 GHz, then saturated
  static constexpr std::uint64_t kLateMax = (std::uint64_t{1} << kLateBits) - 1;
  static constexpr std::uint64_t kSequences = std::uint64_t{1}
                                              << (64 - kLateBits);

  [[nodiscard]] std::uint64_t pack() const {
    return sequence << kLateBits | std::min(late_cycles, kLateMax);
  }
  /// `last` was seen before: the sequence is the first that follows it and has
  /// the bits of `word`.
  static Tick unpack(std::uint64_t word, std::uint64_t last) {
    const std::uint64_t ahead =
        ((word >> kLateBits) - last - 1) & (kSequences - 1);
    return {.sequence = last + 1 + ahead, .late_cycles = word & kLateMax};
  }
};
inline constexpr std::uint32_t kPayloadMin = sizeof(std::uint64_t);

/// When records are due, in cycles. A tick that falls due while an earlier one
/// is late is missed: it never comes.
class Schedule {
 public:
  Schedule(std::uint64_t start, std::uint64_t period_cycles)
      : period_cycles_(period_cycles), due_(start + period_cycles) {}

  [[nodiscard]] std::uint64_t due() const { return due_; }
  /// Of the record that is due and was stamped now.
  [[nodiscard]] Tick tick(std::uint64_t stamp) const {
    return {.sequence = sequence_, .late_cycles = stamp - due_};
  }
  /// On to the next record, after the one with that stamp.
  void advance(std::uint64_t stamp) {
    const std::uint64_t late_cycles = stamp - due_;
    ++sequence_;
    due_ += period_cycles_;
    if (late_cycles >= period_cycles_) [[unlikely]] {
      due_ += late_cycles / period_cycles_ * period_cycles_;
    }
  }

 private:
  std::uint64_t period_cycles_;
  std::uint64_t due_;
  std::uint64_t sequence_ = 0;
};

/// Whenever a record is due: fill() whatever does not need the stamp, then,
/// right after the stamp was taken, publish(stamp, tick). For ever.
template <typename Fill, typename Publish>
[[noreturn]] void keep_schedule(std::uint64_t period_cycles, Fill fill,
                                Publish publish) {
  Schedule schedule(tsc_now(), period_cycles);
  for (;;) {
    while (tsc_now() < schedule.due()) {
    }
    fill();
    const std::uint64_t stamp = tsc_now();
    publish(stamp, schedule.tick(stamp));
    schedule.advance(stamp);
  }
}

/// The consumer's side of it.
class TickReader {
 public:
  explicit TickReader(std::uint64_t period_ns)
      : hz_(tsc_hz()), period_cycles_(to_cycles(period_ns, hz_)) {}

  [[nodiscard]] std::uint64_t period_cycles() const { return period_cycles_; }

  /// Fill in all of `seen` but `now`.
  void take(std::uint64_t stamp, const std::byte* payload, Arrival& arrival) {
    std::uint64_t word = 0;
    std::memcpy(&word, payload, sizeof(word));
    const Tick tick = Tick::unpack(word, last_);
    last_ = tick.sequence;
    arrival.stamp = stamp;
    arrival.sequence = tick.sequence;
    arrival.scheduled = true;
    arrival.late_ns = static_cast<std::uint64_t>(to_ns(tick.late_cycles, hz_));
    arrival.missed = tick.late_cycles < period_cycles_
                         ? 0
                         : tick.late_cycles / period_cycles_;
  }

 private:
  std::uint64_t hz_;
  std::uint64_t period_cycles_;
  std::uint64_t last_ = ~std::uint64_t{0};  // the first is 0
};

}  // namespace hft::bench
