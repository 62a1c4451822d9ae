// SPDX-License-Identifier: MIT
#include "hft/validate.hpp"

#include <gmock/gmock.h>

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
}

}  // namespace
}  // namespace hft
