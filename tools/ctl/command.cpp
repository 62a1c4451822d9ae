// SPDX-License-Identifier: MIT
// `hft ctl`: the driver's control plane from a shell.
#include <fmt/format.h>

#include "commands.hpp"
#include "driver.hpp"
#include "hft/device.hpp"
#include "period.hpp"

namespace hft::tools {
namespace {

void call_driver(hft_syscall_mode mode) {
  with_driver([mode] { control(mode); });
}

void print_status() {
  const Device device = open_device();
  const hft_ring_stats ring = device.ring_stats();
  const hft_sim_stats simulator = device.simulator_stats();
  fmt::print("ring 0      offered {}, published {}, dropped {}, wakeups {}\n",
             ring.offered, ring.published, ring.dropped, ring.wakeups);
  fmt::print("simulator   {}, a packet every {} ns, ticks {}, missed {}\n",
             simulator.running != 0 ? "running" : "stopped", simulator.period,
             simulator.ticks, simulator.missed);
}

}  // namespace

void add_ctl(CLI::App& app, int&) {
  CLI::App* ctl = app.add_subcommand("ctl", "Control the driver (syscall 548)");
  ctl->require_subcommand(1);
  ctl->footer("Example: hft ctl create && hft ctl start --period 100us");

  ctl->add_subcommand("create", "Allocate the ring, register /dev/hft")
      ->callback([] { call_driver(HFT_SYS_CREATE); });
  ctl->add_subcommand("teardown", "Undo create; fails while in use")
      ->callback([] { call_driver(HFT_SYS_TEARDOWN); });
  ctl->add_subcommand("stop", "Stop the packet simulator")->callback([] {
    call_driver(HFT_SYS_SIM_STOP);
  });
  ctl->add_subcommand("status", "Show the ring's and simulator's counters")
      ->callback(print_status);

  CLI::App* start = ctl->add_subcommand("start", "Start the packet simulator");
  auto period = std::make_shared<std::uint64_t>(HFT_SIM_PERIOD_DEFAULT);
  add_period(*start, *period);
  start->callback([period] { open_device().start_simulator(*period); });
}

}  // namespace hft::tools
