// SPDX-License-Identifier: MIT
// Sleeping in the kernel until the producer wakes us.
//
//   consumer: waiting = 1; order_producers(); look again; sleep_until_woken();
//   producer: publish; waker.order(); if (waiting != 0) wake();
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

/// How a producer orders its publication before its look at `waiting`. A value;
/// each producer has its own.
struct Waker {
  /// The kernel runs a full fence here whenever a consumer asks it to.
  bool fenced_by_consumer = false;

  /// Pairs with the consumer's order_producers(): a fence of the compiler here,
  /// or a full one (model: "no consumer sleeps while a record is published").
  void order() const noexcept {
    if (fenced_by_consumer) [[likely]] {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      // GCC refuses std::atomic_thread_fence under ThreadSanitizer.
      __sync_synchronize();
    }
  }
};

/// Register this process with membarrier(2), once. Where the kernel refuses
/// (before 4.16, or seccomp) the producer fences for itself. Thread-safe.
Waker prepare_to_wake() noexcept;

/// A full fence here and on every running producer whose process has
/// registered; pairs with Waker::order(). Thread-safe. Throws std::system_error
/// when the kernel refuses: such a consumer cannot sleep.
void order_producers();

/// Sleep until woken, at most `longest`; returns at once unless
/// page->waiting is still 1. May return early, and orders nothing.
void sleep_until_woken(hft_consumer_page* page,
                       std::chrono::nanoseconds longest) noexcept;

/// The same of a producer that signals an eventfd, which is reset. Sleeps even
/// if page->waiting is 0: then it has been signalled, or is about to be.
void sleep_until_signalled(int eventfd,
                           std::chrono::nanoseconds longest) noexcept;

/// Take back the request and wake whoever made it; counts it in `counters`. By
/// the one producer; a system call unless the request was taken back before.
void wake(hft_consumer_page* page, hft_producer_page* counters) noexcept;

}  // namespace hft
