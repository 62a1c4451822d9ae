// SPDX-License-Identifier: MIT
#include "producer_cost.hpp"

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <stop_token>
#include <thread>
#include <vector>

#include "hft/affinity.hpp"
#include "hft/bpf_simulator.hpp"
#include "hft/consumer.hpp"

namespace hft::bench {
namespace {

using bpf::Simulator;
using Output = Simulator::Options::Output;

constexpr int kRounds = 11;
constexpr std::uint32_t kRepeats = 100'000;
constexpr int kPatience = 10;  // ms that a waiting consumer waits in one go

// Takes records on its CPU until it is stopped.
using Consume =
    std::function<void(const Simulator& simulator, const std::stop_token&)>;

// ns a run of the program, by either account.
struct Cost {
  double by_test_run;
  double by_stats;
};

struct Case {
  const char* name;
  Output output;
  hft_mode mode;
  Consume consume;  // none: no one does
};

void spin_on_ring(const Simulator& simulator, const std::stop_token& stop) {
  const bpf::Ring ring = simulator.rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  BusySpin wait;
  consumer.run([](const hft_record&) {}, wait, stop);
}

void consume_ringbuf(const Simulator& simulator, const std::stop_token& stop,
                     bool waits) {
  const auto ignore = [](void*, void*, std::size_t) { return 0; };
  ring_buffer* const buffer =
      ring_buffer__new(simulator.ringbuf_fd(), ignore, nullptr, nullptr);
  while (buffer != nullptr && !stop.stop_requested()) {
    if (waits) {
      ring_buffer__poll(buffer, kPatience);
    } else {
      ring_buffer__consume(buffer);
    }
  }
  ring_buffer__free(buffer);
}

double median(std::vector<Cost> costs, double Cost::*which) {
  const auto middle =
      costs.begin() + static_cast<std::ptrdiff_t>(costs.size() / 2);
  std::ranges::nth_element(costs, middle, {}, which);
  return (*middle).*which;
}

class Running {
 public:
  Running(const Case& one, int consumer_cpu)
      : simulator_({.output = one.output,
                    .shape = {.slot_count = 65'536, .mode = one.mode}}) {
    if (one.consume) {
      consumer_ =
          std::jthread([this, &one, consumer_cpu](const std::stop_token& stop) {
            pin_to_cpu(consumer_cpu);
            one.consume(simulator_, stop);
          });
    }
  }

  /// The first one warms up.
  [[nodiscard]] Cost cost() const {
    static_cast<void>(simulator_.cost(kRepeats));
    const double by_test_run = simulator_.cost(kRepeats);
    return {by_test_run, simulator_.cost_by_stats(kRepeats)};
  }
  [[nodiscard]] std::uint64_t dropped() const {
    return simulator_.stats().dropped;
  }

 private:
  Simulator simulator_;
  std::jthread consumer_;  // ends before what it reads
};

}  // namespace

std::string measure_producer_cost(int producer_cpu, int consumer_cpu) {
  const std::array<Case, 5> cases = {{
      {"all but the record", Output::kNothing, HFT_MODE_DROP, nullptr},
      {"our ring, overwritten, no one reads", Output::kRing, HFT_MODE_OVERWRITE,
       nullptr},
      {"our ring, a consumer that spins", Output::kRing, HFT_MODE_DROP,
       spin_on_ring},
      {"BPF ring buffer, a consumer that spins", Output::kRingbufSilent,
       HFT_MODE_DROP,
       [](const Simulator& simulator, const std::stop_token& stop) {
         consume_ringbuf(simulator, stop, false);
       }},
      {"BPF ring buffer, a consumer in epoll", Output::kRingbuf, HFT_MODE_DROP,
       [](const Simulator& simulator, const std::stop_token& stop) {
         consume_ringbuf(simulator, stop, true);
       }},
  }};
  pin_to_cpu(producer_cpu);
  std::array<std::vector<Cost>, cases.size()> costs;
  std::uint64_t dropped = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const Running running(cases[i], consumer_cpu);
      costs[i].push_back(running.cost());
      dropped += running.dropped();
    }
  }
  std::string table =
      fmt::format("{:<40} {:>17} {:>17}\n{:<40}", "", "BPF_PROG_TEST_RUN",
                  "BPF statistics", "ns a record in the BPF program");
  table += fmt::format("{0:>9}{1:>9}{0:>9}{1:>9}\n", "program", "record");
  for (std::size_t i = 0; i < cases.size(); ++i) {
    table += fmt::format("{:<40}", cases[i].name);
    for (double Cost::*account : {&Cost::by_test_run, &Cost::by_stats}) {
      const double ns = median(costs[i], account);
      table += fmt::format(
          "{:>9.0f}{:>9}", ns,
          i == 0 ? "-" : fmt::format("{:.0f}", ns - median(costs[0], account)));
    }
    table += '\n';
  }
  if (dropped > 0) {
    table += fmt::format(
        "our ring was full for {} records: those cost what a drop costs\n",
        dropped);
  }
  return table;
}

}  // namespace hft::bench
