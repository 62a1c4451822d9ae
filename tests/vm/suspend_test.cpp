// SPDX-License-Identifier: MIT
// Suspension to memory, all of it but the firmware's part. What the guest
// shares with its host does not come back from it (virtio's 9p cannot suspend):
// stage module boots a guest for this test alone, which is disabled elsewhere.
#include "driver_test.hpp"
#include "hft/consumer.hpp"

namespace hft::test {
namespace {

class Suspend : public DriverTest {};

constexpr std::uint64_t kPeriod = 10'000'000;
// The kernel stays down for five seconds: so many ticks.
constexpr std::uint32_t kAsleep = 500;

TEST_F(Suspend, DISABLED_TheSimulatorGoesOnWhereItWas) {
  ASSERT_TRUE(std::filesystem::exists("/sys/power/pm_test"))
      << "this kernel lacks CONFIG_PM_DEBUG";
  const Device device = Device::open();
  const Attached ring = attach(device);
  KernelConsumer consumer = ring.consumer();
  device.start_simulator(kPeriod);
  std::uint64_t next = 0;
  const auto read_one = [&] {
    const hft_market market = market_of(consumer.read());
    EXPECT_EQ(market.sequence, next++);
    EXPECT_LT(market.missed, kAsleep / 2);
    consumer.release();
  };
  for (int i = 0; i < 10; ++i) {
    read_one();
  }
  ASSERT_TRUE(write_to("/sys/power/pm_test", "core"));
  ASSERT_TRUE(write_to("/sys/power/state", "mem"));
  const std::uint64_t end = device.simulator_stats().ticks + 10;
  while (next < end) {
    read_one();
  }
  EXPECT_EQ(device.simulator_stats().running, 1U);
  EXPECT_EQ(device.ring_stats().dropped, 0U);
}

}  // namespace
}  // namespace hft::test
