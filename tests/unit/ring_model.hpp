// SPDX-License-Identifier: MIT
// A producer in user space with the driver's publication protocol, to drive the
// consumer library without a kernel.
#pragma once

#include <hft/abi.h>

#include <cstring>
#include <vector>

#include "hft/slots.hpp"

namespace hft::test {

/// Publishes records whose payload is their position, word by word atomically,
/// so that sanitizers judge the library and not this.
class RingModel {
 public:
  RingModel(hft_mode mode, std::uint32_t slots) : mode_(mode), slots_(slots) {}

  [[nodiscard]] Slots view() const {
    return {slots_.data(), sizeof(hft_slot),
            static_cast<std::uint32_t>(slots_.size())};
  }
  [[nodiscard]] hft_consumer_page* consumer() { return &consumer_; }

  /// False when full, in drop mode.
  bool publish() {
    if (mode_ == HFT_MODE_DROP &&
        pos_ - __atomic_load_n(&consumer_.consumer_pos, __ATOMIC_ACQUIRE) >=
            slots_.size()) {
      return false;
    }
    hft_slot& slot = slots_[pos_ & (slots_.size() - 1)];
    if (mode_ == HFT_MODE_OVERWRITE) {
      __atomic_store_n(&slot.published, 0, __ATOMIC_RELAXED);
    }
    auto* words = reinterpret_cast<std::uint64_t*>(slot.record.payload);
    for (std::size_t i = 0; i < kWords; ++i) {
      // Release, after the mark: pairs with the reader's acquire loads of the
      // words, as the driver's smp_wmb() does.
      __atomic_store_n(words + i, pos_, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&slot.published, ++pos_, __ATOMIC_RELEASE);
    return true;
  }

  /// The position that a record carries; UINT64_MAX when its words disagree.
  static std::uint64_t position_of(const hft_record& record) {
    const auto* words = reinterpret_cast<const std::uint64_t*>(record.payload);
    const std::uint64_t first = __atomic_load_n(words, __ATOMIC_RELAXED);
    for (std::size_t i = 1; i < kWords; ++i) {
      if (__atomic_load_n(words + i, __ATOMIC_RELAXED) != first) {
        return UINT64_MAX;
      }
    }
    return first;
  }

 private:
  static constexpr std::size_t kWords = sizeof(hft_record::payload) / 8;

  hft_mode mode_;
  std::vector<hft_slot> slots_;
  hft_consumer_page consumer_{};
  std::uint64_t pos_ = 0;
};

}  // namespace hft::test
