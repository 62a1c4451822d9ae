// SPDX-License-Identifier: MIT
// Wake-ups: an eventfd for the consumer that asks, none for the one that spins.
#include <fcntl.h>
#include <sys/eventfd.h>

#include <chrono>
#include <thread>

#include "driver_test.hpp"
#include "hft/consumer.hpp"

namespace hft::test {
namespace {

class WakeUps : public DriverTest {};

// Sleeps at once, and so long that a wake-up which is lost ends in the guest's
// deadline.
SpinThenSleep sleeper() {
  return {.spins = 0, .longest = std::chrono::hours(1)};
}

TEST_F(WakeUps, OnlyARequestIsSignalledAndOnce) {
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  const Attached ring = attach(device, Role::kConsumer, WakeUp::kOnRequest);
  const ConsumerEnd end = ring.consumer_end();
  std::uint64_t count = 0;

  device.publish(3);
  EXPECT_EQ(read(end.doorbell.fd, &count, sizeof(count)), -1);
  EXPECT_EQ(errno, EAGAIN);

  __atomic_store_n(&end.page->waiting, 1U, __ATOMIC_SEQ_CST);
  device.publish(3);
  EXPECT_EQ(__atomic_load_n(&end.page->waiting, __ATOMIC_ACQUIRE), 0U);
  EXPECT_EQ(read(end.doorbell.fd, &count, sizeof(count)), 8);
  EXPECT_EQ(count, 1U);
  EXPECT_EQ(device.ring_stats().wakeups, 1U);
}

TEST_F(WakeUps, WithoutAnEventfdARequestIsNotLookedAt) {
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  const Attached ring = attach(device);
  ring.consumer_end().page->waiting = 1;
  device.publish(3);
  EXPECT_EQ(ring.consumer_end().page->waiting, 1U);
  EXPECT_EQ(device.ring_stats().wakeups, 0U);
}

TEST_F(WakeUps, ASleeperSeesEveryRecordOfTheSimulator) {
  const Device device = Device::open();
  const Attached ring = attach(device, Role::kConsumer, WakeUp::kOnRequest);
  KernelConsumer consumer = ring.consumer();
  SpinThenSleep wait = sleeper();
  device.start_simulator(200'000);
  std::uint64_t next = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t sequence = market_of(consumer.read(wait)).sequence;
    if (i > 0) {
      ASSERT_EQ(sequence, next);
    }
    next = sequence + 1;
    consumer.release();
  }
  EXPECT_GT(device.ring_stats().wakeups, 0U);
  EXPECT_EQ(device.ring_stats().dropped, 0U);
}

// Publish-then-look against ask-then-look, at all distances.
TEST_F(WakeUps, NoneIsLostUnderStress) {
  constexpr std::uint32_t kRecords = 5'000;
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  const Attached ring = attach(device, Role::kConsumer, WakeUp::kOnRequest);
  KernelConsumer consumer = ring.consumer();
  SpinThenSleep wait = sleeper();
  std::jthread producer = on_other_cpu([&] {
    for (std::uint32_t i = 0; i < kRecords; ++i) {
      // A full ring drops, and its consumer is awake.
      device.publish(1);
      for (volatile std::uint32_t pause = 0; pause < i % 512;) {
        pause = pause + 1;
      }
    }
  });
  const auto ended = [&] {
    const hft_ring_stats stats = device.ring_stats();
    return stats.offered == kRecords && consumer.position() == stats.published;
  };
  std::uint64_t last = 0;
  while (!ended()) {
    const std::uint64_t sequence = market_of(consumer.read(wait)).sequence;
    ASSERT_GE(sequence, last);
    last = sequence;
    consumer.release();
  }
  producer.join();
  const hft_ring_stats stats = device.ring_stats();
  EXPECT_EQ(stats.published + stats.dropped, kRecords);
  EXPECT_LE(stats.wakeups, stats.published);
}

TEST_F(WakeUps, AnEventfdIsForTheConsumer) {
  const Device first = manual_ring(HFT_MODE_DROP, 16);
  const Attached ring = attach(first);
  const Descriptor event(eventfd(0, EFD_CLOEXEC));
  const Device second = Device::open();
  second.attach_ring(ring.info().ring_id);
  EXPECT_EQ(error_of([&] { second.wake_through(event.get()); }), EBUSY);
  EXPECT_EQ(error_of([&] { first.wake_through(event.get()); }), 0);
  EXPECT_EQ(error_of([&] { first.wake_through(-1); }), 0);
  EXPECT_EQ(error_of([&] { first.wake_through(-1); }), 0);
}

TEST_F(WakeUps, WhatIsNoEventfdIsRefused) {
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  const Descriptor file(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(error_of([&] { device.wake_through(999); }), EBADF);
  EXPECT_EQ(error_of([&] { device.wake_through(file.get()); }), EINVAL);
}

TEST_F(WakeUps, OverwriteRingsHaveNoneOnRequest) {
  const Device device = manual_ring(HFT_MODE_OVERWRITE, 16);
  EXPECT_EQ(
      error_of([&] { attach(device, Role::kConsumer, WakeUp::kOnRequest); }),
      EINVAL);
}

TEST_F(WakeUps, TheNextConsumerInheritsNoEventfd) {
  const Device producer = manual_ring(HFT_MODE_DROP, 16);
  const std::uint32_t channel =
      attach(producer, Role::kObserver).info().ring_id;
  const Descriptor event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  {
    const Device device = Device::open();
    device.attach_ring(channel);
    device.wake_through(event.get());
  }
  const Device device = Device::open();
  device.attach_ring(channel);
  const Attached ring = attach(device);
  ring.consumer_end().page->waiting = 1;
  producer.publish(1);
  std::uint64_t count = 0;
  EXPECT_EQ(read(event.get(), &count, sizeof(count)), -1);
  EXPECT_EQ(errno, EAGAIN);
}

}  // namespace
}  // namespace hft::test
