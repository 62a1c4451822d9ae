// SPDX-License-Identifier: MIT
// The producers we ship: the simulator and the tracepoint.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <stop_token>
#include <string_view>
#include <thread>

#include "bpf_test.hpp"
#include "hft/affinity.hpp"
#include "hft/bpf_sched_switch.hpp"
#include "hft/bpf_simulator.hpp"
#include "hft/merger.hpp"
#include "hft/record.hpp"

namespace hft::bpf {
namespace {

using ProducersTest = PinTest;
using Driver = SimulatorOptions::Driver;
using Output = SimulatorOptions::Output;

constexpr std::uint64_t kPeriod = 100'000;

hft_market market_of(const hft_record& record) {
  EXPECT_EQ(record.type, HFT_RECORD_MARKET);
  EXPECT_EQ(record.length, sizeof(hft_market));
  hft_market market;
  std::memcpy(&market, record.payload, sizeof market);
  return market;
}

// 100 packets that one schedule explains: none is late or missed and not said.
// A stamp is taken after the reading that `late` is from, however long after,
// and before the next packet's: between these is what the first one was due.
void expect_schedule(const Simulator& simulator) {
  const Attached ring = simulator.rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  std::uint64_t earliest = 0;
  std::uint64_t latest = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t since_first = 0;
  hft_record before{};
  for (std::uint64_t i = 0; i < 100; ++i) {
    const hft_record record = consumer.read();
    consumer.release();
    const hft_market market = market_of(record);
    const std::uint64_t after_first = since_first + market.late;
    if (i > 0) {
      EXPECT_EQ(market.sequence, market_of(before).sequence + 1);
      earliest = std::max<std::uint64_t>(earliest, before.stamp - after_first);
    }
    // Of a packet that comes early, nothing is said.
    if (market.late > 0) {
      latest = std::min<std::uint64_t>(latest, record.stamp - after_first);
    }
    EXPECT_EQ(market.missed, market.late / kPeriod);
    since_first += (1 + market.missed) * kPeriod;
    before = record;
  }
  EXPECT_LE(earliest, latest);
}

TEST_F(ProducersTest, TimerKeepsASchedule) {
  Simulator simulator({.period = kPeriod, .cpu = 0, .driver = Driver::kTimer});
  simulator.start();
  EXPECT_EQ(simulator.driven_by(), "bpf_timer");
  expect_schedule(simulator);
}

TEST_F(ProducersTest, PerfEventKeepsASchedule) {
  Simulator simulator(
      {.period = kPeriod, .cpu = 0, .driver = Driver::kPerfEvent});
  simulator.start();
  EXPECT_EQ(simulator.driven_by(), "perf event");
  expect_schedule(simulator);
}

class SimulatorTest : public ProducersTest,
                      public testing::WithParamInterface<Driver> {
 protected:
  static constexpr std::uint32_t kSlots = 16;
  static Simulator with(hft_mode mode) {
    return Simulator({.period = kPeriod,
                      .driver = GetParam(),
                      .shape = {.slot_count = kSlots, .mode = mode}});
  }
  static void run_until_offered(Simulator& simulator, std::uint64_t packets) {
    simulator.start();
    while (simulator.stats().offered < packets) {
    }
    simulator.stop();
  }
};

TEST_P(SimulatorTest, StalledConsumerLosesExactlyWhatDidNotFit) {
  Simulator simulator = with(HFT_MODE_DROP);
  const Attached ring = simulator.rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  run_until_offered(simulator, 3 * kSlots);
  const hft_ring_stats stats = simulator.stats();
  EXPECT_EQ(stats.published, kSlots);
  EXPECT_EQ(stats.dropped, stats.offered - kSlots);
  EXPECT_EQ(ring.producer_page().dropped, stats.dropped);
  std::uint64_t next = 0;
  const auto expect_next = [&](const hft_record& record) {
    EXPECT_EQ(market_of(record).sequence, next++);
  };
  EXPECT_EQ(consumer.for_each(expect_next), kSlots);
  consumer.flush();
  // One more shows by its number what was lost.
  simulator.publish(1);
  next += stats.dropped;
  EXPECT_EQ(consumer.for_each(expect_next), 1U);
}

TEST_P(SimulatorTest, OverwriteReadersCountTheirLapsExactly) {
  Simulator simulator = with(HFT_MODE_OVERWRITE);
  const Attached ring = simulator.rings().attach(0, Role::kConsumer);
  auto reader = ring.reader();
  run_until_offered(simulator, 3 * kSlots);
  const hft_ring_stats stats = simulator.stats();
  EXPECT_EQ(stats.published, stats.offered);
  const std::uint64_t read = read_numbered(
      reader,
      [](const hft_record& record) { return market_of(record).sequence; });
  EXPECT_GT(read, 0U);
  EXPECT_EQ(read + reader.lapped(), stats.published);
}

TEST_P(SimulatorTest, PublishesNoMoreOnceStoppedAndStartsAgain) {
  Simulator simulator(
      {.period = kPeriod, .driver = GetParam(), .shape = {.slot_count = 4096}});
  const Attached ring = simulator.rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  for (int turn = 0; turn < 2; ++turn) {
    simulator.start();
    for (int i = 0; i < 10; ++i) {
      (void)consumer.read();
      consumer.release();
    }
    simulator.stop();
    const hft_ring_stats stopped = simulator.stats();
    usleep(20 * kPeriod / 1000);
    EXPECT_EQ(simulator.stats().offered, stopped.offered);
    consumer.for_each([](const hft_record&) {});
  }
  const hft_ring_stats stats = simulator.stats();
  EXPECT_EQ(stats.offered, stats.published + stats.dropped);
  EXPECT_EQ(stats.published, consumer.position());
}

INSTANTIATE_TEST_SUITE_P(, SimulatorTest,
                         testing::Values(Driver::kTimer, Driver::kPerfEvent),
                         [](const auto& instance) {
                           return instance.param == Driver::kTimer
                                      ? "Timer"
                                      : "PerfEvent";
                         });

TEST_F(ProducersTest, ConsumersComeAndGoWhileItRuns) {
  Simulator simulator({.period = kPeriod});
  simulator.start();
  std::uint64_t last = 0;
  for (int turn = 0; turn < 20; ++turn) {
    const Attached ring = simulator.rings().attach(0, Role::kConsumer);
    auto consumer = ring.consumer(StartAt::kNext);
    const std::uint64_t sequence = market_of(consumer.read()).sequence;
    EXPECT_TRUE(turn == 0 || sequence > last);
    last = sequence;
  }
}

TEST_F(ProducersTest, RingbufGetsTheSamePackets) {
  Simulator simulator({.period = kPeriod, .output = Output::kRingbuf});
  std::vector<std::uint64_t> sequences;
  const auto take = [](void* context, void* data, std::size_t bytes) {
    EXPECT_EQ(bytes, sizeof(hft_record));
    static_cast<std::vector<std::uint64_t>*>(context)->push_back(
        market_of(*static_cast<const hft_record*>(data)).sequence);
    return 0;
  };
  ring_buffer* buffer =
      ring_buffer__new(simulator.ringbuf_fd(), take, &sequences, nullptr);
  ASSERT_NE(buffer, nullptr);
  simulator.start();
  while (sequences.size() < 50) {
    ASSERT_GE(ring_buffer__poll(buffer, 1000), 0);
  }
  ring_buffer__free(buffer);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    EXPECT_EQ(sequences[i], i);
  }
}

TEST_F(ProducersTest, SimulatorHasOneRingWhateverTheShapeSays) {
  const Simulator simulator({.shape = {.slot_count = 16, .rings = kEachCpu}});
  EXPECT_EQ(simulator.rings().size(), 1U);
}

TEST_F(ProducersTest, BurstsLoseWhatTheRingHasNoRoomFor) {
  constexpr std::uint32_t kSlots = 64;
  constexpr std::uint32_t kPackets = 100;
  constexpr std::uint64_t kBursts = 50;
  Simulator simulator({.period = kPeriod, .shape = {.slot_count = kSlots}});
  const Attached ring = simulator.rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  std::uint64_t seen = 0;
  std::uint64_t lost = 0;
  std::uint64_t next = 0;
  const auto take = [&](const hft_record& record) {
    const std::uint64_t sequence = market_of(record).sequence;
    ++seen;
    lost += sequence - next;
    next = sequence + 1;
  };
  for (std::uint64_t burst = 0; burst < kBursts; ++burst) {
    simulator.publish(kPackets);
    consumer.for_each(take);
    consumer.flush();
  }
  // One more shows the loss of the last burst.
  simulator.publish(1);
  consumer.for_each(take);
  EXPECT_EQ(seen, kBursts * kSlots + 1);
  EXPECT_EQ(lost, kBursts * (kPackets - kSlots));
  EXPECT_EQ(simulator.stats().published, seen);
  EXPECT_EQ(simulator.stats().dropped, lost);
}

TEST_F(ProducersTest, ARunOfTheProgramPublishesAPacket) {
  const Simulator simulator({.shape = {.mode = HFT_MODE_OVERWRITE}});
  std::array<std::byte, 64> packet{};
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = packet.data();
  options.data_size_in = packet.size();
  options.repeat = 1000;
  ASSERT_EQ(bpf_prog_test_run_opts(simulator.program_fd(), &options), 0);
  EXPECT_GT(options.duration, 0U);
  EXPECT_EQ(simulator.stats().published, 1000U);
}

TEST_F(ProducersTest, SimulatorGoesOnWithAPinnedRing) {
  auto simulator = std::make_unique<Simulator>(
      SimulatorOptions{.shape = {.slot_count = 64}});
  simulator->rings().pin(pin_folder());
  const Attached ring = simulator->rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  simulator->publish(5);
  simulator.reset();
  simulator = std::make_unique<Simulator>(
      SimulatorOptions{.go_on = GoOn{.folder = pin_folder(), .alone = true}});
  simulator->publish(3);
  std::vector<std::uint64_t> sequences;
  consumer.for_each([&](const hft_record& record) {
    sequences.push_back(market_of(record).sequence);
  });
  EXPECT_EQ(sequences, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 0, 1, 2}));
  EXPECT_EQ(simulator->stats().published, 8U);
}

TEST_F(ProducersTest, SwitchesGoOnWithPinnedRings) {
  auto switches = std::make_unique<SchedSwitch>(
      Shape{.slot_count = 16384, .mode = HFT_MODE_OVERWRITE});
  switches->rings().pin(pin_folder());
  const Attached ring = switches->rings().attach(0, Role::kConsumer);
  switches.reset();
  auto reader = ring.reader();
  const std::uint64_t before = reader.position();
  switches =
      std::make_unique<SchedSwitch>(Shape{}, GoOn{.folder = pin_folder()});
  while (switches->stats(0).offered < before + 10) {
    usleep(1000);
  }
  hft_record record{};
  while (!reader.try_read(record)) {
  }
  EXPECT_EQ(reader.position(), before + 1);
}

// Counters of a CPU that goes on: copied while it counted, they disagree.
hft_ring_stats settled(const SchedSwitch& switches, std::uint32_t cpu) {
  hft_ring_stats stats = switches.stats(cpu);
  for (int again = 0;
       again < 100 && stats.offered != stats.published + stats.dropped;
       ++again) {
    stats = switches.stats(cpu);
  }
  return stats;
}

TEST_F(ProducersTest, SwitchesNameBothThreads) {
  const SchedSwitch switches({.slot_count = 16384});
  ASSERT_EQ(switches.rings().size(), possible_cpus());
  std::vector<Attached> rings;
  std::vector<KernelConsumer> consumers;
  for (std::uint32_t cpu = 0; cpu < switches.rings().size(); ++cpu) {
    rings.push_back(switches.rings().attach(cpu, Role::kConsumer));
    consumers.push_back(rings.back().consumer(StartAt::kOldest));
  }
  const pid_t child = fork();
  if (child == 0) {
    usleep(1000);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  bool seen = false;
  for (auto& consumer : consumers) {
    consumer.for_each([&](const hft_record& record) {
      EXPECT_EQ(record.type, HFT_RECORD_SWITCH);
      hft_switch event;
      std::memcpy(&event, record.payload, sizeof event);
      EXPECT_EQ(event.prev_comm[15], '\0');
      seen |= event.next_pid == child &&
              std::string_view(event.next_comm) == "bpf_tests";
    });
  }
  EXPECT_TRUE(seen);
  for (std::uint32_t cpu = 0; cpu < switches.rings().size(); ++cpu) {
    const hft_ring_stats stats = settled(switches, cpu);
    EXPECT_EQ(stats.offered, stats.published + stats.dropped);
  }
}

// A thread that sleeps again and again, and so is switched to, on one CPU.
std::jthread sleeper(int cpu) {
  return std::jthread([cpu](const std::stop_token& stop) {
    pin_to_cpu(cpu);
    while (!stop.stop_requested()) {
      usleep(100);
    }
  });
}

TEST_F(ProducersTest, SwitchesThatDoNotFitAreCounted) {
  constexpr std::uint32_t kSlots = 16;
  const SchedSwitch switches({.slot_count = kSlots});
  const Attached ring = switches.rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer(StartAt::kOldest);
  {
    const std::jthread switched = sleeper(0);
    while (switches.stats(0).offered < 3 * kSlots) {
    }
  }
  const hft_ring_stats stats = settled(switches, 0);
  EXPECT_EQ(stats.published, kSlots);
  EXPECT_EQ(stats.dropped, stats.offered - kSlots);
  std::uint64_t stamp = 0;
  for (std::uint32_t i = 0; i < kSlots; ++i) {
    const hft_record* record = consumer.try_read();
    ASSERT_NE(record, nullptr);
    EXPECT_GT(record->stamp, stamp);
    stamp = record->stamp;
    consumer.release();
  }
}

TEST_F(ProducersTest, SwitchesAreOverwrittenAndTheirLapsCounted) {
  constexpr std::uint32_t kSlots = 16;
  const SchedSwitch switches(
      {.slot_count = kSlots, .mode = HFT_MODE_OVERWRITE});
  const Attached ring = switches.rings().attach(0, Role::kConsumer);
  auto reader = ring.reader(StartAt::kOldest);
  const std::uint64_t first = reader.position();
  {
    const std::jthread switched = sleeper(0);
    while (switches.stats(0).offered < first + 3 * kSlots) {
    }
  }
  std::uint64_t read = 0;
  hft_record record{};
  while (read < kSlots && reader.try_read(record)) {
    EXPECT_EQ(record.type, HFT_RECORD_SWITCH);
    ++read;
  }
  EXPECT_GT(reader.lapped(), 0U);
  EXPECT_EQ(first + read + reader.lapped(), reader.position());
  EXPECT_EQ(switches.stats(0).dropped, 0U);
}

TEST_F(ProducersTest, SwitchesOfTwoCpusComeByStamp) {
  if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
    GTEST_SKIP() << "one CPU";
  }
  const SchedSwitch switches({.slot_count = 16384});
  std::vector<Attached> rings;
  Merger merger;
  for (std::uint32_t cpu = 0; cpu < switches.rings().size(); ++cpu) {
    rings.push_back(switches.rings().attach(cpu, Role::kConsumer));
    merger.add(rings.back().consumer(StartAt::kOldest));
  }
  const std::array<std::jthread, 2> sleepers = {sleeper(0), sleeper(1)};
  std::array<std::uint64_t, 2> from{};
  std::uint64_t latest = 0;
  std::uint64_t earlier = 0;
  while (from[0] < 500 || from[1] < 500) {
    const hft_record* record = merger.try_read();
    if (record == nullptr) {
      continue;
    }
    earlier += record->stamp < latest ? 1 : 0;
    latest = std::max<std::uint64_t>(latest, record->stamp);
    if (merger.ring() < from.size()) {
      ++from[merger.ring()];
    }
    merger.release();
  }
  EXPECT_EQ(merger.out_of_order(), earlier);
  // Only an interrupt between a stamp and its publication can be the cause.
  EXPECT_LT(earlier, (from[0] + from[1]) / 10);
}

}  // namespace
}  // namespace hft::bpf
