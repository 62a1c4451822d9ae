// SPDX-License-Identifier: MIT
#include "hft/merger.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "hft/ring.hpp"

namespace hft::test {
namespace {

using Records = Ring<hft_record>;

// As the kernel would produce into it.
struct Source {
  Region region = Region::anonymous(Records::geometry(16, 40));
  Producer<hft_record> producer = Records(region).producer();

  void publish(std::uint64_t stamp) {
    ASSERT_TRUE(producer.try_publish(stamp, HFT_RECORD_USER, {}));
  }
};

class MergerTest : public ::testing::Test {
 protected:
  MergerTest() {
    for (const Source& source : sources_) {
      merger_.add(KernelConsumer(source.region.consumer_end()));
    }
  }

  // Stamps, until there is no more.
  std::vector<std::uint64_t> take_all() {
    std::vector<std::uint64_t> stamps;
    while (const hft_record* record = merger_.try_read()) {
      stamps.push_back(record->stamp);
      merger_.release();
    }
    return stamps;
  }

  std::array<Source, 3> sources_;
  Merger merger_;
};

TEST_F(MergerTest, GivesNothingWhenNoRingHasAnything) {
  EXPECT_EQ(merger_.try_read(), nullptr);
}

TEST_F(MergerTest, GivesTheRecordsOfAllRingsByStamp) {
  for (const std::uint64_t stamp : {3U, 4U, 9U}) sources_[0].publish(stamp);
  for (const std::uint64_t stamp : {1U, 8U}) sources_[1].publish(stamp);
  for (const std::uint64_t stamp : {2U, 5U, 6U, 7U}) sources_[2].publish(stamp);
  EXPECT_EQ(take_all(),
            (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(merger_.out_of_order(), 0U);
}

TEST_F(MergerTest, SaysWhichRingItIs) {
  sources_[2].publish(1);
  sources_[0].publish(2);
  ASSERT_NE(merger_.try_read(), nullptr);
  EXPECT_EQ(merger_.ring(), 2U);
  merger_.release();
  ASSERT_NE(merger_.try_read(), nullptr);
  EXPECT_EQ(merger_.ring(), 0U);
}

TEST_F(MergerTest, OfEqualStampsTheFirstRingComesFirst) {
  sources_[2].publish(7);
  sources_[1].publish(7);
  ASSERT_NE(merger_.try_read(), nullptr);
  EXPECT_EQ(merger_.ring(), 1U);
  EXPECT_EQ(take_all(), (std::vector<std::uint64_t>{7, 7}));
  EXPECT_EQ(merger_.out_of_order(), 0U);
}

TEST_F(MergerTest, GivesAnEarlierOneThatComesBeforeTheRelease) {
  sources_[1].publish(5);
  ASSERT_EQ(merger_.try_read()->stamp, 5U);
  sources_[0].publish(4);
  EXPECT_EQ(take_all(), (std::vector<std::uint64_t>{4, 5}));
}

TEST_F(MergerTest, CountsWhatWasPublishedTooLateForItsStamp) {
  sources_[0].publish(5);
  sources_[0].publish(8);
  EXPECT_EQ(take_all(), (std::vector<std::uint64_t>{5, 8}));
  for (const std::uint64_t stamp : {6U, 7U, 9U}) sources_[1].publish(stamp);
  EXPECT_EQ(take_all(), (std::vector<std::uint64_t>{6, 7, 9}));
  EXPECT_EQ(merger_.out_of_order(), 2U);
}

// While the rings are looked at one after the other, those behind the eye go
// on.
TEST(Earliest, LooksAgainAtRingsThatWereEmpty) {
  constexpr std::size_t kRings = 4;
  std::array<hft_record, kRings> records{};
  std::array<bool, kRings> there{};
  const auto publish = [&](std::size_t ring, std::uint64_t stamp) {
    records[ring].stamp = stamp;
    there[ring] = true;
  };
  std::vector<std::size_t> rings = {0, 1, 2, 3};
  publish(3, 100);
  int looks = 0;
  const std::size_t* first = earliest(std::span(rings), [&](std::size_t ring) {
    ++looks;
    // Each is published once its ring has been looked at, and before the find.
    if (ring == 2 && looks == 3) publish(1, 50);
    if (ring == 3 && looks == 8) publish(0, 20);
    return there[ring] ? &records[ring] : nullptr;
  });
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(*first, 0U);
  EXPECT_EQ(looks, 16);
}

}  // namespace
}  // namespace hft::test
