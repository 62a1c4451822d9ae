// SPDX-License-Identifier: MIT
#include "hft/validate.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <string>

#include "hft/schema.hpp"

namespace hft {
namespace {

template <typename T>
void expect(bool holds, std::string_view field, std::string_view expected,
            T found) {
  if (!holds) {
    throw InvalidRing(fmt::format("not a usable ring: {} is {:#x}, expected {}",
                                  field, found, expected));
  }
}

template <typename T>
void require(bool holds, std::string_view field, std::string_view expected,
             T found) {
  if (!holds) {
    throw std::invalid_argument(
        fmt::format("{} is {}, expected {}", field, found, expected));
  }
}

bool is_slot_size(std::uint32_t size) {
  return std::has_single_bit(size) && size >= HFT_SLOT_SIZE_MIN &&
         size <= HFT_SLOT_SIZE_MAX;
}

bool is_slot_count(std::uint32_t count) {
  return std::has_single_bit(count) && count >= 2 &&
         count <= HFT_SLOT_COUNT_MAX;
}

bool is_mode(std::uint32_t mode) {
  return mode == HFT_MODE_DROP || mode == HFT_MODE_OVERWRITE;
}

void require_record_size(std::uint32_t record_size) {
  require(record_size >= 1 && record_size <= kRecordSizeMax, "record_size",
          fmt::format("1 to {}: split a larger record, or publish where it is",
                      kRecordSizeMax),
          record_size);
}

}  // namespace

void validate(const hft_info& info) {
  expect(info.magic == HFT_INFO_MAGIC, "magic",
         fmt::format("{:#x}", HFT_INFO_MAGIC), info.magic);
  expect(info.abi_version == HFT_ABI_VERSION, "abi_version",
         fmt::format("{}: build the consumer and the producer from one release",
                     HFT_ABI_VERSION),
         info.abi_version);
  expect(info.info_size >= sizeof(hft_info), "info_size",
         fmt::format("at least {}", sizeof(hft_info)), info.info_size);
  expect(is_slot_size(info.slot_size), "slot_size",
         "a power of two from 64 to 4096", info.slot_size);
  expect(is_slot_count(info.slot_count), "slot_count",
         "a power of two from 2 to 65536", info.slot_count);
  expect(info.record_size >= 1 &&
             info.record_size <= info.slot_size - HFT_SLOT_HEADER,
         "record_size", "1 to slot_size - 8", info.record_size);
  expect(is_mode(info.mode), "mode", "0 (drop) or 1 (overwrite)", info.mode);
  const Geometry geometry{.record_size = info.record_size,
                          .slot_size = info.slot_size,
                          .slot_count = info.slot_count};
  expect(info.records_per_slot == 1 ||
             info.records_per_slot == geometry.records_per_slot(),
         "records_per_slot",
         fmt::format("1 or (slot_size - 8) / record_size, which is {:#x}",
                     geometry.records_per_slot()),
         info.records_per_slot);
  expect(info.slots_bytes == geometry.slots_bytes(), "slots_bytes",
         fmt::format("slot_size * slot_count in whole pages, which is {:#x}",
                     geometry.slots_bytes()),
         info.slots_bytes);
  expect((info.features & ~HFT_FEATURE_SLOTS_WRITABLE) == 0, "features",
         "no bits but 0x1: the ring is of a later release", info.features);
}

void validate_bytes(std::string_view region, std::uint64_t expected,
                    std::uint64_t found) {
  if (found < expected) {
    throw InvalidRing(
        fmt::format("truncated ring: {} has {} bytes, expected {}: remove the "
                    "ring and start its producer again",
                    region, found, expected));
  }
}

void validate(const Geometry& geometry) {
  require_record_size(geometry.record_size);
  require(is_slot_size(geometry.slot_size), "slot_size",
          fmt::format("a power of two from 64 to 4096, of which {} is the "
                      "smallest for records of {} bytes",
                      default_slot_size(geometry.record_size),
                      geometry.record_size),
          geometry.slot_size);
  require(geometry.records_per_slot() >= 1, "slot_size",
          fmt::format("at least {} for records of {} bytes",
                      default_slot_size(geometry.record_size),
                      geometry.record_size),
          geometry.slot_size);
  require(is_slot_count(geometry.slot_count), "slot_count",
          "a power of two from 2 to 65536; Geometry::for_records() rounds a "
          "capacity up to one",
          geometry.slot_count);
  // Not as an hft_mode, which has no other values for the language.
  std::uint32_t mode = 0;
  std::memcpy(&mode, &geometry.mode, sizeof mode);
  require(is_mode(mode), "mode", "HFT_MODE_DROP or HFT_MODE_OVERWRITE", mode);
}

void validate_capacity(std::uint32_t record_size, std::uint64_t capacity,
                       bool spread) {
  require_record_size(record_size);
  const Geometry largest{.record_size = record_size,
                         .slot_size = slot_size_for(record_size, spread),
                         .slot_count = HFT_SLOT_COUNT_MAX,
                         .spread = spread};
  require(capacity >= 1 && capacity <= largest.capacity(), "capacity",
          fmt::format("1 to {} records of {} bytes: 65536 slots of {} bytes",
                      largest.capacity(), record_size, largest.slot_size),
          capacity);
}

void expect_layout(const hft_info& info, std::uint32_t record_size,
                   std::uint32_t slot_size, std::uint32_t records_per_slot) {
  if (info.record_size != record_size || info.slot_size != slot_size ||
      info.records_per_slot != records_per_slot) {
    throw InvalidRing(
        fmt::format("the ring holds other records: {} of {} bytes in a slot of "
                    "{}, expected {} of {} bytes in a slot of {}: use the "
                    "record type and the policy that it was created for",
                    info.records_per_slot, info.record_size, info.slot_size,
                    records_per_slot, record_size, slot_size));
  }
}

void expect_schema(const hft_info& info, std::uint64_t schema) {
  constexpr std::uint64_t kRecord = kSchemaOf<hft_record>;
  // Of the driver and of BPF programs; their info does not say.
  const std::uint64_t found =
      info.producer_kind == HFT_PRODUCER_PROCESS ? info.schema : kRecord;
  if (schema == found || found == 0 || (schema == 0 && found != kRecord)) {
    return;
  }
  const auto name = [](std::uint64_t which) {
    return which == kRecord ? std::string("that of hft_record")
           : which == 0     ? std::string("none")
                            : fmt::format("{:#x}", which);
  };
  throw InvalidRing(
      fmt::format("the ring holds other records: their schema is {}, expected "
                  "{}: use the record type that it was created for",
                  name(found), name(schema)));
}

void expect_mode(const hft_info& info, hft_mode mode) {
  if (info.mode != mode) {
    throw InvalidRing(
        mode == HFT_MODE_DROP
            ? "the ring is in overwrite mode: use overwrite_producer() or "
              "reader(), or observer()"
            : "the ring is in drop mode: use producer() or consumer(), or "
              "observer()");
  }
}

}  // namespace hft
