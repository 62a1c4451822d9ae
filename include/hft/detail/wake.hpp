// SPDX-License-Identifier: MIT
// Sleeping in the kernel until the producer wakes us: the producer's half, and
// the consumer's.
//
//   consumer: sleeper.ask(HFT_WAITING_ASLEEP);
//             if (!look()) sleeper.sleep(longest);
//             sleeper.withdraw();
//   producer: publish(); waker.wake_if_asked();
//
// Each side stores, then loads what the other stored: without an order between
// the two, both could read the old value, and the consumer would sleep on a
// published record (Dekker). A full fence on both sides would make the producer
// pay for every record. So the consumer pays, once a sleep, by membarrier(2)
// where the producer is a process (tests/model/sleep.pml). The driver has a
// fence of its own for each record, but only where a consumer has declared that
// it may sleep (wake.pml). BPF programs have one when they take a position,
// before they fill it: what was taken before the consumer asked, and is not
// published yet, it has to wait out (bell.pml).
#pragma once

#include <hft/abi.h>

#include <atomic>
#include <chrono>
#include <cstdint>

#include "hft/detail/ends.hpp"

namespace hft {

/// A producer's look at whether its consumer waits, after each publication. A
/// value; each producer has its own.
class Waker {
 public:
  /// Of the one producer of a ring, whose pages and doorbell outlive this.
  /// Registers this process with membarrier(2), once: the kernel then runs a
  /// full fence here whenever a consumer asks it to. Where it refuses (before
  /// 4.16, or seccomp) each look fences for itself. Thread-safe.
  explicit Waker(const ProducerEnd& end) noexcept;

  /// Wake the consumer if it has asked for it; a system call only then.
  ///
  /// The fence, of the compiler here, pairs with Sleeper::ask(): what was
  /// published comes before the look (model: "no consumer sleeps while a record
  /// is published"); the look keeps "only a consumer that asked is woken".
  void wake_if_asked() const noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (__atomic_load_n(asked_, __ATOMIC_RELAXED) != 0) [[unlikely]] {
      look_again(page_, counters_, doorbell_);
    }
  }

 private:
  // By value: a Waker can live in registers.
  static void look_again(hft_consumer_page* page, hft_producer_page* counters,
                         int doorbell) noexcept;

  // `waiting`, or, without membarrier(2), a word that is never 0.
  const __u32* asked_;
  hft_consumer_page* page_;
  hft_producer_page* counters_;
  int doorbell_;
};

/// A consumer's requests to be woken. A value; each consumer has its own. Not
/// thread-safe.
class Sleeper {
 public:
  /// Of the one consumer of a ring in drop mode; pages and doorbell outlive
  /// this.
  explicit Sleeper(const ConsumerEnd& end) noexcept
      : page_(end.page),
        producer_page_(end.producer),
        doorbell_(end.doorbell),
        producer_(static_cast<hft_producer_kind>(end.info->producer_kind)) {}

  /// Whether the producer wakes who asks: every process does, a driver or a BPF
  /// program where there is a doorbell.
  [[nodiscard]] bool is_woken() const noexcept {
    return producer_ == HFT_PRODUCER_PROCESS || doorbell_.fd >= 0;
  }
  /// Its descriptor. Throws std::logic_error, and says what to do, where there
  /// is none.
  [[nodiscard]] int fd() const;

  /// Ask to be woken, once. Whatever was published before is seen by a look
  /// after this; whoever publishes later sees the request, but for what
  /// has_pending() tells (model, sleep.pml, wake.pml, bell.pml: "no consumer
  /// sleeps while a record is published"). Throws std::system_error where the
  /// producer is a process and the kernel refuses membarrier(2): such a
  /// consumer cannot sleep.
  void ask(hft_waiting how);

  /// After ask(): whether a BPF program has taken `position`, or a later one,
  /// and may have published it and looked at our request too early, while we do
  /// not see the record yet.
  [[nodiscard]] bool has_pending(std::uint64_t position) const noexcept {
    // Behind ask()'s fence; pairs with the compare-and-exchange in
    // hft_bpf_take(): whoever takes it later sees that we ask.
    return producer_ == HFT_PRODUCER_BPF &&
           __atomic_load_n(&producer_page_->producer_pos, __ATOMIC_ACQUIRE) !=
               position;
  }
  /// Then: have every CPU pass a fence, in some 20 ms. What was published
  /// before is seen by a look after this.
  static void settle() noexcept;

  /// Sleep until woken, at most `longest`; after ask() and another look. May
  /// return early, and orders nothing. Where nobody wakes it lasts `longest`.
  void sleep(std::chrono::nanoseconds longest) const noexcept;

  /// Take back what was asked, and the signals that have come. Before the first
  /// ask(): what a consumer before us has left of either. A producer that has
  /// just granted a request may still signal after this, which costs a wait
  /// that ends with nothing there.
  void withdraw() const noexcept;

 private:
  hft_consumer_page* page_;
  const hft_producer_page* producer_page_;
  Doorbell doorbell_;
  hft_producer_kind producer_;
  bool signalled_ = true;  // what was asked is granted by a signal
};

}  // namespace hft
