// SPDX-License-Identifier: MIT
#include "hft/reader.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "ring_model.hpp"

namespace hft::test {
namespace {

TEST(Reader, ReadsInOrder) {
  RingModel ring(HFT_MODE_OVERWRITE, 8);
  Reader reader(ring.view(), 0);
  hft_record record;
  EXPECT_FALSE(reader.try_read(record));
  for (std::uint64_t i = 0; i < 8; ++i) {
    ring.publish();
  }
  for (std::uint64_t i = 0; i < 8; ++i) {
    ASSERT_TRUE(reader.try_read(record));
    EXPECT_EQ(RingModel::position_of(record), i);
  }
  EXPECT_FALSE(reader.try_read(record));
  EXPECT_EQ(reader.lapped(), 0U);
}

TEST(Reader, LapIsExactAndLosesNoMoreThanItMust) {
  for (std::uint64_t published = 9; published < 40; ++published) {
    RingModel ring(HFT_MODE_OVERWRITE, 8);
    Reader reader(ring.view(), 0);
    for (std::uint64_t i = 0; i < published; ++i) {
      ring.publish();
    }
    hft_record record;
    std::uint64_t seen = 0;
    while (reader.try_read(record)) {
      EXPECT_EQ(RingModel::position_of(record), reader.position() - 1);
      ++seen;
    }
    EXPECT_EQ(seen, 8U) << published;
    EXPECT_EQ(reader.lapped(), published - 8) << published;
  }
}

TEST(Reader, LateReaderStartsWhereItIsTold) {
  RingModel ring(HFT_MODE_OVERWRITE, 8);
  for (int i = 0; i < 100; ++i) {
    ring.publish();
  }
  Reader reader(ring.view(), 100);
  hft_record record;
  EXPECT_FALSE(reader.try_read(record));
  ring.publish();
  ASSERT_TRUE(reader.try_read(record));
  EXPECT_EQ(RingModel::position_of(record), 100U);
}

TEST(ReaderStress, NoTornRecordAndExactLaps) {
  constexpr std::uint64_t kRecords = 200'000;
  RingModel ring(HFT_MODE_OVERWRITE, 4);
  Reader reader(ring.view(), 0);
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      ring.publish();
    }
  });
  hft_record record;
  std::uint64_t seen = 0;
  while (reader.position() < kRecords) {
    if (reader.try_read(record)) {
      ASSERT_EQ(RingModel::position_of(record), reader.position() - 1);
      ++seen;
    }
  }
  producer.join();
  EXPECT_EQ(seen + reader.lapped(), kRecords);
}

}  // namespace
}  // namespace hft::test
