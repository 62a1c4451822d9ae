// SPDX-License-Identifier: MIT
#include "bench/cost/bpf.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <stop_token>
#include <system_error>
#include <thread>
#include <vector>

#include "bench/paths/monotonic.hpp"
#include "bench/progress.hpp"
#include "hft/affinity.hpp"
#include "hft/bpf_simulator.hpp"
#include "hft/consumer.hpp"
#include "hft/descriptor.hpp"

namespace hft::bench {
namespace {

using bpf::Simulator;
using Output = Simulator::Options::Output;

constexpr int kRounds = 11;
constexpr std::uint32_t kRepeats = 100'000;
constexpr int kPatienceMs = 10;  // that a waiting consumer waits in one go
constexpr double kExpectedSeconds = 50;  // that all of it takes

// So many records a second, alone or in bursts.
constexpr std::uint64_t kPaced = 20'000;                    // records
constexpr std::uint64_t kPacePeriodNs = 10'000;             // a record
constexpr std::array<std::uint32_t, 2> kBursts = {1, 100};  // records

// Takes records on its CPU until it is stopped.
using Consume =
    std::function<void(const Simulator& simulator, const std::stop_token&)>;

// ns a run of the program.
struct Cost {
  double by_test_run = 0;
  double by_stats = 0;
  std::array<double, kBursts.size()> paced{};  // by the statistics
};

struct Case {
  const char* name;
  Output output;
  hft_mode mode;
  Consume consume;  // none: no one does
  bool wake_ups = true;
};

template <class Wait>
void consume_ring(const Simulator& simulator, const std::stop_token& stop,
                  Wait wait) {
  const Attached ring = simulator.rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  consumer.run([](const hft_record&) {}, wait, stop);
}

void spin_on_ring(const Simulator& simulator, const std::stop_token& stop) {
  consume_ring(simulator, stop, BusySpin{});
}

void spin_then_sleep(const Simulator& simulator, const std::stop_token& stop) {
  consume_ring(
      simulator, stop,
      SpinThenSleep{.longest = std::chrono::milliseconds(kPatienceMs)});
}

void sleep_at_once(const Simulator& simulator, const std::stop_token& stop) {
  consume_ring(
      simulator, stop,
      SpinThenSleep{.spins = 0,
                    .longest = std::chrono::milliseconds(kPatienceMs)});
}

void consume_ringbuf(const Simulator& simulator, const std::stop_token& stop,
                     bool waits) {
  const auto ignore = [](void*, void*, std::size_t) { return 0; };
  ring_buffer* const buffer =
      ring_buffer__new(simulator.ringbuf_fd(), ignore, nullptr, nullptr);
  while (buffer != nullptr && !stop.stop_requested()) {
    if (waits) {
      ring_buffer__poll(buffer, kPatienceMs);
    } else {
      ring_buffer__consume(buffer);
    }
  }
  ring_buffer__free(buffer);
}

template <class Which>
double median(std::vector<Cost> costs, const Which& which) {
  const auto middle =
      costs.begin() + static_cast<std::ptrdiff_t>(costs.size() / 2);
  std::ranges::nth_element(costs, middle, {}, which);
  return which(*middle);
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// What BPF_PROG_TEST_RUN says that one packet costs on this CPU, in ns: the
// mean of `repeats`, all that the kernel does to run a program included.
double cost_by_test_run(const Simulator& simulator, std::uint32_t repeats) {
  std::array<std::byte, 64> packet{};
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = packet.data();
  options.data_size_in = packet.size();
  options.repeat = static_cast<int>(repeats);
  if (bpf_prog_test_run_opts(simulator.program_fd(), &options) != 0) {
    fail("run the simulator's BPF program repeatedly");
  }
  return options.duration;
}

bpf_prog_info program_info(const Simulator& simulator) {
  bpf_prog_info info{};
  __u32 size = sizeof info;
  if (bpf_obj_get_info_by_fd(simulator.program_fd(), &info, &size) != 0) {
    fail("ask what a BPF program has cost");
  }
  return info;
}

// The same as the kernel's statistics of BPF programs have it
// (BPF_ENABLE_STATS), of all runs that `act` causes, which are at least one:
// from entry to exit of each, with a reading of the kernel's clock. Other
// programs pay for that meanwhile. Needs CAP_SYS_ADMIN.
template <class Act>
double cost_by_stats(const Simulator& simulator, const Act& act) {
  const Descriptor enabled(bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (!enabled) {
    fail("have the kernel count the time of BPF programs");
  }
  const bpf_prog_info before = program_info(simulator);
  act();
  const bpf_prog_info after = program_info(simulator);
  return static_cast<double>(after.run_time_ns - before.run_time_ns) /
         static_cast<double>(after.run_cnt - before.run_cnt);
}

class Running {
 public:
  Running(const Case& one, int consumer_cpu)
      : simulator_({.period = kPacePeriodNs,
                    .output = one.output,
                    .shape = {.slot_count = 65'536,
                              .mode = one.mode,
                              .wake_ups = one.wake_ups}}) {
    if (one.consume) {
      consumer_ =
          std::jthread([this, &one, consumer_cpu](const std::stop_token& stop) {
            pin_to_cpu(consumer_cpu);
            one.consume(simulator_, stop);
          });
    }
  }

  /// The first one warms up.
  [[nodiscard]] Cost cost() {
    simulator_.publish(kRepeats);
    Cost cost{.by_test_run = cost_by_test_run(simulator_, kRepeats),
              .by_stats = cost_by_stats(simulator_,
                                        [&] { simulator_.publish(kRepeats); })};
    for (std::size_t i = 0; i < kBursts.size(); ++i) {
      cost.paced[i] =
          cost_by_stats(simulator_, [&] { publish_paced(kBursts[i]); });
    }
    return cost;
  }
  [[nodiscard]] std::uint64_t dropped() const {
    return simulator_.stats().dropped;
  }

 private:
  void publish_paced(std::uint32_t burst) {
    std::uint64_t due_ns = monotonic_now();
    for (std::uint64_t done = 0; done < kPaced; done += burst) {
      while (monotonic_now() < due_ns) {
      }
      simulator_.publish(burst);
      due_ns += burst * kPacePeriodNs;
    }
  }

  Simulator simulator_;
  std::jthread consumer_;  // ends before what it reads
};

std::string row(const char* name, const std::vector<double>& ns,
                const std::vector<double>& nothing) {
  std::string line = fmt::format("{:<40}", name);
  for (std::size_t i = 0; i < ns.size(); ++i) {
    line += fmt::format(
        "{:>9.0f}{:>9}", ns[i],
        &ns == &nothing ? "-" : fmt::format("{:.0f}", ns[i] - nothing[i]));
  }
  return line + '\n';
}

}  // namespace

std::string measure_producer_cost(int producer_cpu, int consumer_cpu) {
  const std::array<Case, 8> cases = {{
      {"all but the record", Output::kNothing, HFT_MODE_DROP, nullptr},
      {"our ring, overwritten, no one reads", Output::kRing, HFT_MODE_OVERWRITE,
       nullptr},
      {"our ring, a consumer that spins", Output::kRing, HFT_MODE_DROP,
       spin_on_ring},
      {"the same ring without a doorbell", Output::kRing, HFT_MODE_DROP,
       spin_on_ring, false},
      {"our ring, it spins, then sleeps", Output::kRing, HFT_MODE_DROP,
       spin_then_sleep},
      {"our ring, it sleeps at once", Output::kRing, HFT_MODE_DROP,
       sleep_at_once},
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
  {
    Progress progress;
    progress.expect(kExpectedSeconds);
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t i = 0; i < cases.size(); ++i) {
        progress.tell(cases[i].name);
        Running running(cases[i], consumer_cpu);
        costs[i].push_back(running.cost());
        dropped += running.dropped();
      }
    }
  }
  std::string table =
      fmt::format("{:<40}{:>18}{:>18}{:>18}{:>18}\n", "", "BPF_PROG_TEST_RUN",
                  "BPF statistics", "100,000 a second",
                  fmt::format("bursts of {}", kBursts[1]));
  table += fmt::format("{:<40}", "ns a record in the BPF program");
  for (int column = 0; column < 4; ++column) {
    table += fmt::format("{:>9}{:>9}", "program", "record");
  }
  table += '\n';
  std::vector<double> nothing;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::vector<double> ns = {
        median(costs[i], [](const Cost& cost) { return cost.by_test_run; }),
        median(costs[i], [](const Cost& cost) { return cost.by_stats; }),
        median(costs[i], [](const Cost& cost) { return cost.paced[0]; }),
        median(costs[i], [](const Cost& cost) { return cost.paced[1]; })};
    if (i == 0) {
      nothing = ns;
      table += row(cases[i].name, nothing, nothing);
    } else {
      table += row(cases[i].name, ns, nothing);
    }
  }
  if (dropped > 0) {
    table += fmt::format(
        "our ring was full for {} records: those cost what a drop costs\n",
        dropped);
  }
  return table;
}

}  // namespace hft::bench
