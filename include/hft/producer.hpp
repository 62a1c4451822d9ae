// SPDX-License-Identifier: MIT
// The producer of a ring in drop mode: lossless until the ring is full.
//
//   hft::Producer<Tick> producer = ring.producer();
//   producer.try_publish({price, quantity});   // false: dropped and counted
//   if (Tick* tick = producer.reserve()) {     // the same without a copy
//     fill(*tick);
//     producer.publish();
//   }
#pragma once

#include <hft/abi.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "hft/cpu.hpp"
#include "hft/detail/ends.hpp"
#include "hft/detail/layout.hpp"
#include "hft/detail/owner.hpp"
#include "hft/detail/recover.hpp"
#include "hft/detail/wake.hpp"
#include "hft/record.hpp"
#include "hft/stop.hpp"
#include "hft/wait.hpp"

namespace hft {

/// Not thread-safe: one thread produces. Nothing here throws, blocks or makes a
/// system call, but for waking a consumer that asked to be woken.
///
/// A slot publishes itself (FastForward, Giacomoni et al., PPoPP 2008), and the
/// consumer's position is cached (MCRingBuffer, Lee et al., IPDPS 2010;
/// Lamport's ring of 1977 reads it each time, B-Queue, Wang et al., 2013,
/// probes slots instead): a record costs the transfer of its own line and of no
/// other.
///
/// Memory order: what this thread did before a publication happens before what
/// the consumer does with the record. Room says nothing of what else the
/// consumer did.
///
/// offered = published + dropped, always: each call that offers a record either
/// publishes it or counts it as dropped. What waits for room drops nothing.
template <Record T, Policy P = Latency>
class Producer {
 public:
  /// Continues where the slots say that the last producer stopped, if there was
  /// one. `end` is of a validated ring in drop mode; its mappings outlive this.
  /// `claim` keeps others out for as long as this lives. At most one system
  /// call, to register with membarrier(2). Ring::producer() checks and claims.
  explicit Producer(const ProducerEnd& end, Claim claim = {}) noexcept
      : cursor_(*end.info, end.slots, recover_position(*end.info, end.slots)),
        capacity_(capacity_of(*end.info)),
        page_(end.page),
        consumer_(end.consumer),
        dropped_(__atomic_load_n(&end.page->dropped, __ATOMIC_RELAXED)),
        waker_(end),
        claim_(std::move(claim)) {
    assert(end.info->mode == HFT_MODE_DROP);
    look_at_consumer();
    tell_monitors();
  }

  /// Offer one record. False: the ring is full, the record is dropped.
  bool try_publish(const T& record) noexcept
      requires(!std::same_as<T, hft_record>) {
    T* to = reserve();
    if (to == nullptr) {
      return false;
    }
    copy_first_line_last(record, to);
    publish();
    return true;
  }

  /// Offer a record of `length` bytes of payload. What the slot has no room for
  /// is cut off and flagged HFT_RECORD_TRUNCATED; record.length stays true.
  bool try_publish(std::uint64_t stamp, std::uint16_t type,
                   std::span<const std::byte> payload) noexcept requires
      std::same_as<T, hft_record> {
    hft_record* to = reserve();
    if (to == nullptr) {
      return false;
    }
    fill_record(*to, cursor_.slot_size(), stamp, type, payload);
    publish();
    return true;
  }

  /// Offer records in order; how many were published. The rest is dropped.
  template <RecordsOf<T> Several>
  std::size_t try_publish(const Several& several) noexcept
      requires(!std::same_as<T, hft_record>) {
    const std::span<const T> records(several);
    std::size_t done = 0;
    while (done < records.size()) {
      const std::span<T> room = reserve_some(records.size() - done);
      if (room.empty()) {
        drop(records.size() - done);
        break;
      }
      std::copy_n(records.begin() + static_cast<std::ptrdiff_t>(done),
                  room.size(), room.begin());
      publish(room.size());
      done += room.size();
    }
    return done;
  }

  /// Publish, waiting for room by the policy: nothing is dropped. Never sleeps
  /// in the kernel; waits for ever for a consumer that is gone.
  template <WaitPolicy W>
  void publish_when_room(const T& record, W& wait) noexcept
      requires(!std::same_as<T, hft_record>) {
    publish_when_room(record, wait, [] { return false; });
  }
  template <WaitPolicy W>
  void publish_when_room(std::uint64_t stamp, std::uint16_t type,
                         std::span<const std::byte> payload, W& wait) noexcept
      requires std::same_as<T, hft_record> {
    publish_when_room(stamp, type, payload, wait, [] { return false; });
  }

  /// The same. False once `stop` says so, whether there is room or not: the
  /// record was neither published nor counted as dropped, and may be offered
  /// again.
  template <WaitPolicy W, StopCondition S>
  bool publish_when_room(const T& record, W& wait, const S& stop) noexcept
      requires(!std::same_as<T, hft_record>) {
    if (!wait_for_room(wait, stop)) {
      return false;
    }
    copy_first_line_last(record, cursor_.record());
    publish();
    return true;
  }
  template <WaitPolicy W, StopCondition S>
  bool publish_when_room(
      std::uint64_t stamp, std::uint16_t type,
      std::span<const std::byte> payload, W& wait,
      const S& stop) noexcept requires std::same_as<T, hft_record> {
    if (!wait_for_room(wait, stop)) {
      return false;
    }
    fill_record(*cursor_.record(), cursor_.slot_size(), stamp, type, payload);
    publish();
    return true;
  }

  /// The same, until a time; for a while, 0 to look once. What comes before the
  /// policy is what publish_when_room() takes there.
  template <WaitPolicy W>
  bool publish_until(const T& record, W& wait,
                     Deadline::Clock::time_point time) noexcept
      requires(!std::same_as<T, hft_record>) {
    return publish_when_room(record, wait, Deadline(time));
  }
  template <WaitPolicy W>
  bool publish_until(std::uint64_t stamp, std::uint16_t type,
                     std::span<const std::byte> payload, W& wait,
                     Deadline::Clock::time_point time) noexcept requires
      std::same_as<T, hft_record> {
    return publish_when_room(stamp, type, payload, wait, Deadline(time));
  }
  template <WaitPolicy W>
  bool publish_for(const T& record, W& wait,
                   std::chrono::nanoseconds longest) noexcept
      requires(!std::same_as<T, hft_record>) {
    return publish_when_room(record, wait, Deadline(longest));
  }
  template <WaitPolicy W>
  bool publish_for(std::uint64_t stamp, std::uint16_t type,
                   std::span<const std::byte> payload, W& wait,
                   std::chrono::nanoseconds longest) noexcept requires
      std::same_as<T, hft_record> {
    return publish_when_room(stamp, type, payload, wait, Deadline(longest));
  }

  /// Offer one record, to be filled in place: the record of the next position,
  /// or nullptr when the ring is full: dropped. Call publish() next: until then
  /// the offer is neither published nor dropped, and another gives the same.
  [[nodiscard]] T* reserve() noexcept {
    if (has_room()) [[likely]] {
      return cursor_.record();
    }
    drop(1);
    return nullptr;
  }

  /// Room for up to `most` records in a row, to be filled in place: as many as
  /// the slot has left. Empty when the ring is full: nothing is dropped, so
  /// that a caller may try again. Call publish(n) next, with n up to its size.
  [[nodiscard]] std::span<T> reserve_some(std::size_t most) noexcept {
    if (!has_room()) {
      return {};
    }
    const std::uint64_t room = std::min<std::uint64_t>(
        cursor_.left_in_slot(), limit_ - cursor_.position());
    return {cursor_.record(), std::min<std::size_t>(most, room)};
  }

  /// Publish what reserve() or reserve_some() gave and the caller has filled;
  /// `count` is 1 to what was given.
  void publish(std::size_t count = 1) noexcept {
    assert(count >= 1 && count <= limit_ - cursor_.position() &&
           count <= cursor_.left_in_slot());
    // Release pairs with the acquire in Consumer::poll: the record is there
    // before its position is (model: "each record arrives whole and in its
    // place").
    __atomic_store_n(cursor_.published(), cursor_.position() + count,
                     __ATOMIC_RELEASE);
    if constexpr (P::kOwnAndDemote) {
      for (std::size_t line = 0; line < cursor_.lines(); ++line) {
        demote_line(cursor_.slot() + line * HFT_CACHE_LINE);
      }
    }
    waker_.wake_if_asked();
    const bool next_slot = cursor_.advance(static_cast<std::uint32_t>(count));
    if constexpr (P::kLinesAhead > 0) {
      if (next_slot) {
        fetch_lines(cursor_.slot_ahead(P::kLinesAhead), cursor_.lines());
        tell_monitors();
      }
    } else {
      tell_monitors();
    }
  }

  /// Whether the next record would be published. Drops nothing.
  [[nodiscard]] bool has_room() noexcept {
    return cursor_.position() != limit_ || look_at_consumer();
  }

  /// Position of the next record: how many were ever published.
  [[nodiscard]] std::uint64_t position() const noexcept {
    return cursor_.position();
  }
  /// Records dropped since the ring was made.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  // Later lines before the first, which holds `published`: the consumer polls
  // that one and fetches the others meanwhile, so they must not change last.
  static void copy_first_line_last(const T& from, T* to) noexcept {
    constexpr std::size_t kInFirstLine = HFT_CACHE_LINE - HFT_SLOT_HEADER;
    if constexpr (!P::kPacked && sizeof(T) > kInFirstLine) {
      const auto* bytes = reinterpret_cast<const std::byte*>(&from);
      auto* out = reinterpret_cast<std::byte*>(to);
      std::memcpy(out + kInFirstLine, bytes + kInFirstLine,
                  sizeof(T) - kInFirstLine);
      compiler_barrier();
      std::memcpy(out, bytes, kInFirstLine);
    } else {
      std::memcpy(to, &from, sizeof(T));
    }
  }

  // The consumer page is hostile: read once, and only as a count of records in
  // flight. One that no honest consumer could have written means a full ring:
  // whoever wrote it loses records, the producer nothing.
  bool look_at_consumer() noexcept {
    // Acquire pairs with Consumer::flush's release: it has read what we, or who
    // produced before us, gave it, and we are about to write over (model: "no
    // record is overwritten while it is read").
    const std::uint64_t released =
        __atomic_load_n(&consumer_->consumer_pos, __ATOMIC_ACQUIRE);
    const std::uint64_t in_flight =
        std::min(cursor_.position() - released, capacity_);
    limit_ = cursor_.position() + (capacity_ - in_flight);
    return in_flight < capacity_;
  }

  void drop(std::uint64_t count) noexcept {
    dropped_ += count;
    __atomic_store_n(&page_->dropped, dropped_, __ATOMIC_RELAXED);
    tell_monitors();
  }

  void tell_monitors() noexcept {
    __atomic_store_n(&page_->producer_pos, cursor_.position(),
                     __ATOMIC_RELAXED);
  }

  template <WaitPolicy W, StopCondition S>
  bool wait_for_room(W& wait, const S& stop) noexcept {
    if (stops_first(stop)) {
      return false;
    }
    while (!has_room()) {
      if (is_stopped(stop)) {
        return false;
      }
      wait.rest();
    }
    wait.found();
    return true;
  }

  Cursor<T, P, std::byte> cursor_;
  std::uint64_t limit_ = 0;  // position at which the ring seems full
  std::uint64_t capacity_;   // records
  hft_producer_page* page_;
  hft_consumer_page* consumer_;
  std::uint64_t dropped_;
  Waker waker_;
  Claim claim_;
};

}  // namespace hft
