// SPDX-License-Identifier: MIT
// /dev/hft: read, poll, ioctl, and who may consume.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <array>
#include <thread>
#include <vector>

#include "bench/cost/publish_timed.hpp"
#include "driver_test.hpp"

namespace hft::test {
namespace {

class DeviceFile : public DriverTest {};

TEST_F(DeviceFile, ReadReturnsWholeRecordsAsManyAsFit) {
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  std::array<hft_record, 8> records{};
  pollfd ready{device.fd(), POLLIN, 0};
  ASSERT_EQ(poll(&ready, 1, 0), 0);  // attaches

  device.publish(3);
  EXPECT_EQ(read(device.fd(), records.data(), sizeof(records)),
            static_cast<ssize_t>(3 * sizeof(hft_record)));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(market_of(records[i]).sequence, i);
    EXPECT_EQ(records[i].length, sizeof(hft_market));
  }

  device.publish(3);
  EXPECT_EQ(read(device.fd(), records.data(), 2 * sizeof(hft_record) + 17),
            static_cast<ssize_t>(2 * sizeof(hft_record)));
  EXPECT_EQ(read(device.fd(), records.data(), sizeof(records)),
            static_cast<ssize_t>(sizeof(hft_record)));
  EXPECT_EQ(market_of(records[0]).sequence, 5U);
}

TEST_F(DeviceFile, ShortReadGetsTheStampOfOneRecord) {
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  pollfd ready{device.fd(), POLLIN, 0};
  ASSERT_EQ(poll(&ready, 1, 0), 0);
  device.publish(2);
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  EXPECT_EQ(read(device.fd(), &first, sizeof(first)), 8);
  EXPECT_EQ(read(device.fd(), &second, sizeof(second)), 8);
  EXPECT_GT(first, 0U);
  EXPECT_GT(second, first);
}

TEST_F(DeviceFile, EmptyReadIsNothing) {
  const Device device = Device::open();
  EXPECT_EQ(read(device.fd(), nullptr, 0), 0);
}

TEST_F(DeviceFile, NonBlockingReadOfNothingIsEagain) {
  const Device device = Device::open(O_NONBLOCK);
  hft_record record;
  EXPECT_EQ(read(device.fd(), &record, sizeof(record)), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(DeviceFile, ReadIntoABadAddressIsEfaultAndLosesNothing) {
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  pollfd ready{device.fd(), POLLIN, 0};
  ASSERT_EQ(poll(&ready, 1, 0), 0);
  device.publish(1);
  void* forbidden =
      mmap(nullptr, HFT_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT_EQ(read(device.fd(), forbidden, sizeof(hft_record)), -1);
  EXPECT_EQ(errno, EFAULT);
  munmap(forbidden, HFT_PAGE);
  hft_record record;
  EXPECT_EQ(read(device.fd(), &record, sizeof(record)),
            static_cast<ssize_t>(sizeof(record)));
}

TEST_F(DeviceFile, BlockedReadIsWokenByARecord) {
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  pollfd ready{device.fd(), POLLIN, 0};
  ASSERT_EQ(poll(&ready, 1, 0), 0);
  std::thread producer([&] { device.publish(1); });
  hft_record record;
  EXPECT_EQ(read(device.fd(), &record, sizeof(record)),
            static_cast<ssize_t>(sizeof(record)));
  producer.join();
}

TEST_F(DeviceFile, BlockedReadIsInterruptedByASignal) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGALRM, &action, nullptr);
  const Device device = Device::open();
  hft_record record;
  // The timer repeats, so a signal before read() sleeps does no harm.
  ualarm(20'000, 20'000);
  EXPECT_EQ(read(device.fd(), &record, sizeof(record)), -1);
  EXPECT_EQ(errno, EINTR);
  ualarm(0, 0);
}

TEST_F(DeviceFile, SleepingReaderSeesEveryRecordOfTheSimulator) {
  const Device device = Device::open();
  device.start_simulator(200'000);
  std::uint64_t next = 0;
  for (int i = 0; i < 500; ++i) {
    hft_record record;
    ASSERT_EQ(read(device.fd(), &record, sizeof(record)),
              static_cast<ssize_t>(sizeof(record)));
    const std::uint64_t sequence = market_of(record).sequence;
    if (i > 0) {
      ASSERT_EQ(sequence, next);
    }
    next = sequence + 1;
  }
  EXPECT_EQ(device.ring_stats().dropped, 0U);
}

TEST_F(DeviceFile, PollTellsWhenThereIsARecord) {
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  pollfd ready{device.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&ready, 1, 0), 0);
  device.publish(1);
  EXPECT_EQ(poll(&ready, 1, 0), 1);
  EXPECT_EQ(ready.revents, POLLIN);
  hft_record record;
  ASSERT_GT(read(device.fd(), &record, sizeof(record)), 0);
  EXPECT_EQ(poll(&ready, 1, 0), 0);

  std::thread producer([&] { device.publish(1); });
  EXPECT_EQ(poll(&ready, 1, -1), 1);
  producer.join();
}

TEST_F(DeviceFile, ASpinningConsumerCausesNoWakeUp) {
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  const Attached ring = attach(device);
  device.publish(10);
  EXPECT_EQ(device.ring_stats().wakeups, 0U);
}

TEST_F(DeviceFile, SecondConsumerIsEbusyUntilTheFirstCloses) {
  Device first = Device::open();
  const Device second = Device::open(O_NONBLOCK);
  hft_record record;
  {
    const Attached ring = attach(first);
    EXPECT_EQ(error_of([&] { attach(second); }), EBUSY);
    EXPECT_EQ(read(second.fd(), &record, sizeof(record)), -1);
    EXPECT_EQ(errno, EBUSY);
    pollfd ready{second.fd(), POLLIN, 0};
    EXPECT_EQ(poll(&ready, 1, 0), 1);
    EXPECT_EQ(ready.revents, POLLERR);
  }
  EXPECT_EQ(error_of([&] { attach(second); }), EBUSY);
  first = Device(-1);
  EXPECT_EQ(error_of([&] { attach(second); }), 0);
}

TEST_F(DeviceFile, MappedConsumerCannotAlsoRead) {
  const Device device = Device::open(O_NONBLOCK);
  const Attached ring = attach(device);
  hft_record record;
  EXPECT_EQ(read(device.fd(), &record, sizeof(record)), -1);
  EXPECT_EQ(errno, EBUSY);
}

TEST_F(DeviceFile, UnknownIoctlIsEinval) {
  const Device device = Device::open();
  for (const unsigned long command : {0UL, 1UL, _IO(HFT_IOC_TYPE, 99) + 0UL}) {
    EXPECT_EQ(ioctl(device.fd(), command, 0), -1);
    EXPECT_EQ(errno, EINVAL) << command;
  }
}

TEST_F(DeviceFile, IoctlWithABadAddressIsEfault) {
  const Device device = Device::open();
  for (const unsigned long command :
       {HFT_IOC_RING_CREATE + 0UL, HFT_IOC_RING_ATTACH + 0UL,
        HFT_IOC_RING_STATS + 0UL, HFT_IOC_PUBLISH + 0UL,
        HFT_IOC_SIM_START + 0UL, HFT_IOC_SIM_STATS + 0UL, HFT_IOC_CYCLES + 0UL,
        HFT_IOC_EVENTFD + 0UL, HFT_IOC_PUBLISH_COST + 0UL}) {
    EXPECT_EQ(ioctl(device.fd(), command, 8), -1);
    EXPECT_EQ(errno, EFAULT) << command;
  }
}

TEST_F(DeviceFile, ControlIoctlsNeedPrivilege) {
  const Device device = Device::open();
  EXPECT_TRUE(as_nobody([&] {
    hft_ring_params params{};
    params.slot_size = 64;
    params.slot_count = 8;
    return error_of([&] { device.create_ring(params); }) == EPERM &&
           error_of([&] { device.publish(1); }) == EPERM &&
           error_of([&] {
             static_cast<void>(bench::publish_timed(device, 1));
           }) == EPERM &&
           error_of([&] { device.start_simulator(1'000'000); }) == EPERM &&
           error_of([&] { device.stop_simulator(); }) == EPERM;
  }));
}

TEST_F(DeviceFile, CountersNeedNoPrivilege) {
  const Device device = Device::open();
  EXPECT_TRUE(as_nobody([&] {
    return error_of([&] { static_cast<void>(device.ring_stats()); }) == 0;
  }));
}

TEST_F(DeviceFile, CyclesAdvance) {
  const Device device = Device::open();
  const std::uint64_t first = device.cycles();
  EXPECT_GT(device.cycles(), first);
}

TEST_F(DeviceFile, PublishingInAHardInterruptIsTimed) {
  const Device device = manual_ring(HFT_MODE_OVERWRITE, 16);
  const hft_publish_cost cost = bench::publish_timed(device, 40);
  EXPECT_EQ(cost.published, 40U);
  EXPECT_GT(cost.cycles, 0U);
  EXPECT_EQ(device.ring_stats().published, 40U);

  const Device full = manual_ring(HFT_MODE_DROP, 16);
  EXPECT_EQ(bench::publish_timed(full, 20).published, 16U);
  EXPECT_EQ(full.ring_stats().dropped, 4U);
}

TEST_F(DeviceFile, TimedPublishingIsBounded) {
  const Device device = manual_ring(HFT_MODE_OVERWRITE, 16);
  const Device simulated = Device::open();
  for (const std::uint32_t count : {0U, HFT_PUBLISH_COST_MAX + 1, UINT32_MAX}) {
    EXPECT_EQ(error_of([&] {
                static_cast<void>(bench::publish_timed(device, count));
              }),
              EINVAL);
  }
  EXPECT_EQ(
      error_of([&] { static_cast<void>(bench::publish_timed(simulated, 1)); }),
      EINVAL);
}

TEST_F(DeviceFile, ChannelIsChosenOnce) {
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  hft_ring_params params{};
  params.slot_size = 64;
  params.slot_count = 8;
  EXPECT_EQ(error_of([&] { device.create_ring(params); }), EBUSY);
  EXPECT_EQ(error_of([&] { device.attach_ring(0); }), EBUSY);
}

TEST_F(DeviceFile, AttachToAbsentChannelIsEnoent) {
  const Device device = Device::open();
  EXPECT_EQ(error_of([&] { device.attach_ring(63); }), ENOENT);
  EXPECT_EQ(error_of([&] { device.attach_ring(1U << 31); }), ENOENT);
}

TEST_F(DeviceFile, ChannelsRunOutAndComeBack) {
  std::vector<Device> devices;
  for (std::uint32_t i = 1; i < HFT_RING_MAX; ++i) {
    devices.push_back(manual_ring(HFT_MODE_DROP, 2));
  }
  EXPECT_EQ(error_of([] { manual_ring(HFT_MODE_DROP, 2); }), ENOSPC);
  devices.pop_back();
  EXPECT_EQ(error_of([] { manual_ring(HFT_MODE_DROP, 2); }), 0);
}

TEST_F(DeviceFile, BadRingParametersAreEinval) {
  for (const auto& [size, count, mode, source] : {std::array{0U, 8U, 0U, 0U},
                                                  {63U, 8U, 0U, 0U},
                                                  {64U, 3U, 0U, 0U},
                                                  {64U, 1U, 0U, 0U},
                                                  {8192U, 8U, 0U, 0U},
                                                  {64U, 131072U, 0U, 0U},
                                                  {64U, 8U, 2U, 0U},
                                                  {64U, 8U, 0U, 2U}}) {
    const Device device = Device::open();
    hft_ring_params params{};
    params.slot_size = size;
    params.slot_count = count;
    params.mode = mode;
    params.source = source;
    EXPECT_EQ(error_of([&] { device.create_ring(params); }), EINVAL);
  }
}

}  // namespace
}  // namespace hft::test
