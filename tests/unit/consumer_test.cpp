// SPDX-License-Identifier: MIT
#include "hft/consumer.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "ring_model.hpp"

namespace hft::test {
namespace {

TEST(Consumer, EmptyRingHasNothing) {
  RingModel ring(HFT_MODE_DROP, 8);
  Consumer consumer(ring.view(), ring.consumer());
  EXPECT_EQ(consumer.try_read(), nullptr);
  EXPECT_EQ(consumer.position(), 0U);
}

TEST(Consumer, BeginsWhereTheConsumerPageSays) {
  RingModel ring(HFT_MODE_DROP, 8);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(ring.publish());
  }
  ring.consumer()->consumer_pos = 3;
  Consumer consumer(ring.view(), ring.consumer());
  ASSERT_NE(consumer.try_read(), nullptr);
  EXPECT_EQ(RingModel::position_of(*consumer.try_read()), 3U);
}

TEST(Consumer, RecordStaysUntilReleased) {
  RingModel ring(HFT_MODE_DROP, 2);
  Consumer consumer(ring.view(), ring.consumer());
  ASSERT_TRUE(ring.publish());
  ASSERT_TRUE(ring.publish());
  const hft_record* record = consumer.try_read();
  ASSERT_NE(record, nullptr);
  EXPECT_FALSE(ring.publish());
  EXPECT_EQ(RingModel::position_of(*record), 0U);
  consumer.release();
  consumer.flush();
  EXPECT_TRUE(ring.publish());
}

TEST(Consumer, ReleasesEachQuarterOfTheRing) {
  RingModel ring(HFT_MODE_DROP, 16);
  Consumer consumer(ring.view(), ring.consumer());
  for (int i = 0; i < 16; ++i) {
    ASSERT_TRUE(ring.publish());
  }
  for (std::uint64_t i = 1; i <= 16; ++i) {
    ASSERT_NE(consumer.try_read(), nullptr);
    consumer.release();
    EXPECT_EQ(ring.consumer()->consumer_pos, i / 4 * 4);
  }
}

TEST(Consumer, ReleasesAllWhenItFindsTheRingEmpty) {
  RingModel ring(HFT_MODE_DROP, 16);
  Consumer consumer(ring.view(), ring.consumer());
  ASSERT_TRUE(ring.publish());
  ASSERT_NE(consumer.try_read(), nullptr);
  consumer.release();
  EXPECT_EQ(ring.consumer()->consumer_pos, 0U);
  EXPECT_EQ(consumer.try_read(), nullptr);
  EXPECT_EQ(ring.consumer()->consumer_pos, 1U);
}

TEST(Consumer, SmallestRingGoesAround) {
  RingModel ring(HFT_MODE_DROP, 2);
  Consumer consumer(ring.view(), ring.consumer());
  for (std::uint64_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(ring.publish());
    EXPECT_EQ(RingModel::position_of(consumer.wait()), i);
    consumer.release();
  }
}

TEST(ConsumerStress, EveryRecordOnceAndInOrder) {
  constexpr std::uint64_t kRecords = 200'000;
  RingModel ring(HFT_MODE_DROP, 64);
  Consumer consumer(ring.view(), ring.consumer());
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kRecords;) {
      if (ring.publish()) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  for (std::uint64_t i = 0; i < kRecords;) {
    const hft_record* record = consumer.try_read();
    if (record == nullptr) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(RingModel::position_of(*record), i++);
    consumer.release();
  }
  producer.join();
}

}  // namespace
}  // namespace hft::test
