// SPDX-License-Identifier: MIT
// One thread that consumes many rings, fairly.
//
//   hft::Poller<Tick> poller;
//   poller.add(hft::Ring<Tick>(nyse).consumer());    // ring 0
//   poller.add(hft::Ring<Tick>(nasdaq).consumer());  // ring 1
//   hft::BusySpin wait;
//   for (;;) poller.poll([](std::size_t ring, const Tick& tick) {}, wait);
#pragma once

#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "hft/consumer.hpp"
#include "hft/detail/wait_all.hpp"

namespace hft {

/// Not thread-safe. Looks at every ring in turn and takes at most `budget`
/// records from each, so that a busy ring delays another by no more than that.
/// The turn begins one ring further each time. A look at an idle ring reads one
/// line, which stays in the cache until its producer writes. Records of one
/// ring come in order; between rings there is none.
template <Record T = hft_record, Policy P = Latency>
class Poller {
 public:
  /// `budget`: most records from one ring in a turn, 1 or more.
  explicit Poller(std::size_t budget = 64) noexcept
      : budget_(std::max<std::size_t>(budget, 1)) {}

  /// Returns the index by which the handler will know this ring: 0, 1, … Not
  /// from a handler. Throws std::bad_alloc.
  std::size_t add(Consumer<T, P> consumer) {
    consumers_.push_back(std::move(consumer));
    return consumers_.size() - 1;
  }

  /// One turn: handler(index of the ring, record). Returns how many records.
  /// Throws what the handler throws.
  template <std::invocable<std::size_t, const T&> Handler>
  std::size_t poll(Handler&& handler) {
    std::size_t records = 0;
    const std::size_t count = consumers_.size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t ring =
          first_ + i < count ? first_ + i : first_ + i - count;
      records += consumers_[ring].for_each(
          [&](const T& record) { handler(ring, record); }, budget_);
    }
    first_ = first_ + 1 < count ? first_ + 1 : 0;
    return records;
  }

  /// One turn, and a rest by the policy when there was nothing. No
  /// SleepingPolicy: a futex is that of one ring. Sleep by descriptors instead,
  /// with prepare_wait().
  template <std::invocable<std::size_t, const T&> Handler, WaitPolicy W>
  requires(!SleepingPolicy<W>) std::size_t poll(Handler&& handler, W& wait) {
    const std::size_t records = poll(handler);
    if (records > 0) {
      wait.found();
    } else {
      wait.rest();
    }
    return records;
  }

  /// Before the thread waits for the descriptors of all rings: ask each
  /// producer to wake us, once, and look again. False: a record is there, and
  /// nothing is asked. True: wait until one of them is readable, then call
  /// finish_wait(). One system call a ring; throws as Consumer::prepare_wait()
  /// does.
  ///
  ///   for (std::size_t ring = 0; ring < poller.size(); ++ring) {
  ///     add_to_epoll(events, poller.consumer(ring).wake_fd());
  ///   }
  ///   for (;;) {
  ///     if (poller.poll(handler) > 0 || !poller.prepare_wait()) continue;
  ///     epoll_wait(events, …);
  ///     poller.finish_wait();
  ///   }
  [[nodiscard]] bool prepare_wait() {
    return prepare_wait_all(
        size(), [this](std::size_t ring) -> auto& { return consumers_[ring]; });
  }
  /// After the wait, however it ended: no descriptor is readable any more.
  void finish_wait() noexcept {
    finish_wait_all(
        size(), [this](std::size_t ring) -> auto& { return consumers_[ring]; });
  }

  [[nodiscard]] std::size_t size() const noexcept { return consumers_.size(); }
  /// For its position or wake_fd(), or to flush() it. `ring` is less than
  /// size().
  [[nodiscard]] Consumer<T, P>& consumer(std::size_t ring) noexcept {
    assert(ring < consumers_.size());
    return consumers_[ring];
  }

 private:
  std::vector<Consumer<T, P>> consumers_;
  std::size_t budget_;
  std::size_t first_ = 0;
};

}  // namespace hft
