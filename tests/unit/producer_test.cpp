// SPDX-License-Identifier: MIT
#include "hft/producer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "number.hpp"

namespace hft::test {
namespace {

template <class T, class P>
struct Kind {
  using Record = T;
  using Policy = P;
};

template <class K>
class ProducerOf : public ::testing::Test {
 protected:
  using RecordType = typename K::Record;
  using PolicyType = typename K::Policy;
};

// Sizes that fill a word, a line, two lines, a page, and none evenly.
using Kinds =
    ::testing::Types<Kind<Number<4>, Latency>, Kind<Number<4>, Throughput>,
                     Kind<Number<12>, Throughput>, Kind<Number<16>, Latency>,
                     Kind<Number<16>, Throughput>, Kind<Number<56>, Latency>,
                     Kind<Number<64>, Latency>, Kind<Number<64>, Throughput>,
                     Kind<Number<256>, Latency>,
                     Kind<Number<4088>, Throughput>>;
TYPED_TEST_SUITE(ProducerOf, Kinds);

TYPED_TEST(ProducerOf, FullRingDropsExactlyTheRest) {
  using T = typename TestFixture::RecordType;
  TestRing<T, typename TestFixture::PolicyType> ring(8);
  const std::uint64_t capacity = capacity_of(ring);
  std::uint64_t offered = 0;
  for (int lap = 0; lap < 5; ++lap) {
    std::uint64_t next = ring.producer.position();
    for (std::uint64_t i = 0; i < capacity + 3; ++i, ++offered) {
      EXPECT_EQ(ring.producer.try_publish(number<T>(ring.producer.position())),
                i < capacity);
    }
    EXPECT_EQ(ring.consumer.for_each([&](const T& record) {
      EXPECT_EQ(number_in(record), next++);
    }),
              capacity);
    EXPECT_EQ(ring.producer.position() + ring.producer.dropped(), offered);
  }
  EXPECT_EQ(ring.producer.dropped(), 15U);
  EXPECT_EQ(ring.region.producer_page().dropped, 15U);
}

TYPED_TEST(ProducerOf, StreamsInOrderAcrossThreads) {
  using T = typename TestFixture::RecordType;
  constexpr std::uint64_t kRecords = 50'000;
  TestRing<T, typename TestFixture::PolicyType> ring(64);
  std::thread thread([&] {
    Yield wait;
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      ring.producer.publish_when_room(number<T>(i), wait);
    }
  });
  Yield wait;
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    ASSERT_EQ(number_in(ring.consumer.read(wait)), i);
    ring.consumer.release();
  }
  thread.join();
  EXPECT_EQ(ring.consumer.try_read(), nullptr);
  EXPECT_EQ(ring.producer.dropped(), 0U);
}

TYPED_TEST(ProducerOf, PublishesInPlace) {
  using T = typename TestFixture::RecordType;
  TestRing<T, typename TestFixture::PolicyType> ring(8);
  T* record = ring.producer.reserve();
  ASSERT_NE(record, nullptr);
  *record = number<T>(7);
  EXPECT_EQ(ring.consumer.try_read(), nullptr);
  ring.producer.publish();
  ASSERT_NE(ring.consumer.try_read(), nullptr);
  EXPECT_EQ(number_in(*ring.consumer.try_read()), 7U);
}

TYPED_TEST(ProducerOf, BatchPublishesWhatFitsAndDropsTheRest) {
  using T = typename TestFixture::RecordType;
  TestRing<T, typename TestFixture::PolicyType> ring(8);
  const std::uint64_t capacity = capacity_of(ring);
  std::vector<T> records;
  for (std::uint64_t i = 0; i < capacity + 5; ++i) {
    records.push_back(number<T>(i));
  }
  EXPECT_EQ(ring.producer.try_publish(records), capacity);
  EXPECT_EQ(ring.producer.dropped(), 5U);
  std::uint64_t next = 0;
  ring.consumer.for_each(
      [&](const T& record) { EXPECT_EQ(number_in(record), next++); });
  EXPECT_EQ(next, capacity);
}

TYPED_TEST(ProducerOf, SuccessorContinuesFromTheSlots) {
  using T = typename TestFixture::RecordType;
  using R = Ring<T, typename TestFixture::PolicyType>;
  const Region region = Region::anonymous(R::geometry(8));
  auto consumer = R(region).consumer();
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    auto producer = R(region).producer();
    ASSERT_EQ(producer.position(), i);
    ASSERT_TRUE(producer.try_publish(number<T>(i)));
    // Filled, and never published.
    if (T* record = producer.reserve()) {
      *record = number<T>(12345);
    }
    consumer.for_each(
        [&](const T& record) { ASSERT_EQ(number_in(record), next++); });
  }
  EXPECT_EQ(next, 100U);
}

TEST(Producer, ReservesSomeWithinASlot) {
  TestRing<Number<16>, Throughput> ring(6);
  EXPECT_EQ(ring.producer.reserve_some(100).size(), 3U);
  ring.producer.publish(2);
  EXPECT_EQ(ring.producer.reserve_some(100).size(), 1U);
  ring.producer.publish(1);
  EXPECT_EQ(ring.producer.reserve_some(2).size(), 2U);
  ring.producer.publish(2);
  ring.producer.publish(ring.producer.reserve_some(1).size());
  EXPECT_TRUE(ring.producer.reserve_some(1).empty());
  EXPECT_EQ(ring.producer.dropped(), 0U);
  EXPECT_EQ(ring.consumer.for_each([](const Number<16>&) {}), 6U);
}

TEST(Producer, SecondOneIsRefusedWhileTheFirstLives) {
  const Region region = Region::anonymous(Ring<Number<8>>::geometry(8));
  const Ring<Number<8>> ring(region);
  {
    const Producer<Number<8>> first = ring.producer();
    EXPECT_THROW((void)ring.producer(), std::system_error);
  }
  EXPECT_NO_THROW((void)ring.producer());
}

TEST(Producer, RingOfOtherRecordsIsRefused) {
  const Region region = Region::anonymous(Ring<Number<16>>::geometry(8));
  EXPECT_THROW(Ring<Number<24>>{region}, InvalidRing);
  EXPECT_THROW((Ring<Number<16>, Throughput>{region}), InvalidRing);
  EXPECT_THROW((void)Ring<Number<16>>(region).reader(), InvalidRing);
  EXPECT_THROW((void)Ring<Number<16>>(region).overwrite_producer(),
               InvalidRing);
}

// A consumer that writes garbage loses records; the producer loses count of
// none, and publishes nothing it should not.
TEST(ProducerStress, GarbageInTheConsumerPageMisaccountsNothing) {
  constexpr std::uint64_t kOffers = 300'000;
  TestRing<Number<16>, Throughput> ring(64);
  hft_consumer_page* const page = ring.region.consumer_end().page;
  std::atomic<bool> stop = false;
  std::thread scribbler([&] {
    std::mt19937_64 random(1);
    while (!stop) {
      // Sometimes near the truth, where it could do harm.
      const std::uint64_t garbage =
          random() % 2 == 0
              ? random()
              : __atomic_load_n(&ring.region.producer_page().producer_pos,
                                __ATOMIC_RELAXED) +
                    random() % 256 - 128;
      __atomic_store_n(&page->consumer_pos, garbage, __ATOMIC_RELAXED);
    }
  });
  std::uint64_t published = 0;
  for (std::uint64_t i = 0; i < kOffers; ++i) {
    published +=
        ring.producer.try_publish(number<Number<16>>(ring.producer.position()))
            ? 1
            : 0;
  }
  stop = true;
  scribbler.join();
  EXPECT_EQ(ring.producer.position(), published);
  EXPECT_EQ(published + ring.producer.dropped(), kOffers);
  EXPECT_EQ(
      recover_position(ring.region.info(), ring.region.consumer_end().slots),
      published);
}

// A record may be written as braces, however empty; what is several records is
// offered one by one.
TEST(Producer, TakesBracesAndAnyRowOfRecords) {
  struct Quote {
    std::uint64_t price, quantity;
  };
  TestRing<Quote> ring(64);
  EXPECT_TRUE(ring.producer.try_publish({}));
  EXPECT_TRUE(ring.producer.try_publish({1, 2}));
  const Quote few[] = {{1, 2}, {3, 4}};
  std::array<Quote, 3> array{};
  std::vector<Quote> vector(4);
  EXPECT_EQ(ring.producer.try_publish(few), 2U);
  EXPECT_EQ(ring.producer.try_publish(array), 3U);
  EXPECT_EQ(ring.producer.try_publish(vector), 4U);
  EXPECT_EQ(ring.producer.try_publish(std::span(vector)), 4U);
  EXPECT_EQ(ring.producer.try_publish(std::span<const Quote>(few)), 2U);
  EXPECT_EQ(ring.producer.position(), 17U);

  TestBroadcast<Quote> broadcast(64);
  broadcast.producer.publish({});
  broadcast.producer.publish({1, 2});
  broadcast.producer.publish(few);
  broadcast.producer.publish(vector);
  EXPECT_EQ(broadcast.producer.position(), 8U);
}

}  // namespace
}  // namespace hft::test
