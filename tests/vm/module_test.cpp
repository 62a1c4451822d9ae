// SPDX-License-Identifier: MIT
// The driver as a module: its parameters, who holds it, and the in-kernel API
// by the example that uses it.
#include <array>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "driver_test.hpp"
#include "hft/affinity.hpp"
#include "hft/consumer.hpp"
#include "hft/reader.hpp"

namespace hft::test {
namespace {

class Module : public ::testing::Test {
 protected:
  void SetUp() override {
    if (module_file() == nullptr) {
      GTEST_SKIP() << "the driver is built in";
    }
  }
  void TearDown() override {
    if (module_file() != nullptr) {
      unload_module("hft_probe");
      unload_module("hft");
    }
  }
};

TEST_F(Module, ParametersOutOfRangeAreRefused) {
  for (const char* parameters :
       {"slot_size=63", "slot_size=96", "slot_size=8192", "slot_size=-1",
        "slot_size=x", "slot_size=", "slot_count=0", "slot_count=1",
        "slot_count=3", "slot_count=131072", "slot_count=99999999999",
        "simulator_cpu=4096", "simulator_cpu=4294967295"}) {
    const int error = load_module(module_file(), parameters);
    EXPECT_TRUE(error == EINVAL || error == ERANGE) << parameters << error;
  }
}

TEST_F(Module, ParametersShapeTheDefaultRing) {
  ASSERT_EQ(load_module(module_file(), "slot_size=256 slot_count=4096"), 0);
  const Device device = Device::open();
  const Attached ring = attach(device);
  EXPECT_EQ(ring.info().slot_size, 256U);
  EXPECT_EQ(ring.info().slot_count, 4096U);
  std::uint32_t shown = 0;
  std::ifstream("/sys/module/hft/parameters/slot_size") >> shown;
  EXPECT_EQ(shown, 256U);
}

TEST_F(Module, AFileOrAMappingHoldsIt) {
  ASSERT_EQ(load_module(module_file()), 0);
  {
    Mapping info;
    {
      const Device device = Device::open();
      EXPECT_EQ(unload_module("hft"), EWOULDBLOCK);
      info = Mapping(device.fd(), HFT_MMAP_INFO, HFT_PAGE, Rights::kRead);
    }
    EXPECT_EQ(unload_module("hft"), EWOULDBLOCK);
    EXPECT_EQ(info.as<const hft_info>()->magic, HFT_INFO_MAGIC);
  }
  EXPECT_EQ(unload_module("hft"), 0);
  EXPECT_EQ(error_of([] { Device::open(); }), ENOENT);
}

TEST_F(Module, UnloadingStopsTheSimulator) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(load_module(module_file()), 0);
    Device::open().start_simulator(HFT_SIM_PERIOD_MIN * 10);
    EXPECT_EQ(unload_module("hft"), 0);
  }
}

int set_online(char value) {
  const Descriptor file(
      open("/sys/devices/system/cpu/cpu1/online", O_WRONLY | O_CLOEXEC));
  return write(file.get(), &value, 1) == 1 ? 0 : errno;
}

TEST_F(Module, TheSimulatorFollowsItsCpu) {
  // tick_nohz_cpu_down(): with nohz_full the CPU that keeps the time stays, and
  // which one that is was decided at boot.
  if (set_online('0') == EBUSY) {
    GTEST_SKIP() << "CPU 1 keeps this kernel's time and cannot go offline";
  }
  ASSERT_EQ(set_online('1'), 0);
  ASSERT_EQ(load_module(module_file(), "simulator_cpu=1"), 0);
  const Device device = Device::open();
  const Attached ring = attach(device);
  KernelConsumer consumer = ring.consumer();
  device.start_simulator(100'000);
  EXPECT_EQ(market_of(consumer.read()).sequence, 0U);
  consumer.release();

  ASSERT_EQ(set_online('0'), 0);
  const std::uint64_t ticks = device.simulator_stats().ticks;
  usleep(20'000);
  EXPECT_EQ(device.simulator_stats().ticks, ticks);
  EXPECT_EQ(device.simulator_stats().running, 1U);

  ASSERT_EQ(set_online('1'), 0);
  std::uint64_t next = 1;
  for (; next < ticks + 100; ++next) {
    ASSERT_EQ(market_of(consumer.read()).sequence, next);
    consumer.release();
  }
  device.stop_simulator();

  ASSERT_EQ(set_online('0'), 0);
  EXPECT_EQ(error_of([&] { device.start_simulator(100'000); }), ENXIO);
  ASSERT_EQ(set_online('1'), 0);
}

// hft_probe of examples/kernel.
TEST_F(Module, AnotherModulePublishesFromAKprobe) {
  const char* example = std::getenv("HFT_EXAMPLE");
  if (example == nullptr) {
    GTEST_SKIP() << "HFT_EXAMPLE does not name hft_probe.ko";
  }
  ASSERT_EQ(load_module(module_file()), 0);
  ASSERT_EQ(load_module(example, "symbol=no_such_symbol"), ENOENT);
  ASSERT_EQ(load_module(example, "symbol=__x64_sys_getppid"), 0);
  EXPECT_EQ(unload_module("hft"), EWOULDBLOCK);

  constexpr int kCalls = 500;
  struct Call {
    std::uint32_t pid;
    std::uint32_t cpu;
    char comm[16];
  };
  for (std::uint32_t cpu = 0; cpu < 2; ++cpu) {
    const Device device = Device::open();
    device.attach_ring(1 + cpu);
    const Attached ring = attach(device);
    Reader reader = ring.reader();
    pin_to_cpu(static_cast<int>(cpu));
    for (int i = 0; i < kCalls; ++i) {
      getppid();
    }
    int seen = 0;
    hft_record record;
    while (reader.try_read(record)) {
      Call call{};
      std::memcpy(&call, record.payload, sizeof(call));
      EXPECT_EQ(record.type, HFT_RECORD_USER);
      EXPECT_EQ(record.length, sizeof(Call));
      EXPECT_EQ(call.cpu, cpu);
      seen += call.pid == static_cast<std::uint32_t>(getpid()) ? 1 : 0;
    }
    EXPECT_EQ(seen, kCalls);
    EXPECT_EQ(reader.lapped(), 0U);
    EXPECT_EQ(unload_module("hft"), EWOULDBLOCK);
  }
  pin_to_cpu(0);
  // A ring that its creator has destroyed stays for who still has it.
  const Device device = Device::open();
  device.attach_ring(1);
  const Attached ring = attach(device);
  EXPECT_EQ(unload_module("hft_probe"), 0);
  EXPECT_EQ(ring.info().magic, HFT_INFO_MAGIC);
  EXPECT_EQ(device.ring_stats().published, device.ring_stats().offered);
}

// Of all CPUs into one ring: each call is there, whole, or counted.
void expect_calls_in_one_ring(bool drop) {
  const char* example = std::getenv("HFT_EXAMPLE");
  if (example == nullptr) {
    GTEST_SKIP() << "HFT_EXAMPLE does not name hft_probe.ko";
  }
  const char* asked = std::getenv("HFT_OFFERS");
  const std::uint64_t calls =
      (asked != nullptr ? std::strtoull(asked, nullptr, 10) : 100'000) / 2;
  ASSERT_EQ(load_module(module_file()), 0);
  const std::string parameters = "symbol=__x64_sys_getppid one_ring=1" +
                                 std::string(drop ? " drop=1" : "");
  ASSERT_EQ(load_module(example, parameters.c_str()), 0);
  {
    const Device device = Device::open();
    device.attach_ring(1);
    const Attached ring = attach(device);
    std::atomic<int> running = 2;
    const auto call = [&](int cpu) {
      return std::jthread([&, cpu] {
        pin_to_cpu(cpu);
        for (std::uint64_t i = 0; i < calls; ++i) {
          getppid();
        }
        --running;
      });
    };
    std::uint64_t seen = 0;
    std::uint64_t wrong = 0;
    const auto take = [&](const hft_record& record) {
      char name[16];
      std::memcpy(name, record.payload + 8, sizeof name);
      ++seen;
      wrong +=
          std::string_view(name) == "vm_tests" && record.length == 24 ? 0 : 1;
    };
    const std::array<std::jthread, 2> callers = {call(0), call(1)};
    std::uint64_t lapped = 0;
    if (drop) {
      KernelConsumer consumer = ring.consumer();
      while (running > 0 || consumer.for_each(take) > 0) {
        consumer.for_each(take);
        usleep(100);
      }
    } else {
      Reader reader = ring.reader(StartAt::kOldest);
      hft_record record;
      for (bool more = true; more; usleep(100)) {
        more = running > 0;
        while (reader.try_read(record)) {
          take(record);
        }
      }
      lapped = reader.lapped();
    }
    const hft_ring_stats stats = device.ring_stats();
    EXPECT_EQ(wrong, 0U);
    // The threads of this program call it, too, when they start and end.
    EXPECT_GE(stats.offered, 2 * calls);
    EXPECT_EQ(stats.pending, 0U);
    EXPECT_EQ(stats.published + stats.dropped, stats.offered);
    EXPECT_EQ(seen + lapped, stats.published);
    if (!drop) {
      EXPECT_EQ(stats.dropped, 0U);
    }
  }
  pin_to_cpu(0);
  EXPECT_EQ(unload_module("hft_probe"), 0);
}

TEST_F(Module, OneRingTakesTheCallsOfAllCpus) {
  expect_calls_in_one_ring(true);
}

TEST_F(Module, OneRingIsOverwrittenByTheCallsOfAllCpus) {
  expect_calls_in_one_ring(false);
}

}  // namespace
}  // namespace hft::test
