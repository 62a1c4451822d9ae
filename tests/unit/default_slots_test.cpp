// SPDX-License-Identifier: MIT
// How many slots rings have on machines of few CPUs and of many.
#include "default_slots.hpp"

#include <gtest/gtest.h>

namespace hft::tools {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

std::uint64_t slots_bytes(std::uint32_t rings, std::uint32_t slot_size) {
  return std::uint64_t{rings} * slot_size * default_slots(rings, slot_size);
}

TEST(DefaultSlots, FewCpusHaveAsManyAsABurstMayNeed) {
  for (const std::uint32_t rings : {1U, 2U}) {
    EXPECT_EQ(default_slots(rings, 64), 4096U);
    EXPECT_EQ(default_slots(rings, 2048), 4096U);
    EXPECT_EQ(default_slots(rings, 4096), 4096U);
  }
}

TEST(DefaultSlots, ManyCpusShareABound) {
  EXPECT_EQ(default_slots(128, 64), 4096U);
  EXPECT_EQ(default_slots(128, 2048), 256U);
  EXPECT_EQ(default_slots(128, 4096), 128U);
  EXPECT_EQ(slots_bytes(128, 64), 32 * kMiB);
  EXPECT_EQ(slots_bytes(128, 2048), 64 * kMiB);
  EXPECT_EQ(slots_bytes(128, 4096), 64 * kMiB);
}

TEST(DefaultSlots, AnotherBoundIsKeptInTheSameWay) {
  constexpr SlotsBound kBound{.bytes = 256 * kMiB, .slots = 16'384};
  EXPECT_EQ(default_slots(2, 2048, kBound), 16'384U);
  EXPECT_EQ(default_slots(8, 2048, kBound), 16'384U);
  EXPECT_EQ(default_slots(128, 2048, kBound), 1024U);
}

TEST(DefaultSlots, ArePowersOfTwoWithinTheBound) {
  EXPECT_EQ(default_slots(6, 4096), 2048U);
  EXPECT_EQ(default_slots(96, 2048), 256U);
  EXPECT_LE(slots_bytes(96, 2048), 64 * kMiB);
}

TEST(DefaultSlots, NoRingIsTooSmallToBeOfUse) {
  EXPECT_EQ(default_slots(1024, 4096), 64U);
  EXPECT_EQ(slots_bytes(1024, 4096), 256 * kMiB);
}

TEST(DefaultSlots, SizesThatNoRingHasDivideByNothing) {
  EXPECT_EQ(default_slots(0, 64), 4096U);
  EXPECT_EQ(default_slots(2, 0), 4096U);
}

}  // namespace
}  // namespace hft::tools
