// SPDX-License-Identifier: MIT
// The one consumer of a ring in drop mode: zero copy, no system call.
//
//   hft::Consumer<Tick> consumer = ring.consumer();
//   while (const Tick* tick = consumer.try_read()) {
//     react(*tick);
//     consumer.release();
//   }
#pragma once

#include <hft/abi.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "hft/cpu.hpp"
#include "hft/detail/ends.hpp"
#include "hft/detail/layout.hpp"
#include "hft/detail/owner.hpp"
#include "hft/detail/wake.hpp"
#include "hft/stop.hpp"
#include "hft/wait.hpp"

namespace hft {

/// Move-only. Not thread-safe: one thread consumes. Polls the slot that the
/// producer will publish next, so that an arriving record costs one cache-line
/// transfer (FastForward, Giacomoni et al., PPoPP 2008). Nothing here throws or
/// makes a system call, but for sleeping where a policy asks for it.
///
/// Memory order: what the producer did before it published a record happens
/// before the return of the call that gave it; what we read of it happens
/// before the producer writes its slot again. Nothing else is ordered.
///
/// The producer learns what was released each quarter of the ring, when the
/// ring is found empty, and when the consumer is destroyed or another is moved
/// over it: a successor begins with the first record that was not released.
/// Only a consumer that is killed leaves up to a quarter of the ring to be read
/// again. flush() tells the producer at once. A child that inherits the
/// consumer by fork() tells it nothing by destroying its copy.
template <Record T = hft_record, Policy P = Latency>
class Consumer {
 public:
  /// Begins at consumer_pos, where the last consumer told that it was. `end` is
  /// of a ring in drop mode, whose info has been validated; its mappings
  /// outlive this. `claim` keeps others out for as long as this lives.
  /// Ring::consumer() and Attached::consumer() check and claim.
  explicit Consumer(const ConsumerEnd& end, Claim claim = {}) noexcept
      : cursor_(*end.info, end.slots, first_position(end)),
        ready_(cursor_.position()),
        released_(cursor_.position()),
        lazy_(std::max<std::uint64_t>(1, capacity_of(*end.info) / 4)),
        page_(end.page),
        process_(process_token()),
        sleeper_(end),
        may_own_(end.slots_writable),
        claim_(std::move(claim)) {}

  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  /// What was moved from may only be destroyed or assigned to.
  Consumer(Consumer&&) noexcept = default;
  Consumer& operator=(Consumer&& other) noexcept {
    if (this != &other) {
      std::destroy_at(this);
      std::construct_at(this, std::move(other));
    }
    return *this;
  }
  /// Inlined always, as Claim's is, so that a consumer can live in registers.
  [[gnu::always_inline]] ~Consumer() {
    if (page_ && released_ != cursor_.position() &&
        process_token() == process_) {
      flush();
    }
  }

  /// The next record, or nullptr when none is published. The record stays
  /// valid until release(). Polling an empty ring gives back all that is owed.
  [[nodiscard]] const T* try_read() noexcept {
    return poll() ? cursor_.record() : nullptr;
  }

  /// The next records that lie in a row, up to `most` and to the end of the
  /// slot; empty when none is published. They stay valid until release(n).
  [[nodiscard]] std::span<const T> try_read_some(std::size_t most) noexcept {
    if (!poll()) {
      return {};
    }
    return {cursor_.record(),
            std::min<std::size_t>(most, ready_ - cursor_.position())};
  }

  /// Done with the first `count` records of what was read: no more than
  /// try_read_some() gave, or the one of try_read(). Told to the producer
  /// later.
  void release(std::size_t count = 1) noexcept {
    assert(count <= ready_ - cursor_.position());
    const bool next_slot = cursor_.advance(static_cast<std::uint32_t>(count));
    owned_ = false;
    if constexpr (P::kNextSlotLines > 0) {
      if (next_slot) {
        fetch_lines(cursor_.slot_ahead(1),
                    std::min<std::size_t>(P::kNextSlotLines, cursor_.lines()));
      }
    }
    if (cursor_.position() - released_ >= lazy_) {
      flush();
    }
  }

  /// Tell the producer now what was released.
  void flush() noexcept {
    // Release pairs with the acquire in Producer::look_at_consumer: our reads
    // of the slots are over (model: "no record is overwritten while it is
    // read").
    __atomic_store_n(&page_->consumer_pos, cursor_.position(),
                     __ATOMIC_RELEASE);
    released_ = cursor_.position();
  }

  /// Give each record that is there now to `handler`, up to `most`, and release
  /// it. Returns how many. Goes on while records come. Should `handler` throw,
  /// what it was given of that slot comes again.
  template <std::invocable<const T&> Handler>
  std::size_t for_each(
      Handler&& handler,
      std::size_t most = std::numeric_limits<std::size_t>::max()) {
    std::size_t done = 0;
    while (done < most) {
      const std::span<const T> records = try_read_some(most - done);
      if (records.empty()) {
        break;
      }
      constexpr std::size_t kSlot = decltype(cursor_)::kRecordsPerSlot;
      if (records.size() == kSlot) [[likely]] {  // a loop of known length
        for (std::size_t i = 0; i < kSlot; ++i) {
          handler(records[i]);
        }
        release(kSlot);
      } else {
        for (const T& record : records) {
          handler(record);
        }
        release(records.size());
      }
      done += records.size();
    }
    return done;
  }

  /// The next record, waiting for it by the policy. It stays valid until
  /// release(). With a SleepingPolicy throws std::system_error where the
  /// producer is a process and the kernel refuses membarrier(2). Where
  /// is_woken() is false a sleeper looks again after SpinThenSleep::longest.
  template <WaitPolicy W>
  [[nodiscard]] const T& read(W& wait) {
    return *read(wait, [] { return false; });
  }
  [[nodiscard]] const T& read() {
    BusySpin wait;
    return read(wait);
  }

  /// The same, or nullptr once `stop` says so, whether a record is there or
  /// not. A sleeping consumer notices after SpinThenSleep::longest at the
  /// latest, and at once when it was a signal to its thread.
  template <WaitPolicy W, StopCondition S>
  [[nodiscard]] const T* read(W& wait, const S& stop) {
    while (!stops_first(stop)) {
      if (const T* record = try_read()) {
        wait.found();
        return record;
      }
      if (is_stopped(stop)) {
        break;
      }
      idle(wait, stop);
    }
    return nullptr;
  }
  /// The same, or nullptr once the time has come and no record is there.
  template <WaitPolicy W>
  [[nodiscard]] const T* read_until(W& wait, Deadline::Clock::time_point time) {
    return read(wait, Deadline(time));
  }
  /// Or once `longest` has passed; 0 looks once.
  template <WaitPolicy W>
  [[nodiscard]] const T* read_for(W& wait, std::chrono::nanoseconds longest) {
    return read(wait, Deadline(longest));
  }

  /// Give every record to `handler` until `stop` says so, and then what was
  /// published before: a ring at most. Notices a stop as read() does, and while
  /// records come each 64 slots. Throws as read() does, and what `handler`
  /// throws.
  template <std::invocable<const T&> Handler, WaitPolicy W, StopCondition S>
  void run(Handler&& handler, W& wait, const S& stop) {
    constexpr std::size_t kMost = 64 * decltype(cursor_)::kRecordsPerSlot;
    while (!is_stopped(stop)) {
      if (for_each(handler, kMost) > 0) {
        wait.found();
      } else {
        idle(wait, stop);
      }
    }
    for_each(handler, cursor_.capacity());
  }

  /// A descriptor for poll(), epoll or io_uring: readable once the producer has
  /// granted what prepare_wait() asked. The same one each time; it closes with
  /// what the ring was attached by. Level-triggered; do not read from it. Bound
  /// the wait as SpinThenSleep::longest does: a producer that is killed between
  /// publishing and waking wakes nobody.
  ///
  ///   epoll_ctl(events, EPOLL_CTL_ADD, consumer.wake_fd(), &event);
  ///   for (;;) {
  ///     consumer.for_each(handler);
  ///     if (!consumer.prepare_wait()) continue;  // another record has come
  ///     epoll_wait(events, …);
  ///     consumer.finish_wait();
  ///   }
  ///
  /// Throws std::logic_error, and says why, for a ring that has none.
  [[nodiscard]] int wake_fd() const { return sleeper_.fd(); }

  /// Before the thread waits for wake_fd(): ask the producer to wake us, once,
  /// and look again. False: a record is there, and nothing is asked. True:
  /// wait, then call finish_wait(). A record that is published after this makes
  /// wake_fd() readable; so may a later one while an earlier one is pending,
  /// which is why nothing may be there after a wake-up. Throws as wake_fd()
  /// does, and as read() does with a SleepingPolicy. On a BPF ring this takes
  /// some 20 ms while a position is reserved and not published.
  [[nodiscard]] bool prepare_wait() {
    static_cast<void>(wake_fd());
    return ask_and_look(HFT_WAITING_FOR_FD);
  }
  /// After the wait, however it ended: wake_fd() is not readable any more.
  void finish_wait() noexcept { sleeper_.withdraw(); }

  /// Whether the producer wakes a consumer that sleeps. False for a ring of
  /// /dev/hft that was attached to without WakeUp::kOnRequest, and for a BPF
  /// ring without a doorbell.
  [[nodiscard]] bool is_woken() const noexcept { return sleeper_.is_woken(); }

  /// Position of the next record.
  [[nodiscard]] std::uint64_t position() const noexcept {
    return cursor_.position();
  }

  /// Every record before this position is published; only while try_read()
  /// gives a record. `known` is what an earlier call returned, or 0. Reads the
  /// first line of each slot from there on, until one is not published or
  /// `most` records are known: it touches at most one line that is yet to be
  /// written. No slot is left out, for of a kernel ring a later one may be
  /// published sooner.
  [[nodiscard]] std::uint64_t published_until(std::uint64_t known,
                                              std::size_t most) const noexcept
      requires(Layout<T, P>::kRecordsPerSlot == 1) {
    assert(ready_ != cursor_.position());
    std::uint64_t until = std::max(known, cursor_.position() + 1);
    const std::size_t lines = cursor_.slot_size() / HFT_CACHE_LINE;
    for (std::uint64_t ahead = until - cursor_.position(); ahead < most;
         ++ahead) {
      // Acquire pairs with Producer::publish's release, as in poll(): looks at
      // other rings come after this one.
      const std::uint64_t published =
          __atomic_load_n(reinterpret_cast<const std::uint64_t*>(
                              cursor_.slot_ahead(ahead * lines)),
                          __ATOMIC_ACQUIRE);
      if (published <= until) {
        break;
      }
      ++until;
    }
    return until;
  }

 private:
  // The page belongs to a mapping.
  struct Borrowed {
    void operator()(hft_consumer_page*) const noexcept {}
  };

  static std::uint64_t first_position(const ConsumerEnd& end) noexcept {
    assert(end.info->mode == HFT_MODE_DROP);
    return __atomic_load_n(&end.page->consumer_pos, __ATOMIC_RELAXED);
  }

  bool poll() noexcept {
    if (cursor_.position() != ready_) {
      return true;
    }
    for (;;) {
      // Acquire pairs with Producer::publish's release: a record whose position
      // is published may be read (model: "each record arrives whole and in its
      // place").
      const std::uint64_t published =
          __atomic_load_n(cursor_.published(), __ATOMIC_ACQUIRE);
      if (published <= cursor_.position()) {
        break;
      }
      ready_ = std::min(published, cursor_.position() + cursor_.left_in_slot());
      if (!is_discarded(*cursor_.record())) [[likely]] {
        return true;
      }
      release();
    }
    found_empty();
    return false;
  }

  // A producer in the kernel may give up a position that it has taken.
  static bool is_discarded(const T& record) noexcept {
    if constexpr (std::same_as<T, hft_record>) {
      return (record.flags & HFT_RECORD_DISCARDED) != 0;
    } else {
      return false;
    }
  }

  void found_empty() noexcept {
    if constexpr (P::kOwnAndDemote) {
      if (may_own_ && !owned_) {
        owned_ = true;
        own_line(cursor_.slot());
      }
      fetch_lines(cursor_.slot() + HFT_CACHE_LINE, cursor_.lines() - 1);
    }
    if constexpr (P::kSlip > 0) {
      slip();
    }
    if (released_ != cursor_.position()) {
      flush();
    }
  }

  // Rest longer as long as a rest is rewarded with more than one record: then
  // the producer is the faster one, and is better left ahead of us. By no more
  // than a ring: it would run into its end while we rest.
  void slip() noexcept {
    const std::uint64_t gained = cursor_.position() - empty_;
    if (gained <= 1) {
      slip_ /= 2;
    } else if (gained < 4 * lazy_) {
      slip_ = std::min(2 * slip_ + 1, P::kSlip);
    }
    empty_ = cursor_.position();
    for (std::uint32_t i = 0; i < slip_; ++i) {
      cpu_pause();
    }
  }

  template <WaitPolicy W, StopCondition S>
  void idle(W& wait, const S& stop) {
    wait.rest();
    if constexpr (SleepingPolicy<W>) {
      if (wait.tired()) {
        std::chrono::nanoseconds longest = wait.longest;
        if constexpr (std::same_as<S, Deadline>) {
          longest = std::min(longest, stop.left());
        }
        sleep(longest);
      }
    }
  }

  // Whether there is nothing to read once we have asked to be woken. Without
  // the second look a record is slept on (model: "no consumer sleeps while a
  // record is published").
  bool ask_and_look(hft_waiting how) {
    sleeper_.ask(how);
    bool found = poll();
    if (!found && sleeper_.has_pending(cursor_.position())) {
      found = poll_for_pending();
    }
    if (found) {
      sleeper_.withdraw();
    }
    return !found;
  }

  // Most programs publish a moment after they have taken their position; some
  // sleep before they do. No record that was published before is overlooked.
  bool poll_for_pending() noexcept {
    constexpr int kLooks = 1000;
    for (int look = 0; look < kLooks; ++look) {
      cpu_pause();
      if (poll()) {
        return true;
      }
    }
    Sleeper::settle();
    return poll();
  }

  void sleep(std::chrono::nanoseconds longest) {
    if (ask_and_look(HFT_WAITING_ASLEEP)) {
      sleeper_.sleep(longest);
      sleeper_.withdraw();
    }
  }

  Cursor<T, P, const std::byte> cursor_;
  std::uint64_t ready_;     // positions before this one may be read
  std::uint64_t released_;  // what the producer knows
  std::uint64_t lazy_;      // records between two flushes under load
  std::unique_ptr<hft_consumer_page, Borrowed> page_;  // null: moved from
  std::uint64_t process_;
  Sleeper sleeper_;
  bool may_own_;
  bool owned_ = false;
  std::uint64_t empty_ = 0;  // position when the ring was last found empty
  std::uint32_t slip_ = 0;   // pauses after an empty poll
  Claim claim_;
};

/// Of a ring of hft_record; for rings of the kernel. See Attached::consumer().
using KernelConsumer = Consumer<hft_record, FromKernel>;

}  // namespace hft
