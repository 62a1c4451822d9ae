// SPDX-License-Identifier: MIT
#include "hft/validate.hpp"

#include <gmock/gmock.h>

#include <cstring>

namespace hft {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

hft_info good() {
  hft_info info{};
  info.magic = HFT_INFO_MAGIC;
  info.abi_version = HFT_ABI_VERSION;
  info.info_size = sizeof(hft_info);
  info.slot_size = 64;
  info.slot_count = 1024;
  info.record_size = 56;
  info.records_per_slot = 1;
  info.slots_bytes = 65536;
  return info;
}

void expect_refused(const hft_info& info, const char* field) {
  EXPECT_THAT([&] { validate(info); },
              ThrowsMessage<InvalidRing>(HasSubstr(field)));
}

TEST(Validate, AcceptsAGoodRing) { EXPECT_NO_THROW(validate(good())); }

TEST(Validate, AcceptsASmallRingRoundedUpToAPage) {
  hft_info info = good();
  info.slot_count = 2;
  info.slots_bytes = 4096;
  EXPECT_NO_THROW(validate(info));
}

TEST(Validate, AcceptsALongerInfoOfALaterRelease) {
  hft_info info = good();
  info.info_size += 64;
  EXPECT_NO_THROW(validate(info));
}

TEST(Validate, NamesTheFieldThatIsWrong) {
  hft_info info = good();
  info.magic ^= 1;
  expect_refused(info, "magic");
  info = good();
  info.abi_version = 2;
  expect_refused(info, "abi_version");
  info = good();
  info.info_size = 8;
  expect_refused(info, "info_size");
  for (const std::uint32_t size : {0U, 32U, 96U, 8192U}) {
    info = good();
    info.slot_size = size;
    expect_refused(info, "slot_size");
  }
  for (const std::uint32_t count : {0U, 1U, 1000U, 131072U}) {
    info = good();
    info.slot_count = count;
    expect_refused(info, "slot_count");
  }
  info = good();
  info.records_per_slot = 3;
  expect_refused(info, "records_per_slot");
  info = good();
  info.record_size = 64;
  expect_refused(info, "record_size");
  info = good();
  info.slots_bytes = 4096;
  expect_refused(info, "slots_bytes");
  info = good();
  info.mode = 7;
  expect_refused(info, "mode");
  info = good();
  info.features = 2;
  expect_refused(info, "features");
}

TEST(Validate, AcceptsPackedAndSpreadSlots) {
  hft_info info = good();
  info.record_size = 16;
  for (const std::uint32_t per_slot : {1U, 3U}) {
    info.records_per_slot = per_slot;
    EXPECT_NO_THROW(validate(info));
  }
  for (const std::uint32_t per_slot : {0U, 2U, 4U}) {
    info.records_per_slot = per_slot;
    expect_refused(info, "records_per_slot");
  }
  info.record_size = 0;
  expect_refused(info, "record_size");
}

TEST(Validate, AcceptsWritableSlots) {
  hft_info info = good();
  info.features = HFT_FEATURE_SLOTS_WRITABLE;
  EXPECT_NO_THROW(validate(info));
}

TEST(Validate, SaysWhatIsMissingOfATruncatedRegion) {
  EXPECT_NO_THROW(validate_bytes("slots", 65536, 65536));
  EXPECT_NO_THROW(validate_bytes("slots", 65536, 2097152));
  EXPECT_THAT([] { validate_bytes("slots", 65536, 4095); },
              ThrowsMessage<InvalidRing>(
                  HasSubstr("slots has 4095 bytes, expected 65536")));
}

TEST(Geometry, SlotIsTheSmallestThatHoldsARecord) {
  static_assert(default_slot_size(1) == 64);
  static_assert(default_slot_size(56) == 64);
  static_assert(default_slot_size(57) == 128);
  static_assert(default_slot_size(120) == 128);
  static_assert(default_slot_size(121) == 256);
  static_assert(default_slot_size(kRecordSizeMax) == HFT_SLOT_SIZE_MAX);
  static_assert(default_slot_size(kRecordSizeMax + 1) > HFT_SLOT_SIZE_MAX);
  static_assert(default_slot_size(~0U) > HFT_SLOT_SIZE_MAX);
}

TEST(Geometry, PackedSlotIsTheSmallestThatHoldsThreeRecords) {
  static_assert(packed_slot_size(1) == 64);
  static_assert(packed_slot_size(18) == 64);
  static_assert(packed_slot_size(19) == 128);
  static_assert(packed_slot_size(40) == 128);
  static_assert(packed_slot_size(41) == 256);
  static_assert(packed_slot_size(64) == 256);
  static_assert(packed_slot_size(256) == 1024);
  static_assert(packed_slot_size(1362) == 4096);
  // No slot holds three of these, nor two of those.
  static_assert(packed_slot_size(1363) == 4096);
  static_assert(packed_slot_size(2044) == 4096);
  static_assert(packed_slot_size(2045) == 4096);
  static_assert(packed_slot_size(kRecordSizeMax) == HFT_SLOT_SIZE_MAX);
  static_assert(packed_slot_size(kRecordSizeMax + 1) > HFT_SLOT_SIZE_MAX);
}

TEST(Geometry, ThereAreTwoModes) {
  Geometry geometry = Geometry::for_records(16, 1024);
  const std::uint32_t unknown = 7;
  std::memcpy(&geometry.mode, &unknown, sizeof unknown);
  EXPECT_THROW(validate(geometry), std::invalid_argument);
}

TEST(Geometry, CapacityIsRoundedUpToSlots) {
  const Geometry packed = Geometry::for_records(16, 1024);
  EXPECT_EQ(packed.slot_size, 64U);
  EXPECT_EQ(packed.records_per_slot(), 3U);
  EXPECT_EQ(packed.slot_count, 512U);
  EXPECT_EQ(packed.capacity(), 1536U);
  EXPECT_EQ(packed.slots_bytes(), 32768U);
  EXPECT_EQ(packed.mode, HFT_MODE_DROP);
  const Geometry smallest = Geometry::for_records(8, 1, HFT_MODE_OVERWRITE);
  EXPECT_EQ(smallest.slot_count, 2U);
  EXPECT_EQ(smallest.slots_bytes(), 4096U);
  EXPECT_EQ(smallest.mode, HFT_MODE_OVERWRITE);
  EXPECT_EQ(Geometry::for_records(4088, 65536).capacity(), 65536U);
  const Geometry spread =
      Geometry::for_records(16, 1000, HFT_MODE_DROP, /*spread=*/true);
  EXPECT_EQ(spread.records_per_slot(), 1U);
  EXPECT_EQ(spread.slot_count, 1024U);
}

template <typename Action>
void expect_argument_refused(Action action, const char* text) {
  EXPECT_THAT(action, ThrowsMessage<std::invalid_argument>(HasSubstr(text)));
}

TEST(Geometry, SaysHowToPutWhatIsWrong) {
  expect_argument_refused([] { Geometry::for_records(4089, 16); },
                          "record_size is 4089, expected 1 to 4088: split");
  expect_argument_refused([] { Geometry::for_records(0, 16); },
                          "record_size is 0");
  expect_argument_refused([] { Geometry::for_records(16, 0); },
                          "capacity is 0, expected 1 to 196608");
  expect_argument_refused([] { Geometry::for_records(16, 196609); },
                          "capacity is 196609");
  expect_argument_refused([] { Geometry::for_records(16, ~0ULL); }, "capacity");
  const Geometry good{.record_size = 56, .slot_size = 128, .slot_count = 1024};
  EXPECT_NO_THROW(validate(good));
  Geometry bad = good;
  bad.slot_count = 1000;
  expect_argument_refused([&] { validate(bad); },
                          "slot_count is 1000, expected a power of two");
  bad = good;
  bad.slot_size = 96;
  expect_argument_refused([&] { validate(bad); }, "slot_size is 96");
  bad = good;
  bad.record_size = 200;
  expect_argument_refused([&] { validate(bad); },
                          "slot_size is 128, expected at least 256");
}

}  // namespace
}  // namespace hft
