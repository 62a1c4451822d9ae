// SPDX-License-Identifier: MIT
// hft_record: a stamp, a type, and a payload of any length up to the slot's.
//
//   hft::Consumer<hft_record> consumer = ring.consumer();
//   if (const hft_record* record = consumer.try_read()) {
//     decode(record->type, hft::payload(*record, ring.info().slot_size));
//   }
#pragma once

#include <hft/abi.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace hft {

/// Bytes of payload that a slot of this size has room for: 40 to 4,072.
constexpr std::size_t payload_max(std::size_t slot_size) noexcept {
  assert(slot_size >= HFT_SLOT_SIZE_MIN);
  return slot_size - HFT_SLOT_HEADER - HFT_RECORD_HEADER;
}

/// The payload as far as it is there: record.length bytes, or what fits when
/// the record is flagged HFT_RECORD_TRUNCATED. Never beyond the slot, whatever
/// record.length says.
inline std::span<const std::byte> payload(const hft_record& record,
                                          std::size_t slot_size) noexcept {
  return {reinterpret_cast<const std::byte*>(&record) + HFT_RECORD_HEADER,
          std::min<std::size_t>(record.length, payload_max(slot_size))};
}

/// Fill in a record that a slot of this size holds: later lines before the
/// first, as Producer does. Orders nothing: publishing does. `stamp` is in
/// ticks of the ring's clock, hft_info.clock_hz a second.
inline void fill_record(hft_record& record, std::size_t slot_size,
                        std::uint64_t stamp, std::uint16_t type,
                        std::span<const std::byte> bytes) noexcept {
  constexpr std::size_t kInFirstLine = sizeof(hft_record::payload);
  auto* const out = reinterpret_cast<std::byte*>(&record) + HFT_RECORD_HEADER;
  const std::size_t length = std::min(bytes.size(), payload_max(slot_size));
  // The first half is in the second, and all that GCC 12 sees at -O1 with
  // sanitizers: without, it warns of an overrun for a small object.
  if (bytes.size() > kInFirstLine && length > kInFirstLine) {
    std::memcpy(out + kInFirstLine, bytes.data() + kInFirstLine,
                length - kInFirstLine);
  }
  if (length > 0) {
    std::memcpy(out, bytes.data(), std::min(length, kInFirstLine));
  }
  record.stamp = stamp;
  record.length = static_cast<std::uint32_t>(bytes.size());
  record.type = type;
  record.flags = length < bytes.size() ? HFT_RECORD_TRUNCATED : 0;
}

}  // namespace hft
