// SPDX-License-Identifier: MIT
// The mapped ring in both modes: order, exact loss, a hostile consumer.
#include <poll.h>

#include <atomic>
#include <random>
#include <thread>

#include "driver_test.hpp"
#include "hft/consumer.hpp"
#include "hft/reader.hpp"

namespace hft::test {
namespace {

class Ring : public DriverTest {};

void expect_accounted(const Device& device) {
  const hft_ring_stats stats = device.ring_stats();
  EXPECT_EQ(stats.published + stats.dropped, stats.offered);
}

TEST_F(Ring, DescribesItself) {
  const Device device = Device::open();
  const Attached ring = attach(device);
  EXPECT_EQ(ring.info().slot_size, HFT_DEFAULT_SLOT_SIZE);
  EXPECT_EQ(ring.info().slot_count, HFT_DEFAULT_SLOT_COUNT);
  EXPECT_EQ(ring.info().producer_kind, HFT_PRODUCER_DRIVER + 0U);
  EXPECT_GT(ring.info().clock_hz, 0U);
}

TEST_F(Ring, RecordsArriveInOrderAndOnce) {
  const Device device = manual_ring(HFT_MODE_DROP, 64);
  const Attached ring = attach(device);
  KernelConsumer consumer = ring.consumer();
  EXPECT_EQ(consumer.try_read(), nullptr);
  std::uint64_t next = 0;
  for (int batch = 0; batch < 100; ++batch) {
    device.publish(40);
    while (const hft_record* record = consumer.try_read()) {
      ASSERT_EQ(market_of(*record).sequence, next++);
      consumer.release();
    }
  }
  EXPECT_EQ(next, 4000U);
  EXPECT_EQ(device.ring_stats().dropped, 0U);
  expect_accounted(device);
}

TEST_F(Ring, LargeSlotsWorkTheSame) {
  const Device device = manual_ring(HFT_MODE_DROP, 16, 4096);
  const Attached ring = attach(device);
  KernelConsumer consumer = ring.consumer();
  EXPECT_EQ(ring.info().record_size, 4088U);
  for (std::uint64_t i = 0; i < 100; ++i) {
    device.publish(1);
    const hft_record* record = consumer.try_read();
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(market_of(*record).sequence, i);
    consumer.release();
  }
}

TEST_F(Ring, StalledConsumerLosesExactlyTheRest) {
  const Device device = manual_ring(HFT_MODE_DROP, 64);
  const Attached ring = attach(device);
  device.publish(64 + 1000);
  const hft_ring_stats stats = device.ring_stats();
  EXPECT_EQ(stats.offered, 1064U);
  EXPECT_EQ(stats.published, 64U);
  EXPECT_EQ(stats.dropped, 1000U);
  EXPECT_EQ(ring.producer_page().dropped, 1000U);
  EXPECT_EQ(ring.producer_page().producer_pos, 64U);

  // It wakes up: the oldest 64 are intact, and as many find room again.
  KernelConsumer consumer = ring.consumer();
  for (std::uint64_t i = 0; i < 64; ++i) {
    const hft_record* record = consumer.try_read();
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(market_of(*record).sequence, i);
    consumer.release();
  }
  EXPECT_EQ(consumer.try_read(), nullptr);
  device.publish(1);
  ASSERT_NE(consumer.try_read(), nullptr);
  EXPECT_EQ(market_of(*consumer.try_read()).sequence, 1064U);
  expect_accounted(device);
}

TEST_F(Ring, SimulatorAgainstAStalledConsumerIsAccounted) {
  const Device device = Device::open();
  const Attached ring = attach(device);
  device.start_simulator(HFT_SIM_PERIOD_MIN);
  while (device.ring_stats().dropped < 1000) {
    usleep(1000);
  }
  device.stop_simulator();
  expect_accounted(device);
  const hft_ring_stats stats = device.ring_stats();
  EXPECT_EQ(stats.published, HFT_DEFAULT_SLOT_COUNT);
  EXPECT_EQ(stats.offered, device.simulator_stats().ticks);
}

TEST_F(Ring, LateConsumerSeesOnlyWhatComesNext) {
  const Device device = manual_ring(HFT_MODE_DROP, 64);
  device.publish(100);
  const Attached ring = attach(device);
  KernelConsumer consumer = ring.consumer();
  EXPECT_EQ(consumer.try_read(), nullptr);
  device.publish(1);
  ASSERT_NE(consumer.try_read(), nullptr);
  EXPECT_EQ(market_of(*consumer.try_read()).sequence, 100U);
}

TEST_F(Ring, HostileConsumerHurtsOnlyItself) {
  const Device device = manual_ring(HFT_MODE_DROP, 64);
  const Attached ring = attach(device);
  const Device honest_device = manual_ring(HFT_MODE_DROP, 1024);
  const Attached honest_ring = attach(honest_device);
  KernelConsumer honest = honest_ring.consumer();

  std::atomic<bool> stop = false;
  std::jthread scribbler = on_other_cpu([&] {
    std::mt19937_64 random(1);
    auto* words = reinterpret_cast<std::uint64_t*>(ring.consumer_end().page);
    while (!stop) {
      __atomic_store_n(&words[random() % (HFT_PAGE / 8)],
                       random() >> (random() % 64), __ATOMIC_RELAXED);
    }
  });
  std::uint64_t next = 0;
  for (int i = 0; i < 500; ++i) {
    device.publish(100);
    honest_device.publish(10);
    while (const hft_record* record = honest.try_read()) {
      ASSERT_EQ(market_of(*record).sequence, next++);
      honest.release();
    }
  }
  stop = true;
  scribbler.join();
  EXPECT_EQ(next, 5000U);
  EXPECT_EQ(device.ring_stats().offered, 50'000U);
  expect_accounted(device);
  expect_accounted(honest_device);
}

TEST_F(Ring, OverwriteReportsLapsExactly) {
  const Device device = manual_ring(HFT_MODE_OVERWRITE, 64);
  const Attached ring = attach(device);
  Reader reader(ring.reader_end(), ring.producer_page().producer_pos);
  device.publish(1000);
  hft_record record;
  std::uint64_t seen = 0;
  std::uint64_t next = 1000 - 64;
  while (reader.try_read(record)) {
    EXPECT_EQ(market_of(record).sequence, next++);
    ++seen;
  }
  EXPECT_EQ(seen, 64U);
  EXPECT_EQ(reader.lapped(), 1000U - 64U);
  EXPECT_EQ(device.ring_stats().dropped, 0U);
  expect_accounted(device);
}

TEST_F(Ring, OverwriteReadersAreIndependent) {
  const Device device = manual_ring(HFT_MODE_OVERWRITE, 64);
  const Attached ring = attach(device);
  Reader fast(ring.reader_end(), 0);
  Reader slow(ring.reader_end(), 0);
  hft_record record;
  for (int i = 0; i < 100; ++i) {
    device.publish(10);
    while (fast.try_read(record)) {
    }
  }
  while (slow.try_read(record)) {
  }
  EXPECT_EQ(fast.lapped(), 0U);
  EXPECT_EQ(fast.position(), 1000U);
  EXPECT_EQ(slow.lapped(), 1000U - 64U);
}

TEST_F(Ring, OverwriteUnderLoadNeverTearsARecord) {
  const Device device = manual_ring(HFT_MODE_OVERWRITE, 4);
  const Attached ring = attach(device);
  Reader reader(ring.reader_end(), 0);
  std::jthread producer = on_other_cpu([&] { device.publish(200'000); });
  hft_record record;
  std::uint64_t seen = 0;
  while (reader.position() < 200'000) {
    if (reader.try_read(record)) {
      // The sequence is the position: a torn or misplaced record would differ.
      ASSERT_EQ(market_of(record).sequence, reader.position() - 1);
      ++seen;
    }
  }
  producer.join();
  EXPECT_EQ(seen + reader.lapped(), 200'000U);
}

// What others do to a ring while it is published to; under KCSAN also a look
// for data races.
TEST_F(Ring, OthersLookOnWhileItIsPublished) {
  for (const hft_mode mode : {HFT_MODE_DROP, HFT_MODE_OVERWRITE}) {
    const Device device = manual_ring(mode, 64);
    std::atomic<bool> done = false;
    std::jthread producer = on_other_cpu([&] {
      for (int i = 0; i < 200; ++i) {
        device.publish(200);
      }
      done = true;
    });
    const Device other = Device::open(O_NONBLOCK);
    other.attach_ring(attach(device, Role::kObserver).info().ring_id);
    hft_ring_stats last{};
    hft_record record;
    std::uint64_t next = 0;
    while (!done) {
      const hft_ring_stats stats = other.ring_stats();
      EXPECT_GE(stats.offered, last.offered);
      EXPECT_GE(stats.published, last.published);
      EXPECT_GE(stats.dropped, last.dropped);
      last = stats;
      pollfd ready{other.fd(), POLLIN, 0};
      poll(&ready, 1, 0);
      if (read(other.fd(), &record, sizeof(record)) > 0) {
        ASSERT_GE(market_of(record).sequence, next);
        next = market_of(record).sequence + 1;
      }
    }
    producer.join();
    EXPECT_EQ(device.ring_stats().offered, 40'000U);
    expect_accounted(device);
  }
}

TEST_F(Ring, OverwriteReadThroughTheFileSkipsWhatIsGone) {
  const Device device = manual_ring(HFT_MODE_OVERWRITE, 8);
  hft_record record;
  Device reader = Device::open();
  const Attached ring = attach(device);
  reader.attach_ring(ring.info().ring_id);
  device.publish(5);
  // A file's reading begins with its first read or poll.
  pollfd ready{reader.fd(), POLLIN, 0};
  ASSERT_EQ(poll(&ready, 1, 0), 0);
  device.publish(1);
  ASSERT_EQ(read(reader.fd(), &record, sizeof(record)),
            static_cast<ssize_t>(sizeof(record)));
  EXPECT_EQ(market_of(record).sequence, 5U);
  device.publish(20);
  ASSERT_EQ(read(reader.fd(), &record, sizeof(record)),
            static_cast<ssize_t>(sizeof(record)));
  EXPECT_EQ(market_of(record).sequence, 26U - 8U);
}

}  // namespace
}  // namespace hft::test
