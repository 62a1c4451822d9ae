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
#include <utility>
#include <vector>

#include "hft/consumer.hpp"

namespace hft {

/// Not thread-safe. Of the records that are published when it looks it gives
/// the one with the earliest stamp; of equal stamps that of the first ring.
/// What a producer stamps earlier and publishes later comes later: rings of
/// CPUs that stamp right before they publish are in order but for such races.
/// The rings' clocks have to be one. A look costs a look at each ring.
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
    const hft_record* earliest = nullptr;
    for (std::size_t i = 0; i < consumers_.size(); ++i) {
      const hft_record* record = consumers_[i].try_read();
      if (record != nullptr &&
          (earliest == nullptr || record->stamp < earliest->stamp)) {
        earliest = record;
        ring_ = i;
      }
    }
    return earliest;
  }

  /// Done with what try_read() gave last.
  void release() noexcept { consumers_[ring_].release(); }

  /// The index of the ring that it came from.
  [[nodiscard]] std::size_t ring() const noexcept { return ring_; }

 private:
  std::vector<KernelConsumer> consumers_;
  std::size_t ring_ = 0;
};

}  // namespace hft
