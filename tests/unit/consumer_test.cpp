// SPDX-License-Identifier: MIT
#include "hft/consumer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "child.hpp"
#include "number.hpp"

namespace hft::test {
namespace {

using Tick = Number<16>;

TEST(Consumer, EmptyRingHasNothing) {
  TestRing<Tick> ring(8);
  EXPECT_EQ(ring.consumer.try_read(), nullptr);
  EXPECT_TRUE(ring.consumer.try_read_some(8).empty());
  EXPECT_EQ(ring.consumer.position(), 0U);
}

TEST(Consumer, BeginsWhereTheConsumerPageSays) {
  const Region region = Region::anonymous(Ring<Tick>::geometry(8));
  Producer<Tick> producer = Ring<Tick>(region).producer();
  for (std::uint64_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(producer.try_publish(number<Tick>(i)));
  }
  region.consumer_end().page->consumer_pos = 3;
  Consumer<Tick> consumer = Ring<Tick>(region).consumer();
  ASSERT_NE(consumer.try_read(), nullptr);
  EXPECT_EQ(number_in(*consumer.try_read()), 3U);
}

// How an orderly consumer ends, and with which record its successor begins.
class ConsumerEnds : public testing::Test {
 protected:
  static constexpr std::uint64_t kHandled = 2;  // less than a quarter

  ConsumerEnds() {
    for (std::uint64_t i = 0; i < kPublished; ++i) {
      EXPECT_TRUE(producer_.try_publish(number<Tick>(i)));
    }
  }

  static void handle(Consumer<Tick>& consumer, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      ASSERT_NE(consumer.try_read(), nullptr);
      consumer.release();
    }
  }

  void expect_successor_begins_at(std::uint64_t expected) const {
    Consumer<Tick> successor = ring_.consumer();
    EXPECT_EQ(successor.position(), expected);
    ASSERT_NE(successor.try_read(), nullptr);
    EXPECT_EQ(number_in(*successor.try_read()), expected);
  }

  static constexpr std::uint64_t kPublished = 10;
  Region region_ = Region::anonymous(Ring<Tick>::geometry(16));
  Ring<Tick> ring_{region_};
  Producer<Tick> producer_ = ring_.producer();
};

TEST_F(ConsumerEnds, ItsSuccessorBeginsWithWhatWasNotReleased) {
  {
    Consumer<Tick> consumer = ring_.consumer();
    handle(consumer, kHandled);
    ASSERT_NE(consumer.try_read(), nullptr);  // read, and not released
  }
  expect_successor_begins_at(kHandled);
}

TEST_F(ConsumerEnds, ForEachWithALimitTellsWhatItHandled) {
  EXPECT_EQ(ring_.consumer().for_each([](const Tick&) {}, kHandled), kHandled);
  expect_successor_begins_at(kHandled);
}

TEST_F(ConsumerEnds, WhatWasMovedFromTellsNothing) {
  {
    Consumer<Tick> first = ring_.consumer();
    handle(first, kHandled);
    Consumer<Tick> second = std::move(first);
    handle(second, kHandled);
    second.flush();
  }
  expect_successor_begins_at(2 * kHandled);
}

TEST_F(ConsumerEnds, WhatAnotherIsMovedOverTellsFirst) {
  TestRing<Tick> other(8);
  {
    Consumer<Tick> consumer = ring_.consumer();
    handle(consumer, kHandled);
    consumer = std::move(other.consumer);
    expect_successor_begins_at(kHandled);
    ASSERT_TRUE(other.producer.try_publish(number<Tick>(0)));
    handle(consumer, 1);
  }
  EXPECT_EQ(other.region.consumer_page()->consumer_pos, 1U);
}

TEST_F(ConsumerEnds, AChildsCopyTellsNothing) {
  std::optional<Consumer<Tick>> consumer(ring_.consumer());
  handle(*consumer, kHandled);
  Child child([&](const Pipe& pipe) {
    consumer.reset();
    pipe.tell(std::uint64_t{region_.consumer_page()->consumer_pos});
  });
  EXPECT_EQ(child.pipe().ask<std::uint64_t>(), 0U);
  child.wait();
  EXPECT_EQ(region_.consumer_page()->consumer_pos, 0U);
  consumer.reset();
  expect_successor_begins_at(kHandled);
}

// A consumer before may have left anything there.
TEST(Consumer, BeginsWithWhatComesNextWhereNoConsumerCanHaveBeen) {
  constexpr std::uint64_t kPublished = 20;
  for (const std::uint64_t told : {std::uint64_t{1'000'000}, ~std::uint64_t{0},
                                   kPublished + 1, kPublished - 9}) {
    const Region region = Region::anonymous(Ring<Tick>::geometry(8));
    Producer<Tick> producer = Ring<Tick>(region).producer();
    {
      Consumer<Tick> first = Ring<Tick>(region).consumer();
      for (std::uint64_t i = 0; i < kPublished; ++i) {
        ASSERT_TRUE(producer.try_publish(number<Tick>(i)));
        ASSERT_NE(first.try_read(), nullptr);
        first.release();
        first.flush();
      }
    }
    region.consumer_end().page->consumer_pos = told;
    Consumer<Tick> consumer = Ring<Tick>(region).consumer();
    EXPECT_EQ(consumer.position(), kPublished) << told;
    EXPECT_EQ(consumer.try_read(), nullptr);
    ASSERT_TRUE(producer.try_publish(number<Tick>(kPublished)));
    ASSERT_NE(consumer.try_read(), nullptr);
    EXPECT_EQ(number_in(*consumer.try_read()), kPublished);
  }
}

TEST(Consumer, RecordStaysUntilReleased) {
  TestRing<Tick> ring(2);
  ASSERT_TRUE(ring.producer.try_publish(number<Tick>(0)));
  ASSERT_TRUE(ring.producer.try_publish(number<Tick>(1)));
  const Tick* record = ring.consumer.try_read();
  ASSERT_NE(record, nullptr);
  EXPECT_FALSE(ring.producer.try_publish(number<Tick>(2)));
  EXPECT_EQ(number_in(*record), 0U);
  ring.consumer.release();
  ring.consumer.flush();
  EXPECT_TRUE(ring.producer.try_publish(number<Tick>(3)));
}

TEST(Consumer, ReleasesEachQuarterOfTheRing) {
  TestRing<Tick> ring(16);
  for (std::uint64_t i = 0; i < 16; ++i) {
    ASSERT_TRUE(ring.producer.try_publish(number<Tick>(i)));
  }
  for (std::uint64_t i = 1; i <= 16; ++i) {
    ASSERT_NE(ring.consumer.try_read(), nullptr);
    ring.consumer.release();
    EXPECT_EQ(ring.region.consumer_page()->consumer_pos, i / 4 * 4);
  }
}

TEST(Consumer, ReleasesAllWhenItFindsTheRingEmpty) {
  TestRing<Tick> ring(16);
  ASSERT_TRUE(ring.producer.try_publish(number<Tick>(0)));
  ASSERT_NE(ring.consumer.try_read(), nullptr);
  ring.consumer.release();
  EXPECT_EQ(ring.region.consumer_page()->consumer_pos, 0U);
  EXPECT_EQ(ring.consumer.try_read(), nullptr);
  EXPECT_EQ(ring.region.consumer_page()->consumer_pos, 1U);
}

TEST(Consumer, ReadsSomeThatLieInARow) {
  TestRing<Tick, Throughput> ring(9);
  for (std::uint64_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(ring.producer.try_publish(number<Tick>(i)));
  }
  // Three records of 16 bytes in a line.
  ASSERT_EQ(ring.consumer.try_read_some(8).size(), 3U);
  EXPECT_EQ(ring.consumer.try_read_some(2).size(), 2U);
  EXPECT_EQ(number_in(ring.consumer.try_read_some(8)[2]), 2U);
  ring.consumer.release(3);
  ASSERT_EQ(ring.consumer.try_read_some(8).size(), 2U);
  EXPECT_EQ(number_in(*ring.consumer.try_read()), 3U);
}

// Wherever in the ring the record is that is next.
TEST(Consumer, KnowsWhichRecordsArePublishedAndNeverMore) {
  constexpr std::uint64_t kSlots = 64;
  const Region region = Region::anonymous(Ring<Tick>::geometry(kSlots));
  Producer<Tick> producer = Ring<Tick>(region).producer();
  Consumer<Tick> consumer = Ring<Tick>(region).consumer();
  std::uint64_t next = 0;
  for (std::uint64_t backlog = 1; backlog <= kSlots; ++backlog) {
    const std::uint64_t before = next;
    std::uint64_t known = 0;
    for (; next < before + backlog; ++next) {
      ASSERT_TRUE(producer.try_publish(number<Tick>(next)));
      ASSERT_NE(consumer.try_read(), nullptr);
      EXPECT_LE(consumer.published_until(0, kSlots), next + 1);
    }
    for (; known < next; consumer.release()) {
      ASSERT_NE(consumer.try_read(), nullptr);
      const std::uint64_t more = consumer.published_until(known, kSlots);
      EXPECT_EQ(more, next);
      EXPECT_LE(consumer.published_until(0, 8), consumer.position() + 8);
      known = more;
    }
    while (consumer.try_read() != nullptr) consumer.release();
  }
}

// Producers in the kernel may publish a later record first.
TEST(Consumer, KnowsOfNoRecordBehindOneThatIsNotPublished) {
  TestRing<Tick> ring(16);
  for (std::uint64_t i = 0; i < 8; ++i) {
    ASSERT_TRUE(ring.producer.try_publish(number<Tick>(i)));
  }
  auto* const published = reinterpret_cast<std::uint64_t*>(
      ring.region.producer_end().slots + std::size_t{4} * 64);
  *published = 4;  // taken, and not to be read
  ASSERT_NE(ring.consumer.try_read(), nullptr);
  EXPECT_EQ(ring.consumer.published_until(0, 16), 4U);
  *published = 5;
  EXPECT_EQ(ring.consumer.published_until(4, 16), 8U);
}

TEST(Consumer, ForEachTakesWhatIsThereAndNoMore) {
  TestRing<Tick, Throughput> ring(64);
  for (std::uint64_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(ring.producer.try_publish(number<Tick>(i)));
  }
  std::uint64_t next = 0;
  const auto expect_next = [&](const Tick& tick) {
    EXPECT_EQ(number_in(tick), next++);
  };
  EXPECT_EQ(ring.consumer.for_each(expect_next, 7), 7U);
  EXPECT_EQ(ring.consumer.for_each(expect_next), 13U);
  EXPECT_EQ(ring.consumer.for_each(expect_next), 0U);
  EXPECT_EQ(next, 20U);
}

TEST(Consumer, RunEndsWhenAskedTo) {
  TestRing<Tick> ring(8);
  ASSERT_TRUE(ring.producer.try_publish(number<Tick>(0)));
  std::stop_source stop;
  int seen = 0;
  Yield wait;
  ring.consumer.run(
      [&](const Tick&) {
        ++seen;
        stop.request_stop();
      },
      wait, stop.get_token());
  EXPECT_EQ(seen, 1);
}

TEST(Consumer, SecondOneIsRefusedWhileTheFirstLives) {
  const Region region = Region::anonymous(Ring<Tick>::geometry(8));
  const Ring<Tick> ring(region);
  {
    const Consumer<Tick> first = ring.consumer();
    EXPECT_THROW((void)ring.consumer(), std::system_error);
  }
  EXPECT_NO_THROW((void)ring.consumer());
}

}  // namespace
}  // namespace hft::test
