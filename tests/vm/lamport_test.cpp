// SPDX-License-Identifier: MIT
// The original sandbox's ring, as its programs use it.
#include <sys/mman.h>

#include "driver_test.hpp"

namespace hft::test {
namespace {

class Lamport : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    control(HFT_SYS_SIM_START);
  }
};

volatile hft_lamport* map_original(const Device& device) {
  void* start = mmap(nullptr, HFT_LAMPORT_BYTES, PROT_READ | PROT_WRITE,
                     MAP_SHARED, device.fd(), 0);
  return start == MAP_FAILED ? nullptr
                             : static_cast<volatile hft_lamport*>(start);
}

TEST_F(Lamport, OriginalProgramReadsEveryRecord) {
  const Device device = Device::open();
  volatile hft_lamport* ring = map_original(device);
  ASSERT_NE(ring, nullptr);
  std::uint64_t previous = 0;
  std::uint64_t sequence = 0;
  for (int i = 0; i < 1500; ++i) {  // more than once around
    while (ring->producer_index == ring->consumer_index) {
    }
    const std::uint64_t index = ring->consumer_index;
    ASSERT_LT(index, HFT_LAMPORT_SLOTS);
    EXPECT_GT(ring->slots[index].stamp, previous);
    previous = ring->slots[index].stamp;
    if (i > 0) {
      ASSERT_EQ(ring->slots[index].data, sequence + 1);
    }
    sequence = ring->slots[index].data;
    ring->consumer_index = (index + 1) & HFT_LAMPORT_MASK;
  }
  munmap(const_cast<hft_lamport*>(ring), HFT_LAMPORT_BYTES);
}

TEST_F(Lamport, FirstToMapFindsItEmpty) {
  for (int run = 0; run < 3; ++run) {
    const Device device = Device::open();
    volatile hft_lamport* ring = map_original(device);
    ASSERT_NE(ring, nullptr);
    EXPECT_EQ(ring->consumer_index, 0U);
    while (ring->producer_index < 3) {
    }
    EXPECT_NE(ring->slots[0].stamp, 0U);
    munmap(const_cast<hft_lamport*>(ring), HFT_LAMPORT_BYTES);
  }
}

TEST_F(Lamport, ProducerIndexInThePageIsOnlyACopy) {
  const Device device = Device::open();
  volatile hft_lamport* ring = map_original(device);
  ASSERT_NE(ring, nullptr);
  while (ring->producer_index < 5) {
  }
  const std::uint64_t index = ring->producer_index;
  ring->producer_index = 0xdeadbeefcafef00d;
  // The driver goes on from its own count and repairs the copy.
  while (ring->producer_index == 0xdeadbeefcafef00d) {
  }
  EXPECT_GT(ring->producer_index, index - 1);
  EXPECT_LT(ring->producer_index, HFT_LAMPORT_SLOTS);
  EXPECT_NE(ring->slots[index].stamp, 0U);
  munmap(const_cast<hft_lamport*>(ring), HFT_LAMPORT_BYTES);
}

TEST_F(Lamport, FullRingDropsAndRecovers) {
  const Device device = Device::open();
  volatile hft_lamport* ring = map_original(device);
  ASSERT_NE(ring, nullptr);
  device.start_simulator(HFT_SIM_PERIOD_MIN);
  while (ring->producer_index != HFT_LAMPORT_MASK) {
  }
  const std::uint64_t ticks = device.simulator_stats().ticks;
  while (device.simulator_stats().ticks < ticks + 100) {
    usleep(1000);
  }
  EXPECT_EQ(ring->producer_index, HFT_LAMPORT_MASK);
  EXPECT_EQ(ring->slots[0].data + HFT_LAMPORT_MASK - 1,
            ring->slots[HFT_LAMPORT_MASK - 1].data);
  ring->consumer_index = HFT_LAMPORT_MASK;
  while (ring->producer_index == HFT_LAMPORT_MASK) {
  }
  munmap(const_cast<hft_lamport*>(ring), HFT_LAMPORT_BYTES);
}

}  // namespace
}  // namespace hft::test
