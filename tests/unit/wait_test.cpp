// SPDX-License-Identifier: MIT
#include "hft/wait.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
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

// What asks is the parameter: a token, a flag or a function.
// On the heap: with sanitizers GCC 12 warns of the library's own constructor.
TEST(Stop, IsATokenAFlagOrAFunction) {
  const auto source = std::make_unique<std::stop_source>();
  std::atomic<bool> flag = false;
  bool said = false;
  const auto function = [&] { return said; };
  EXPECT_FALSE(is_stopped(source->get_token()));
  EXPECT_FALSE(is_stopped(flag));
  EXPECT_FALSE(is_stopped(function));
  source->request_stop();
  flag = true;
  said = true;
  EXPECT_TRUE(is_stopped(source->get_token()));
  EXPECT_TRUE(is_stopped(flag));
  EXPECT_TRUE(is_stopped(function));
}

TEST(Stop, ADeadlineOfAnyLengthIsRight) {
  EXPECT_TRUE(is_stopped(Deadline(std::chrono::nanoseconds(0))));
  EXPECT_TRUE(is_stopped(Deadline(std::chrono::nanoseconds(-1))));
  EXPECT_EQ(Deadline(std::chrono::nanoseconds(-1)).left().count(), 0);
  const Deadline never(std::chrono::nanoseconds::max());
  EXPECT_FALSE(is_stopped(never));
  EXPECT_GT(never.left(), std::chrono::hours(1));
}

// A consumer that is slower than its producer ends all the same.
TYPED_TEST(WaitBy, AStopComesBeforeARecordThatIsThere) {
  TestRing<Tick> ring(8);
  std::atomic<bool> stopped = true;
  TypeParam wait;
  EXPECT_EQ(ring.consumer.read(wait, stopped), nullptr);
  ASSERT_TRUE(ring.producer.try_publish(number<Tick>(7)));
  EXPECT_EQ(ring.consumer.read(wait, stopped), nullptr);
  EXPECT_FALSE(ring.producer.publish_when_room(number<Tick>(8), wait, stopped));
  EXPECT_EQ(ring.producer.position(), 1U);
  EXPECT_EQ(ring.producer.dropped(), 0U);
  stopped = false;
  const Tick* const tick = ring.consumer.read(wait, stopped);
  ASSERT_NE(tick, nullptr);
  EXPECT_EQ(number_in(*tick), 7U);
}

TYPED_TEST(WaitBy, AReadEndsWithItsTime) {
  constexpr std::chrono::milliseconds kWhile(2);
  TestRing<Tick> ring(8);
  TypeParam wait;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(ring.consumer.read_for(wait, kWhile), nullptr);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, kWhile);
  EXPECT_EQ(ring.consumer.read_until(wait, begun), nullptr);
  ASSERT_TRUE(ring.producer.try_publish(number<Tick>(7)));
  EXPECT_NE(ring.consumer.read_until(wait, begun), nullptr);
  EXPECT_NE(ring.consumer.read_for(wait, std::chrono::hours(1)), nullptr);
}

// A sleep that did not end by then would take the full hour.
TEST(SpinThenSleep, ASleepIsNoLongerThanTheWait) {
  TestRing<Tick> ring(8);
  SpinThenSleep wait{.spins = 0, .longest = std::chrono::hours(1)};
  EXPECT_EQ(ring.consumer.read_for(wait, std::chrono::milliseconds(2)),
            nullptr);
}

std::atomic<bool> signalled = false;

// Its handler sets a flag, as that of SIGTERM does in a daemon. The sleep would
// take the full hour.
TEST(SpinThenSleep, ASignalEndsASleepAndARead) {
  struct sigaction action {};
  action.sa_handler = [](int) { signalled = true; };
  struct sigaction before {};
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  TestRing<Tick> ring(8);
  std::atomic<bool> ended = false;
  std::thread reader([&] {
    SpinThenSleep wait{.spins = 0, .longest = std::chrono::hours(1)};
    EXPECT_EQ(ring.consumer.read(wait, signalled), nullptr);
    ended = true;
  });
  // One that comes before the sleep does not end it: go on until it has.
  while (!ended) {
    pthread_kill(reader.native_handle(), SIGUSR1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  reader.join();
  ASSERT_EQ(sigaction(SIGUSR1, &before, nullptr), 0);
}

TYPED_TEST(WaitBy, RunHandsOverWhatWasPublishedBeforeTheStop) {
  TestRing<Tick> ring(8);
  for (std::uint64_t i = 0; i < 8; ++i) {
    ASSERT_TRUE(ring.producer.try_publish(number<Tick>(i)));
  }
  std::uint64_t handled = 0;
  TypeParam wait;
  ring.consumer.run([&](const Tick&) { ++handled; }, wait, [] { return true; });
  EXPECT_EQ(handled, 8U);
}

// A producer that is never slower than its consumer does not keep it for ever.
TEST(Stop, RunEndsWhileRecordsKeepComing) {
  TestRing<Tick> ring(8);
  std::uint64_t next = 0;
  const auto publish = [&] {
    ASSERT_TRUE(ring.producer.try_publish(number<Tick>(next)));
    ++next;
  };
  publish();
  BusySpin wait;
  ring.consumer.run(
      [&](const Tick& tick) {
        EXPECT_EQ(number_in(tick) + 1, next);
        publish();
      },
      wait, [&] { return next > 100; });
  EXPECT_LE(next, 100U + 64U + 2 * 8U);
}

TYPED_TEST(WaitBy, WaitingForRoomEndsAndDropsNothing) {
  constexpr std::chrono::milliseconds kWhile(2);
  TestRing<Tick> ring(8);
  const std::uint64_t capacity = capacity_of(ring);
  TypeParam wait;
  for (std::uint64_t i = 0; i < capacity; ++i) {
    ASSERT_TRUE(ring.producer.publish_for(number<Tick>(i), wait, kWhile));
  }
  const auto begun = std::chrono::steady_clock::now();
  const Tick tick = number<Tick>(capacity);
  EXPECT_FALSE(ring.producer.publish_for(tick, wait, kWhile));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, kWhile);
  EXPECT_FALSE(ring.producer.publish_until(tick, wait, begun));
  EXPECT_FALSE(
      ring.producer.publish_when_room(tick, wait, [] { return true; }));
  EXPECT_EQ(ring.producer.dropped(), 0U);
  EXPECT_EQ(ring.producer.position(), capacity);
  ASSERT_NE(ring.consumer.try_read(), nullptr);
  ring.consumer.release();
  ring.consumer.flush();
  EXPECT_TRUE(ring.producer.publish_until(tick, wait, begun));
}

TEST(Wait, RecordsOfAnyLengthWaitForRoomToo) {
  using Records = Ring<hft_record>;
  const Region region = Region::anonymous(Records::geometry(2, 40));
  Producer<hft_record> producer = Records(region).producer();
  Consumer<hft_record> consumer = Records(region).consumer();
  constexpr std::array<std::byte, 3> kPayload{};
  constexpr std::uint16_t kType = HFT_RECORD_USER;
  BusySpin wait;
  producer.publish_when_room(1, kType, kPayload, wait);
  EXPECT_TRUE(producer.publish_for(2, kType, kPayload, wait,
                                   std::chrono::nanoseconds(0)));
  EXPECT_FALSE(producer.publish_for(3, kType, kPayload, wait,
                                    std::chrono::nanoseconds(0)));
  EXPECT_FALSE(
      producer.publish_until(3, kType, kPayload, wait, Deadline::Clock::now()));
  EXPECT_EQ(producer.dropped(), 0U);
  const hft_record* const record =
      consumer.read_for(wait, std::chrono::nanoseconds(0));
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->stamp, 1U);
  EXPECT_EQ(record->length, kPayload.size());
}

TEST(Wait, AReaderWaitsNoLongerThanAsked) {
  TestBroadcast<Tick> ring(8);
  Tick tick;
  Yield wait;
  EXPECT_FALSE(ring.reader.read(tick, wait, [] { return true; }));
  EXPECT_FALSE(ring.reader.read_for(tick, wait, std::chrono::milliseconds(1)));
  ring.producer.publish(number<Tick>(7));
  EXPECT_FALSE(ring.reader.read(tick, wait, [] { return true; }));
  ASSERT_TRUE(ring.reader.read_until(tick, wait, Deadline::Clock::now()));
  EXPECT_EQ(number_in(tick), 7U);
}

}  // namespace
}  // namespace hft::test
