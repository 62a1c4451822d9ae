// SPDX-License-Identifier: MIT
#include "bench/paths/bpf_market.hpp"

#include <algorithm>

#include "hft/clock.hpp"

namespace hft::bench {
namespace {

// A bpf_timer does not keep a shorter period. A process of ours then runs the
// program, for all the packets of so long at once: they are early, none is
// late.
constexpr std::uint64_t kBurstNs = 20'000;

[[noreturn]] void publish_in_bursts(bpf::Simulator& simulator,
                                    std::uint64_t period_ns) {
  const std::uint64_t packets = kBurstNs / period_ns;
  // The first of all packets begins the schedule.
  simulator.publish(1);
  for (std::uint64_t due_ns = monotonic_now();;) {
    while (monotonic_now() < due_ns) {
    }
    simulator.publish(static_cast<std::uint32_t>(packets));
    due_ns = std::max(due_ns + packets * period_ns, monotonic_now());
  }
}

}  // namespace

BpfMarket::BpfMarket(const Setting& setting, Output output)
    : simulator_({.period = setting.period_ns,
                  .cpu = setting.producer_cpu,
                  .output = output,
                  .shape = {.slot_count = static_cast<std::uint32_t>(
                                setting.capacity)}}) {
  if (setting.period_ns < kBurstNs) {
    process_.emplace(setting.path, setting.producer_cpu,
                     [&](const ProducerProcess::Ready& ready) {
                       ready();
                       publish_in_bursts(simulator_, setting.period_ns);
                     });
  }
}

void BpfMarket::start() {
  if (process_) {
    process_->start();
  } else {
    simulator_.start();
  }
}

}  // namespace hft::bench
