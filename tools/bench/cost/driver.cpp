// SPDX-License-Identifier: MIT
#include "bench/cost/driver.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <latch>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "bench/cost/publish_timed.hpp"
#include "hft/affinity.hpp"
#include "hft/consumer.hpp"
#include "hft/device.hpp"
#include "lab/statistics.hpp"

namespace hft::bench {
namespace {

constexpr int kRounds = 11;
constexpr int kTurns = 20;  // a round, of which the first warms up
constexpr std::uint32_t kRecords = 500;

enum class Reader { kNone, kSpins, kSpinsAndMaySleep };

struct Case {
  const char* name;
  hft_mode mode;
  std::uint32_t slots;
  Reader reader;
  std::uint32_t others;  // further rings
};

// The default ring has a channel too, and ours has one.
constexpr std::uint32_t kAllOthers = HFT_RING_MAX - 2;

constexpr std::array<Case, 6> kCases = {{
    {"overwritten, no one reads", HFT_MODE_OVERWRITE, 4096, Reader::kNone, 0},
    {"the same, among 64 rings", HFT_MODE_OVERWRITE, 4096, Reader::kNone,
     kAllOthers},
    {"a consumer that spins", HFT_MODE_DROP, 4096, Reader::kSpins, 0},
    {"the same, among 64 rings", HFT_MODE_DROP, 4096, Reader::kSpins,
     kAllOthers},
    {"a consumer that may sleep, and spins", HFT_MODE_DROP, 4096,
     Reader::kSpinsAndMaySleep, 0},
    {"a full ring: all are dropped", HFT_MODE_DROP, 2, Reader::kNone, 0},
}};

Device ring_of(hft_mode mode, std::uint32_t slots) {
  Device device = Device::open();
  device.create_ring({.slot_size = HFT_DEFAULT_SLOT_SIZE,
                      .slot_count = slots,
                      .mode = static_cast<std::uint32_t>(mode),
                      .source = HFT_SOURCE_MANUAL,
                      .ring_id = 0,
                      .reserved = 0});
  return device;
}

// One case's rings and consumer, until it is destroyed.
class Running {
 public:
  Running(const Case& one, int consumer_cpu)
      : device_(ring_of(one.mode, one.slots)) {
    for (std::uint32_t i = 0; i < one.others; ++i) {
      others_.push_back(ring_of(one.mode, 2));
    }
    if (one.reader != Reader::kNone) {
      ring_.emplace(attach(
          device_, Role::kConsumer,
          one.reader == Reader::kSpins ? WakeUp::kNever : WakeUp::kOnRequest));
      consumer_ =
          std::jthread([this, consumer_cpu](const std::stop_token& stop) {
            pin_to_cpu(consumer_cpu);
            BusySpin wait;
            KernelConsumer consumer = ring_->consumer();
            consuming_.count_down();
            consumer.run([](const hft_record&) {}, wait, stop);
          });
      consuming_.wait();
    }
  }

  /// Appends the cycles of each turn; returns how many records were dropped.
  std::uint64_t measure(std::vector<std::uint64_t>& cycles) const {
    for (int turn = 0; turn < kTurns; ++turn) {
      const hft_publish_cost cost = publish_timed(device_, kRecords);
      if (turn > 0) {
        cycles.push_back(cost.cycles);
      }
    }
    return device_.ring_stats().dropped;
  }

 private:
  Device device_;
  std::vector<Device> others_;
  std::optional<Attached> ring_;
  std::latch consuming_{1};
  std::jthread consumer_;  // ends before what it reads
};

}  // namespace

std::string measure_publish_cost(int consumer_cpu) {
  std::array<std::vector<std::uint64_t>, kCases.size()> cycles;
  std::uint64_t dropped = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < kCases.size(); ++i) {
      const Running running(kCases[i], consumer_cpu);
      const std::uint64_t lost = running.measure(cycles[i]);
      dropped += kCases[i].reader == Reader::kNone ? 0 : lost;
    }
  }
  std::string table = fmt::format(
      "{:<40} {:>10} {:>10}\n", "cycles a record in the driver", "P50", "P99");
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    const lab::Summary all = lab::summarise(cycles[i]);
    table += fmt::format("{:<40} {:>10.1f} {:>10.1f}\n", kCases[i].name,
                         static_cast<double>(all.p50) / kRecords,
                         static_cast<double>(all.p99) / kRecords);
  }
  if (dropped > 0) {
    table += fmt::format(
        "a consumer was late for {} records: those cost what a drop costs\n",
        dropped);
  }
  return table;
}

}  // namespace hft::bench
