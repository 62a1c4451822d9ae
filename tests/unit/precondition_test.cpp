// SPDX-License-Identifier: MIT
// Calls that the headers forbid end a program that was compiled without NDEBUG,
// as this one always is.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "hft/detail/earliest.hpp"
#include "number.hpp"

namespace hft::test {
namespace {

using Tick = Number<16>;

template <class P>
void publish(TestRing<Tick, P>& ring, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    ASSERT_TRUE(ring.producer.try_publish(number<Tick>(i)));
  }
}

TEST(PreconditionDeathTest, NothingIsReleasedThatWasNotRead) {
  TestRing<Tick> ring(8);
  publish(ring, 2);
  EXPECT_DEATH(ring.consumer.release(), "count <= ready_");
  ASSERT_NE(ring.consumer.try_read(), nullptr);
  EXPECT_DEATH(ring.consumer.release(2), "count <= ready_");
  ring.consumer.release();
  EXPECT_DEATH(ring.consumer.release(), "count <= ready_");
}

TEST(PreconditionDeathTest, NothingIsReleasedBeyondWhatWasPublished) {
  TestRing<Tick, Throughput> ring(8);
  publish(ring, 2);
  ASSERT_EQ(ring.consumer.try_read_some(8).size(), 2U);
  EXPECT_DEATH(ring.consumer.release(3), "count <= ready_");
  ring.consumer.release(2);
}

TEST(PreconditionDeathTest, NothingIsPublishedWithoutRoom) {
  TestRing<Tick> ring(2);
  EXPECT_DEATH(ring.producer.publish(0), "count >= 1");
  publish(ring, capacity_of(ring));
  EXPECT_DEATH(ring.producer.publish(), "count <= limit_");
}

TEST(PreconditionDeathTest, NothingIsPublishedBeyondItsSlot) {
  TestRing<Tick, Throughput> ring(64);
  const std::size_t given = ring.producer.reserve_some(64).size();
  ASSERT_LT(given, capacity_of(ring));
  EXPECT_DEATH(ring.producer.publish(given + 1), "left_in_slot");
  ring.producer.publish(given);
}

TEST(PreconditionDeathTest, AnEndIsOfARingInItsMode) {
  const TestBroadcast<Tick> broadcast(8);
  EXPECT_DEATH(Producer<Tick>(broadcast.region.producer_end()),
               "HFT_MODE_DROP");
  EXPECT_DEATH(Consumer<Tick>(broadcast.region.reader_end()), "HFT_MODE_DROP");
  const TestRing<Tick> ring(8);
  EXPECT_DEATH(OverwriteProducer<Tick>(ring.region.producer_end()),
               "HFT_MODE_OVERWRITE");
}

TEST(PreconditionDeathTest, AnEndIsOfARingOfItsRecords) {
  const TestRing<Tick> ring(8);
  EXPECT_DEATH(Consumer<Number<200>>(ring.region.consumer_end()), "slot_size");
}

TEST(PreconditionDeathTest, APollerHasTheRingsThatWereAdded) {
  Poller<Tick> poller;
  EXPECT_DEATH(static_cast<void>(poller.consumer(0)), "consumers_.size");
}

TEST(PreconditionDeathTest, NoRingIsFirstWhereNoneHasARecord) {
  Earliest<KernelConsumer> rings;
  EXPECT_DEATH(rings.release(), "waiting_.empty");
  EXPECT_DEATH(static_cast<void>(rings.ring()), "waiting_.empty");
  EXPECT_DEATH(static_cast<void>(rings[0]), "rings_.size");
}

}  // namespace
}  // namespace hft::test
