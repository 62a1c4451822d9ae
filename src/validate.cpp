// SPDX-License-Identifier: MIT
#include "hft/validate.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <string_view>

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
  expect(std::has_single_bit(info.slot_size) &&
             info.slot_size >= HFT_SLOT_SIZE_MIN &&
             info.slot_size <= HFT_SLOT_SIZE_MAX,
         "slot_size", "a power of two from 64 to 4096", info.slot_size);
  expect(std::has_single_bit(info.slot_count) && info.slot_count >= 2 &&
             info.slot_count <= HFT_SLOT_COUNT_MAX,
         "slot_count", "a power of two from 2 to 65536", info.slot_count);
  expect(info.records_per_slot == 1, "records_per_slot", "1",
         info.records_per_slot);
  expect(info.record_size == info.slot_size - HFT_SLOT_HEADER, "record_size",
         "slot_size - 8", info.record_size);
  const std::uint64_t bytes = std::uint64_t{info.slot_size} * info.slot_count;
  expect(info.slots_bytes == (bytes + HFT_PAGE - 1) / HFT_PAGE * HFT_PAGE,
         "slots_bytes", "slot_size * slot_count in whole pages",
         info.slots_bytes);
  expect(info.mode == HFT_MODE_DROP || info.mode == HFT_MODE_OVERWRITE, "mode",
         "0 (drop) or 1 (overwrite)", info.mode);
}

}  // namespace hft
