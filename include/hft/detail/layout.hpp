// SPDX-License-Identifier: MIT
// Where records lie in slots, and a position kept as counters.
//
//   using Ticks = hft::Layout<Tick, hft::Latency>;
//   static_assert(Ticks::kRecordsPerSlot == 1 && Ticks::kSlotSize == 64);
//   hft::Cursor<Tick, hft::Latency> cursor(info, slots, position);
//   use(cursor.record());
//   cursor.advance();
#pragma once

#include <hft/abi.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "hft/geometry.hpp"
#include "hft/policy.hpp"

namespace hft {

template <class T>
concept FitsInSlot = sizeof(T) <= kRecordSizeMax;

template <class T>
concept AlignedForSlot = alignof(T) <= HFT_SLOT_HEADER;

/// False for a type with a const member or a reference: no copy can be stored
/// over another one.
template <class T>
concept CopiesOverAnother = std::is_copy_assignable_v<T>;

/// What a ring can carry: bytes that mean the same in every process (no
/// pointers to own memory, no virtual functions), at most 4,088 of them,
/// aligned to no more than 8. Wrap what is over-aligned or larger.
template <class T>
concept Record = std::is_trivially_copyable_v<T> && std::is_object_v<T> &&
    CopiesOverAnother<T> && FitsInSlot<T> && AlignedForSlot<T>;

/// Several records in a row: an array, a vector, a span. Not T itself, so that
/// a record may be written as braces: try_publish({price, quantity}).
template <class Several, class T>
concept RecordsOf = !std::same_as<Several, T> &&
                    std::constructible_from<std::span<const T>, const Several&>;

/// The slots of a ring of T: known when compiled.
template <Record T, Policy P>
struct Layout {
  static constexpr std::uint32_t kRecordSize = sizeof(T);
  static constexpr std::uint32_t kSlotSize =
      slot_size_for(sizeof(T), !P::kPacked);
  static constexpr std::uint32_t kRecordsPerSlot =
      P::kPacked ? (kSlotSize - HFT_SLOT_HEADER) / kRecordSize : 1;

  explicit constexpr Layout(const hft_info& /*info*/) noexcept {}
  [[nodiscard]] static constexpr std::size_t slot_size() noexcept {
    return kSlotSize;
  }
};

/// The slots of a ring of hft_record: as large as the ring says, one record in
/// each, whose payload is what the slot has room for.
template <Policy P>
struct Layout<hft_record, P> {
  static constexpr std::uint32_t kRecordsPerSlot = 1;

  explicit constexpr Layout(const hft_info& info) noexcept
      : slot_size_(info.slot_size) {}
  [[nodiscard]] constexpr std::size_t slot_size() const noexcept {
    return slot_size_;
  }

 private:
  std::size_t slot_size_;
};

/// Records that a ring holds.
constexpr std::uint64_t capacity_of(const hft_info& info) noexcept {
  return std::uint64_t{info.slot_count} * info.records_per_slot;
}

/// Where one side of a ring stands. The slot of a position p is floor(p / K)
/// mod slot_count; kept as an offset and an index, so that nothing is divided
/// after construction. Byte is std::byte, const for a side that only reads.
/// Never outside the slots, whatever the position. Not thread-safe; touches no
/// memory but its own: the loads and stores, and their order, are its user's.
template <Record T, Policy P, class Byte>
class Cursor {
 public:
  static constexpr std::uint32_t kRecordsPerSlot =
      Layout<T, P>::kRecordsPerSlot;

  Cursor(const hft_info& info, Byte* slots, std::uint64_t position) noexcept
      : layout_(info),
        slots_(slots),
        mask_(std::size_t{info.slot_size} * info.slot_count - 1) {
    assert(std::has_single_bit(mask_ + 1));
    assert(info.slot_size == layout_.slot_size());
    move_to(position);
  }

  /// Divides: not for the hot path.
  void move_to(std::uint64_t position) noexcept {
    position_ = position;
    index_ = static_cast<std::uint32_t>(position % kRecordsPerSlot);
    offset_ = (position / kRecordsPerSlot * layout_.slot_size()) & mask_;
  }

  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  /// Positions from here to the end of the slot; at least 1.
  [[nodiscard]] std::uint32_t left_in_slot() const noexcept {
    return kRecordsPerSlot - index_;
  }
  [[nodiscard]] bool at_slot_start() const noexcept { return index_ == 0; }

  [[nodiscard]] std::size_t slot_size() const noexcept {
    return layout_.slot_size();
  }
  /// Records that the ring holds. Divides: not for the hot path.
  [[nodiscard]] std::size_t capacity() const noexcept {
    return (mask_ + 1) / layout_.slot_size() * kRecordsPerSlot;
  }
  [[nodiscard]] Byte* slot() const noexcept { return slots_ + offset_; }
  [[nodiscard]] auto* published() const noexcept {
    using Word = std::conditional_t<std::is_const_v<Byte>, const std::uint64_t,
                                    std::uint64_t>;
    return reinterpret_cast<Word*>(slot());
  }
  [[nodiscard]] auto* record() const noexcept {
    using Pointee = std::conditional_t<std::is_const_v<Byte>, const T, T>;
    return reinterpret_cast<Pointee*>(slot() + HFT_SLOT_HEADER +
                                      index_ * sizeof(T));
  }

  /// `count` positions on, 1 to left_in_slot(). Whether that is at the start of
  /// the next slot.
  bool advance(std::uint32_t count = 1) noexcept {
    assert(count <= left_in_slot());
    position_ += count;
    index_ += count;
    if (index_ != kRecordsPerSlot) {
      return false;
    }
    index_ = 0;
    offset_ = (offset_ + layout_.slot_size()) & mask_;
    return true;
  }

  /// Lines of a slot that records reach.
  [[nodiscard]] std::size_t lines() const noexcept {
    if constexpr (std::is_same_v<T, hft_record>) {
      return layout_.slot_size() / HFT_CACHE_LINE;
    } else {
      return (HFT_SLOT_HEADER + sizeof(T) * kRecordsPerSlot + HFT_CACHE_LINE -
              1) /
             HFT_CACHE_LINE;
    }
  }

  /// The slot that is `lines` on, or the next one if slots are longer than
  /// that.
  [[nodiscard]] Byte* slot_ahead(std::size_t lines) const noexcept {
    const std::size_t bytes =
        std::max(lines * HFT_CACHE_LINE, layout_.slot_size());
    return slots_ + ((offset_ + bytes) & mask_);
  }

 private:
  [[no_unique_address]] Layout<T, P> layout_;
  Byte* slots_;
  std::size_t mask_;  // slots region less one: a power of two of bytes
  std::size_t offset_ = 0;
  std::uint64_t position_ = 0;
  std::uint32_t index_ = 0;
};

}  // namespace hft
