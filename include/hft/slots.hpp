// SPDX-License-Identifier: MIT
// Where the slots of an attached ring are, and how many.
//
//   hft::Slots slots{base, info.slot_size, info.slot_count};
//   if (slots.published(pos) > pos) use(slots.record(pos));
#pragma once

#include <hft/abi.h>

#include <cstddef>
#include <cstdint>

namespace hft {

/// A view of a slots region that someone else owns; one record a slot.
/// slot_count is a power of two: hft::validate() has checked it.
class Slots {
 public:
  Slots(const void* base, std::uint32_t slot_size, std::uint32_t slot_count)
      : base_(static_cast<const std::byte*>(base)),
        slot_size_(slot_size),
        mask_(slot_count - 1) {}

  /// Acquire: pairs with the producer's release store of `published`, so that
  /// the record of a published position may be read.
  [[nodiscard]] std::uint64_t published(std::uint64_t pos) const noexcept {
    return __atomic_load_n(&slot(pos).published, __ATOMIC_ACQUIRE);
  }

  /// For the second look of a seqlock reader, after its acquire loads.
  [[nodiscard]] std::uint64_t published_again(
      std::uint64_t pos) const noexcept {
    return __atomic_load_n(&slot(pos).published, __ATOMIC_RELAXED);
  }

  [[nodiscard]] const hft_record& record(std::uint64_t pos) const noexcept {
    return slot(pos).record;
  }

  [[nodiscard]] std::uint32_t count() const noexcept { return mask_ + 1; }
  [[nodiscard]] std::uint32_t record_size() const noexcept {
    return static_cast<std::uint32_t>(slot_size_ - HFT_SLOT_HEADER);
  }

 private:
  [[nodiscard]] const hft_slot& slot(std::uint64_t pos) const noexcept {
    return *reinterpret_cast<const hft_slot*>(base_ +
                                              (pos & mask_) * slot_size_);
  }

  const std::byte* base_;
  std::size_t slot_size_;
  std::uint32_t mask_;
};

}  // namespace hft
