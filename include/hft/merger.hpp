// SPDX-License-Identifier: MIT
// One thread that consumes several rings as one, in the order of their stamps.
//
//   hft::Merger merger;
//   for (hft::bpf::Ring& ring : rings) merger.add(ring.consumer());
//   while (const hft_record* record = merger.try_read()) {
//     react(*record, merger.ring());
//     merger.release();
//   }
#pragma once

#include <hft/abi.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "hft/consumer.hpp"
#include "hft/earliest.hpp"

namespace hft {

/// Not thread-safe. Gives the record with the earliest stamp: none that had
/// been published when it was seen is earlier. What a producer stamps earlier
/// and publishes later, because it is interrupted between the two, comes later,
/// and is counted. The rings' clocks have to be one. A look costs a look at
/// each ring, one that finds a record two or more.
class Merger {
 public:
  /// Returns the index by which ring() will name it: 0, 1, … Throws
  /// std::bad_alloc.
  std::size_t add(KernelConsumer consumer) {
    consumers_.push_back(std::move(consumer));
    return consumers_.size() - 1;
  }

  /// The next record, or nullptr when no ring has one. It stays valid until
  /// release(); asked again before, it may give another.
  [[nodiscard]] const hft_record* try_read() noexcept {
    const auto look = [](KernelConsumer& ring) { return ring.try_read(); };
    KernelConsumer* const first = earliest(std::span(consumers_), look);
    if (first == nullptr) {
      return nullptr;
    }
    ring_ = static_cast<std::size_t>(first - consumers_.data());
    return first->try_read();
  }

  /// Done with what try_read() gave last.
  void release() noexcept {
    KernelConsumer& given = consumers_[ring_];
    const std::uint64_t stamp = given.try_read()->stamp;
    if (stamp < latest_) {
      ++out_of_order_;
    } else {
      latest_ = stamp;
    }
    given.release();
  }

  /// The index of the ring that it came from.
  [[nodiscard]] std::size_t ring() const noexcept { return ring_; }

  /// Records released that are stamped earlier than one released before them.
  [[nodiscard]] std::uint64_t out_of_order() const noexcept {
    return out_of_order_;
  }

 private:
  std::vector<KernelConsumer> consumers_;
  std::size_t ring_ = 0;
  std::uint64_t latest_ = 0;  // stamp released
  std::uint64_t out_of_order_ = 0;
};

}  // namespace hft
