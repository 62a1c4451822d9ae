// SPDX-License-Identifier: MIT
// How large a ring is: its records, its slots, its mode.
//
//   auto geometry = hft::Geometry::for_records(sizeof(Tick), 16384);
//   hft::Geometry two{.record_size = 56, .slot_size = 128, .slot_count = 64};
//   assert(two.records_per_slot() == 2 && two.capacity() == 128);
//   hft::Region region = hft::Region::create("ticks", geometry);
#pragma once

#include <hft/abi.h>

#include <algorithm>
#include <cstdint>

namespace hft {

inline constexpr std::uint32_t kRecordSizeMax =
    HFT_SLOT_SIZE_MAX - HFT_SLOT_HEADER;

/// The smallest slot that holds a record of this size: 64 * 2^k bytes. More
/// than HFT_SLOT_SIZE_MAX for a record over kRecordSizeMax, which validate()
/// then refuses.
constexpr std::uint32_t default_slot_size(std::uint32_t record_size) noexcept {
  std::uint32_t size = HFT_SLOT_SIZE_MIN;
  while (size <= HFT_SLOT_SIZE_MAX && size - HFT_SLOT_HEADER < record_size) {
    size *= 2;
  }
  return size;
}

/// The smallest slot that holds at least three records of this size, or as many
/// as any slot does. Three share one header and the lines that it is on: with
/// one or two a slot, streaming was up to six times slower between distant
/// CPUs, with more than needed it was slower again.
constexpr std::uint32_t packed_slot_size(std::uint32_t record_size) noexcept {
  std::uint32_t size = default_slot_size(record_size);
  if (record_size <= kRecordSizeMax) {
    const std::uint32_t wanted = std::min(kRecordSizeMax / record_size, 3U);
    while ((size - HFT_SLOT_HEADER) / record_size < wanted) {
      size *= 2;
    }
  }
  return size;
}

/// Of a ring with one record a slot (spread), or with several.
constexpr std::uint32_t slot_size_for(std::uint32_t record_size,
                                      bool spread) noexcept {
  return spread ? default_slot_size(record_size)
                : packed_slot_size(record_size);
}

/// Whatever validate() lets pass; the members below hold for nothing else.
struct Geometry {
  std::uint32_t record_size = 0;  // bytes
  std::uint32_t slot_size = 0;    // bytes, 64 * 2^k
  std::uint32_t slot_count = 0;   // a power of two
  hft_mode mode = HFT_MODE_DROP;
  bool spread = false;       // one record a slot, however many would fit
  std::uint64_t schema = 0;  // of the records: hft/schema.hpp; 0: any

  /// slot_size_for(), and the fewest slots that hold `capacity` records of
  /// `record_size` bytes: the capacity is rounded up. Throws
  /// std::invalid_argument when no ring is that large.
  static Geometry for_records(std::uint32_t record_size, std::uint64_t capacity,
                              hft_mode mode = HFT_MODE_DROP,
                              bool spread = false);

  [[nodiscard]] constexpr std::uint32_t records_per_slot() const noexcept {
    return spread && record_size <= slot_size - HFT_SLOT_HEADER
               ? 1
               : (slot_size - HFT_SLOT_HEADER) / record_size;
  }

  /// In records.
  [[nodiscard]] constexpr std::uint64_t capacity() const noexcept {
    return std::uint64_t{slot_count} * records_per_slot();
  }

  /// Of the slots region: whole pages.
  [[nodiscard]] constexpr std::uint64_t slots_bytes() const noexcept {
    const std::uint64_t bytes = std::uint64_t{slot_size} * slot_count;
    return (bytes + HFT_PAGE - 1) / HFT_PAGE * HFT_PAGE;
  }
};

}  // namespace hft
