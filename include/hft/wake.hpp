// SPDX-License-Identifier: MIT
// Sleeping in the kernel until the producer wakes us.
//
//   consumer: waiting = 1; order_producers(); look again; sleep_until_woken();
//   producer: publish; waker.wake_if_asked();
//
// Each side stores, then loads what the other stored: without an order between
// the two, both could read the old value, and the consumer would sleep on a
// published record (Dekker). A full fence on both sides would make the producer
// pay for every record; membarrier(2) has the consumer pay, once a sleep
// (tests/model/sleep.pml: without it the lost wake-up is found).
#pragma once

#include <hft/abi.h>

#include <atomic>
#include <chrono>

namespace hft {

/// A producer's look at whether its consumer waits, after each publication. A
/// value; each producer has its own.
class Waker {
 public:
  /// Of the one producer of the ring with these pages, which outlive this.
  /// Registers this process with membarrier(2), once: the kernel then runs a
  /// full fence here whenever a consumer asks it to. Where it refuses (before
  /// 4.16, or seccomp) each look fences for itself. Thread-safe.
  Waker(hft_consumer_page* page, hft_producer_page* counters) noexcept;

  /// Wake the consumer if it has asked for it; a system call only then.
  ///
  /// The fence, of the compiler here, pairs with the consumer's
  /// order_producers(): what was published comes before the look (model: "no
  /// consumer sleeps while a record is published"); the look keeps "only a
  /// consumer that asked is woken".
  void wake_if_asked() const noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (__atomic_load_n(asked_, __ATOMIC_RELAXED) != 0) [[unlikely]] {
      look_again(page_, counters_);
    }
  }

 private:
  // By value: a Waker can live in registers.
  static void look_again(hft_consumer_page* page,
                         hft_producer_page* counters) noexcept;

  // `waiting`, or, without membarrier(2), a word that is never 0.
  const __u32* asked_;
  hft_consumer_page* page_;
  hft_producer_page* counters_;
};

/// A full fence here and on every running producer whose process has
/// registered; pairs with Waker::wake_if_asked(). Thread-safe. Throws
/// std::system_error when the kernel refuses: such a consumer cannot sleep.
void order_producers();

/// Sleep until woken, at most `longest`; returns at once unless
/// page->waiting is still 1. May return early, and orders nothing.
void sleep_until_woken(hft_consumer_page* page,
                       std::chrono::nanoseconds longest) noexcept;

/// The same of a producer that signals an eventfd, which is reset. Sleeps even
/// if page->waiting is 0: then it has been signalled, or is about to be.
void sleep_until_signalled(int eventfd,
                           std::chrono::nanoseconds longest) noexcept;

}  // namespace hft
