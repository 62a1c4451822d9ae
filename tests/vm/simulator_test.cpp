// SPDX-License-Identifier: MIT
// The packet simulator: started twice, bounded, and on schedule by its own
// word.
#include "driver_test.hpp"
#include "hft/consumer.hpp"

namespace hft::test {
namespace {

class Simulator : public DriverTest {};
class SimulatorBuiltIn : public SyscallTest {};

TEST_F(Simulator, StartedTwiceTicksOnce) {
  const Device device = Device::open();
  control(HFT_SYS_SIM_START);
  control(HFT_SYS_SIM_START);
  const hft_sim_stats stats = device.simulator_stats();
  EXPECT_EQ(stats.running, 1U);
  EXPECT_EQ(stats.period, HFT_SIM_PERIOD_DEFAULT);

  const Attached ring = attach(device);
  KernelConsumer consumer = ring.consumer();
  std::uint64_t next = 0;
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t sequence = market_of(consumer.read()).sequence;
    if (i > 0) {
      ASSERT_EQ(sequence, next);
    }
    next = sequence + 1;
    consumer.release();
    if (i % 50 == 0) {
      control(HFT_SYS_SIM_START);
    }
  }
}

TEST_F(Simulator, RestartsFromZero) {
  for (int run = 0; run < 3; ++run) {
    const Device device = Device::open();
    const Attached ring = attach(device);
    KernelConsumer consumer = ring.consumer();
    control(HFT_SYS_SIM_START);
    EXPECT_EQ(market_of(consumer.read()).sequence, 0U);
    control(HFT_SYS_SIM_STOP);
    EXPECT_EQ(device.simulator_stats().running, 0U);
  }
}

TEST_F(Simulator, PeriodIsBounded) {
  const Device device = Device::open();
  for (const std::uint64_t period :
       {std::uint64_t{0}, std::uint64_t{HFT_SIM_PERIOD_MIN - 1},
        std::uint64_t{HFT_SIM_PERIOD_MAX + 1}, UINT64_MAX}) {
    EXPECT_EQ(error_of([&] { device.start_simulator(period); }), EINVAL);
  }
  EXPECT_EQ(device.simulator_stats().running, 0U);
}

TEST_F(Simulator, ScheduleAddsUp) {
  const Device device = Device::open();
  const Attached ring = attach(device);
  KernelConsumer consumer = ring.consumer();
  device.start_simulator(100'000);
  std::uint64_t missed = 0;
  for (int i = 0; i < 300; ++i) {
    const hft_market market = market_of(consumer.read());
    missed += market.missed;
    EXPECT_GT(market.price, 0);
    EXPECT_GT(market.quantity, 0U);
    consumer.release();
  }
  device.stop_simulator();
  const hft_sim_stats stats = device.simulator_stats();
  EXPECT_GE(stats.ticks, 300U);
  EXPECT_GE(stats.missed, missed);
  EXPECT_EQ(device.ring_stats().offered, stats.ticks);
}

TEST_F(SimulatorBuiltIn, MayStartBeforeTheRingIsMade) {
  take_down();
  control(HFT_SYS_SIM_START);
  bring_up();
  const Device device = Device::open();
  const Attached ring = attach(device);
  KernelConsumer consumer = ring.consumer();
  EXPECT_GT(consumer.read().stamp, 0U);
}

}  // namespace
}  // namespace hft::test
