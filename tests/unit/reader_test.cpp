// SPDX-License-Identifier: MIT
#include "hft/reader.hpp"

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <thread>

#include "number.hpp"

namespace hft::test {
namespace {

template <class K>
class ReaderOf : public ::testing::Test {
 protected:
  using RecordType = typename K::first_type;
  using PolicyType = typename K::second_type;
};

using Kinds = ::testing::Types<
    std::pair<Number<8>, Latency>, std::pair<Number<8>, Throughput>,
    std::pair<Number<12>, Throughput>, std::pair<Number<16>, Latency>,
    std::pair<Number<16>, Throughput>, std::pair<Number<64>, Latency>,
    std::pair<Number<256>, Throughput>>;
TYPED_TEST_SUITE(ReaderOf, Kinds);

TYPED_TEST(ReaderOf, ReadsInOrder) {
  using T = typename TestFixture::RecordType;
  TestBroadcast<T, typename TestFixture::PolicyType> ring(8);
  T record;
  EXPECT_FALSE(ring.reader.try_read(record));
  for (std::uint64_t i = 0; i < capacity_of(ring); ++i) {
    ring.producer.publish(number<T>(i));
  }
  for (std::uint64_t i = 0; i < capacity_of(ring); ++i) {
    ASSERT_TRUE(ring.reader.try_read(record));
    EXPECT_EQ(number_in(record), i);
  }
  EXPECT_FALSE(ring.reader.try_read(record));
  EXPECT_EQ(ring.reader.lapped(), 0U);
}

TYPED_TEST(ReaderOf, LapIsExactAndLosesNoMoreThanItMust) {
  using T = typename TestFixture::RecordType;
  using P = typename TestFixture::PolicyType;
  constexpr std::uint64_t kPerSlot = Layout<T, P>::kRecordsPerSlot;
  for (std::uint64_t beyond = 0; beyond < 40; ++beyond) {
    TestBroadcast<T, P> ring(8);
    const std::uint64_t published = capacity_of(ring) + beyond;
    for (std::uint64_t i = 0; i < published; ++i) {
      ring.producer.publish(number<T>(i));
    }
    T record;
    std::uint64_t seen = 0;
    while (ring.reader.try_read(record)) {
      ASSERT_EQ(number_in(record), ring.reader.position() - 1);
      ++seen;
    }
    // A slot is given up whole when the producer enters it again.
    const std::uint64_t lapped = (beyond + kPerSlot - 1) / kPerSlot * kPerSlot;
    EXPECT_EQ(ring.reader.lapped(), lapped) << beyond;
    EXPECT_EQ(seen + lapped, published) << beyond;
  }
}

TYPED_TEST(ReaderOf, NeverSeesATornRecordAndCountsLapsExactly) {
  using T = typename TestFixture::RecordType;
  constexpr std::uint64_t kRecords = 100'000;
  TestBroadcast<T, typename TestFixture::PolicyType> ring(4);
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      ring.producer.publish(number<T>(i));
    }
  });
  T record;
  std::uint64_t seen = 0;
  while (ring.reader.position() < kRecords) {
    if (ring.reader.try_read(record)) {
      ASSERT_EQ(number_in(record), ring.reader.position() - 1);
      ++seen;
    }
  }
  producer.join();
  EXPECT_EQ(seen + ring.reader.lapped(), kRecords);
}

TEST(Reader, LateOneBeginsWithWhatComesNextOrWithTheOldest) {
  using Tick = Number<16>;
  TestBroadcast<Tick, Throughput> ring(12);
  for (std::uint64_t i = 0; i < 100; ++i) {
    ring.producer.publish(number<Tick>(i));
  }
  const Ring<Tick, Throughput> same(ring.region);
  Reader<Tick, Throughput> next = same.reader();
  Reader<Tick, Throughput> oldest = same.reader(StartAt::kOldest);
  Tick record;
  EXPECT_FALSE(next.try_read(record));
  ASSERT_TRUE(oldest.try_read(record));
  // 100 records end in the slot of 99..101, which displaced 87..89.
  EXPECT_EQ(number_in(record), 90U);
  EXPECT_EQ(oldest.lapped(), 0U);
  ring.producer.publish(number<Tick>(100));
  ASSERT_TRUE(next.try_read(record));
  EXPECT_EQ(number_in(record), 100U);
}

TEST(Reader, ReadsAndPublishesBatches) {
  using Tick = Number<16>;
  TestBroadcast<Tick> ring(16);
  std::array<Tick, 10> out{};
  for (std::uint64_t i = 0; i < out.size(); ++i) {
    out[i] = number<Tick>(i);
  }
  ring.producer.publish(out);
  std::array<Tick, 16> in{};
  ASSERT_EQ(ring.reader.try_read(std::span<Tick>(in)), 10U);
  EXPECT_EQ(number_in(in[9]), 9U);
}

TEST(Reader, PublishesWhatWasFilledIn) {
  TestBroadcast<Number<64>> ring(4);
  ring.producer.reserve() = number<Number<64>>(3);
  ring.producer.publish();
  Number<64> record;
  ASSERT_TRUE(ring.reader.try_read(record));
  EXPECT_EQ(number_in(record), 3U);
}

// What a producer killed inside a slot leaves behind: marked, half filled.
TEST(Reader, SuccessorOfAProducerThatDiedInASlotGoesOn) {
  using Tick = Number<16>;
  using R = Ring<Tick>;
  const Region region = Region::anonymous(R::geometry(4, HFT_MODE_OVERWRITE));
  Reader<Tick> reader = R(region).reader();
  {
    OverwriteProducer<Tick> producer = R(region).overwrite_producer();
    for (std::uint64_t i = 0; i < 6; ++i) {
      producer.publish(number<Tick>(i));
    }
  }
  auto* const slot = reinterpret_cast<hft_slot*>(region.producer_end().slots +
                                                 std::size_t{6 % 4} * 64);
  __atomic_store_n(&slot->published, 0, __ATOMIC_RELEASE);
  OverwriteProducer<Tick> successor = R(region).overwrite_producer();
  EXPECT_EQ(successor.position(), 6U);
  for (std::uint64_t i = 6; i < 9; ++i) {
    successor.publish(number<Tick>(i));
  }
  Tick record;
  std::uint64_t seen = 0;
  while (reader.try_read(record)) {
    EXPECT_EQ(number_in(record), reader.position() - 1);
    ++seen;
  }
  EXPECT_EQ(seen + reader.lapped(), 9U);
  EXPECT_EQ(seen, 4U);
}

}  // namespace
}  // namespace hft::test
