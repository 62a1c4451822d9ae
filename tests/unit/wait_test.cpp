// SPDX-License-Identifier: MIT
#include "hft/wait.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>

#include "number.hpp"

namespace hft::test {
namespace {

using Tick = Number<16>;

template <class W>
class WaitBy : public ::testing::Test {};
using Policies = ::testing::Types<BusySpin, Pause, Yield, SpinThenSleep>;
TYPED_TEST_SUITE(WaitBy, Policies);

TYPED_TEST(WaitBy, EveryRecordArrivesAndRunEnds) {
  constexpr std::uint64_t kRecords = 2000;
  TestRing<Tick> ring(64);
  std::stop_source stop;
  std::thread thread([&] {
    Yield room;
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      ring.producer.publish_when_room(number<Tick>(i), room);
    }
  });
  std::uint64_t next = 0;
  TypeParam wait;
  ring.consumer.run(
      [&](const Tick& tick) {
        EXPECT_EQ(number_in(tick), next);
        if (++next == kRecords) {
          stop.request_stop();
        }
      },
      wait, stop.get_token());
  thread.join();
  EXPECT_EQ(next, kRecords);
}

// Each record finds the consumer asleep or about to be: a lost wake-up would
// take the full hour.
TEST(SpinThenSleep, NoWakeUpIsLost) {
  constexpr std::uint64_t kRecords = 3000;
  TestRing<Tick> there(8);
  TestRing<Tick> back(8);
  std::thread thread([&] {
    SpinThenSleep wait{.spins = 0, .longest = std::chrono::hours(1)};
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      const Tick tick = there.consumer.read(wait);
      there.consumer.release();
      ASSERT_TRUE(back.producer.try_publish(tick));
    }
  });
  SpinThenSleep wait{.spins = 3, .longest = std::chrono::hours(1)};
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    ASSERT_TRUE(there.producer.try_publish(number<Tick>(i)));
    ASSERT_EQ(number_in(back.consumer.read(wait)), i);
    back.consumer.release();
  }
  thread.join();
  EXPECT_GT(there.region.producer_page().wakeups, 0U);
}

TEST(SpinThenSleep, ConsumerThatSpinsIsNeverWoken) {
  TestRing<Tick> ring(8);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(ring.producer.try_publish(number<Tick>(i)));
    ASSERT_NE(ring.consumer.try_read(), nullptr);
    ring.consumer.release();
    EXPECT_EQ(ring.consumer.try_read(), nullptr);
  }
  EXPECT_EQ(ring.region.producer_page().wakeups, 0U);
}

TEST(SpinThenSleep, SleepEndsByItselfSoThatStopIsSeen) {
  TestRing<Tick> ring(8);
  std::stop_source stop;
  stop.request_stop();
  SpinThenSleep wait{.spins = 0, .longest = std::chrono::milliseconds(1)};
  ring.consumer.run([](const Tick&) { FAIL(); }, wait, stop.get_token());
  std::stop_source later;
  std::thread thread([&] { later.request_stop(); });
  ring.consumer.run([](const Tick&) { FAIL(); }, wait, later.get_token());
  thread.join();
}

}  // namespace
}  // namespace hft::test
