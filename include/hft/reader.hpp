// SPDX-License-Identifier: MIT
// A reader of a ring in overwrite mode: any number of them, each read-only.
//
//   hft::Reader<Quote> reader = ring.reader();
//   Quote quote;
//   while (reader.try_read(quote)) react(quote);
//   report(reader.lapped());
#pragma once

#include <hft/abi.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "hft/detail/ends.hpp"
#include "hft/detail/layout.hpp"
#include "hft/detail/recover.hpp"
#include "hft/detail/words.hpp"
#include "hft/stop.hpp"
#include "hft/wait.hpp"

namespace hft {

/// Where a reader begins.
enum class StartAt {
  kNext,    // with the record that is published next
  kOldest,  // with the oldest that may still be there
};

/// Not thread-safe: one thread a reader. Writes nothing, never throws, makes no
/// system call. A record is copied, and the copy kept only if the slot still
/// holds the same lap (a seqlock; Boehm, MSPC 2012): torn records are never
/// accepted, and what was overwritten is counted exactly, by position:
/// where it began + read + lapped() + discarded() = position().
///
/// Memory order: what the producer did before it published a record happens
/// before the return of the call that copied it.
template <Record T = hft_record, Policy P = Latency>
class Reader {
 public:
  /// `end` is of a validated ring in overwrite mode; its mappings outlive this.
  /// Ring::reader() checks. Reads all slots, to find the newest.
  explicit Reader(const ConsumerEnd& end, StartAt start = StartAt::kNext)
      : Reader(end, first_position(end, start)) {}

  /// Begin with `position`: what of it is gone counts as lapped.
  Reader(const ConsumerEnd& end, std::uint64_t position) noexcept
      : cursor_(*end.info, end.slots, position),
        capacity_(capacity_of(*end.info)) {}

  /// Copy the next record to `out`. False when none is published. Skips what
  /// was overwritten, and counts it. Of an hft_record this is the header and
  /// the first 40 bytes of payload. After false `out` may hold a torn copy.
  [[nodiscard]] bool try_read(T& out) noexcept {
    return read_kept(out, [&] { load_words(cursor_.record(), out); });
  }

  /// Copy the next records, in order; how many.
  [[nodiscard]] std::size_t try_read(std::span<T> out) noexcept {
    std::size_t done = 0;
    while (done < out.size() && try_read(out[done])) {
      ++done;
    }
    return done;
  }

  /// Copy the next record with as much of its payload as `more` has room for
  /// beyond the first 40 bytes; whole words.
  [[nodiscard]] bool try_read(T& out, std::span<std::uint64_t> more) noexcept
      requires std::same_as<T, hft_record> {
    return read_kept(out, [&] {
      load_words(cursor_.record(), out);
      const std::size_t words =
          std::min(more.size(), (cursor_.slot_size() - HFT_CACHE_LINE) /
                                    sizeof(std::uint64_t));
      const auto* const from = reinterpret_cast<const std::uint64_t*>(
          cursor_.slot() + HFT_CACHE_LINE);
      for (std::size_t i = 0; i < words; ++i) {
        load_words(from + i, more[i]);
      }
    });
  }

  /// Copy the next record, waiting for it by the policy. A producer in
  /// overwrite mode wakes no one: no sleeping policies.
  template <WaitPolicy W>
  requires(!SleepingPolicy<W>) void read(T& out, W& wait) noexcept {
    static_cast<void>(read(out, wait, [] { return false; }));
  }
  /// The same. False once `stop` says so, whether a record is there or not;
  /// `out` may then hold a torn copy.
  template <WaitPolicy W, StopCondition S>
  requires(!SleepingPolicy<W>)
      [[nodiscard]] bool read(T& out, W& wait, const S& stop) noexcept {
    if (stops_first(stop)) {
      return false;
    }
    while (!try_read(out)) {
      if (is_stopped(stop)) {
        return false;
      }
      wait.rest();
    }
    wait.found();
    return true;
  }
  /// The same, until a time.
  template <WaitPolicy W>
  requires(!SleepingPolicy<W>)
      [[nodiscard]] bool read_until(T& out, W& wait,
                                    Deadline::Clock::time_point time) noexcept {
    return read(out, wait, Deadline(time));
  }
  /// The same, for a while; 0 looks once.
  template <WaitPolicy W>
  requires(!SleepingPolicy<W>)
      [[nodiscard]] bool read_for(T& out, W& wait,
                                  std::chrono::nanoseconds longest) noexcept {
    return read(out, wait, Deadline(longest));
  }

  /// Records that were overwritten before they were read; exact.
  [[nodiscard]] std::uint64_t lapped() const noexcept { return lapped_; }

  /// Records that their producer had given up, which were skipped. Only kernel
  /// rings have such.
  [[nodiscard]] std::uint64_t discarded() const noexcept { return discarded_; }

  /// Position of the next record.
  [[nodiscard]] std::uint64_t position() const noexcept {
    return cursor_.position();
  }

 private:
  using Place = Cursor<T, P, const std::byte>;

  static std::uint64_t first_position(const ConsumerEnd& end,
                                      StartAt start) noexcept {
    return start == StartAt::kNext
               ? first_unpublished(end)
               : oldest_beside(recover_position(*end.info, end.slots),
                               capacity_of(*end.info));
  }

  // The slot that shows `published` was overwritten; what followed it a lap
  // ago is the oldest that may be intact.
  static std::uint64_t oldest_beside(std::uint64_t published,
                                     std::uint64_t capacity) noexcept {
    constexpr std::uint64_t kPerSlot = Place::kRecordsPerSlot;
    const std::uint64_t slot_end =
        (published + kPerSlot - 1) / kPerSlot * kPerSlot;
    return slot_end > capacity ? slot_end - capacity : 0;
  }

  [[nodiscard]] bool of_this_lap(std::uint64_t published) const noexcept {
    return published - cursor_.position() - 1 < cursor_.left_in_slot();
  }

  // The next record that its producer has not given up.
  template <class Copy>
  bool read_kept(const T& copied, const Copy& copy) noexcept {
    if constexpr (std::same_as<T, hft_record>) {
      while (read_by(copy)) {
        if ((copied.flags & HFT_RECORD_DISCARDED) == 0) {
          return true;
        }
        ++discarded_;
      }
      return false;
    } else {
      return read_by(copy);
    }
  }

  template <class Copy>
  bool read_by(const Copy& copy) noexcept {
    for (;;) {
      // Acquire pairs with OverwriteProducer::publish's release: the record is
      // there (model: "each accepted record is whole and in its place").
      const std::uint64_t seen =
          __atomic_load_n(cursor_.published(), __ATOMIC_ACQUIRE);
      if (seen <= cursor_.position()) {
        return false;
      }
      if (of_this_lap(seen)) {
        copy();
        // After the words' acquire loads; pairs with the producer's mark, 0
        // (model: the same property).
        if (of_this_lap(
                __atomic_load_n(cursor_.published(), __ATOMIC_RELAXED))) {
          cursor_.advance();
          return true;
        }
      }
      skip(seen);
    }
  }

  void skip(std::uint64_t seen) noexcept {
    const std::uint64_t oldest =
        std::max(cursor_.position() + 1, oldest_beside(seen, capacity_));
    lapped_ += oldest - cursor_.position();
    cursor_.move_to(oldest);
  }

  Place cursor_;
  std::uint64_t capacity_;  // records
  std::uint64_t lapped_ = 0;
  std::uint64_t discarded_ = 0;
};

}  // namespace hft
