// SPDX-License-Identifier: MIT
// One thread that consumes several rings as one, in the order of their stamps.
//
//   hft::Merger merger;
//   for (hft::Attached& ring : rings) merger.add(ring.consumer());
//   while (const hft_record* record = merger.try_read()) {
//     react(*record, merger.ring());
//     merger.release();
//   }
#pragma once

#include <hft/abi.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "hft/consumer.hpp"
#include "hft/detail/earliest.hpp"
#include "hft/detail/wait_all.hpp"

namespace hft {

/// Not thread-safe. Gives the record with the earliest stamp: none that had
/// been published when it was seen is earlier. Earliest says when that is, and
/// why it holds. What a producer stamps earlier and publishes later, because it
/// is interrupted between the two, comes later, and is counted. The clocks of
/// the rings have to be one clock. While records wait, one costs about the same
/// however many other rings are empty; when none waits, a call looks at each
/// ring once.
class Merger {
 public:
  /// Returns the index by which ring() will name it: 0, 1, … Throws
  /// std::bad_alloc.
  std::size_t add(KernelConsumer consumer) {
    return rings_.add(std::move(consumer));
  }

  /// The next record, or nullptr when no ring has one. It stays valid until
  /// release(), and calling this again before returns the same record, even if
  /// an earlier one has been published since: that one comes next, and is
  /// counted.
  [[nodiscard]] const hft_record* try_read() noexcept {
    return rings_.try_read();
  }

  /// Done with the record that try_read() gave.
  void release() noexcept {
    const std::uint64_t stamp = rings_.stamp();
    if (stamp < latest_) {
      ++out_of_order_;
    } else {
      latest_ = stamp;
    }
    rings_.release();
  }

  /// As Poller::prepare_wait(), and finish_wait(): to wait for the wake_fd() of
  /// every ring. False also while a record that try_read() gave has not been
  /// released.
  [[nodiscard]] bool prepare_wait() {
    return prepare_wait_all(
        size(), [this](std::size_t ring) -> auto& { return rings_[ring]; });
  }
  void finish_wait() noexcept {
    finish_wait_all(
        size(), [this](std::size_t ring) -> auto& { return rings_[ring]; });
  }

  [[nodiscard]] std::size_t size() const noexcept { return rings_.size(); }
  /// For its position or wake_fd(). `ring` is less than size().
  [[nodiscard]] const KernelConsumer& consumer(
      std::size_t ring) const noexcept {
    return rings_[ring];
  }

  /// The index of the ring that it came from.
  [[nodiscard]] std::size_t ring() const noexcept { return rings_.ring(); }

  /// Records released that are stamped earlier than one released before them.
  [[nodiscard]] std::uint64_t out_of_order() const noexcept {
    return out_of_order_;
  }

 private:
  Earliest<KernelConsumer> rings_;
  std::uint64_t latest_ = 0;  // stamp released
  std::uint64_t out_of_order_ = 0;
};

}  // namespace hft
