// SPDX-License-Identifier: MIT
// `hft ctl`: the driver's control plane from a shell.
#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>

#include "commands.hpp"
#include "hft/device.hpp"
#include "period.hpp"

namespace hft::tools {
namespace {

void print_status() {
  const Device device = Device::open();
  const hft_ring_stats ring = device.ring_stats();
  const hft_sim_stats simulator = device.simulator_stats();
  fmt::print("ring 0      offered {}, published {}, dropped {}, wakeups {}\n",
             ring.offered, ring.published, ring.dropped, ring.wakeups);
  fmt::print(
      "simulator   {}, a packet every {} ns, ticks {}, ticks missed {}\n",
      simulator.running != 0 ? "running" : "stopped", simulator.period,
      simulator.ticks, simulator.missed);
}

// A command without options, whose example is the command itself.
CLI::App* add_action(CLI::App& ctl, const std::string& name,
                     const std::string& what, std::function<void()> act) {
  CLI::App* const action = ctl.add_subcommand(name, what);
  action->callback(std::move(act));
  action->footer("Example: hft ctl " + name);
  return action;
}

}  // namespace

void add_ctl(CLI::App& app, int&) {
  CLI::App* ctl = app.add_subcommand(
      "ctl", "Control the driver: its ring and its packet simulator");
  ctl->require_subcommand(1);

  add_action(*ctl, "create", "Create the default ring and register /dev/hft",
             [] { control(HFT_SYS_CREATE); });
  CLI::App* start = add_action(
      *ctl, "start", "Start the packet simulator, or change its period", {});
  auto period = std::make_shared<std::uint64_t>(HFT_SIM_PERIOD_DEFAULT);
  add_period(*start, *period);
  start->callback([period] { Device::open().start_simulator(*period); });
  start->footer("Example: hft ctl start --period 100us");
  add_action(*ctl, "stop", "Stop the packet simulator",
             [] { control(HFT_SYS_SIM_STOP); });
  add_action(*ctl, "status", "Print the counters of the ring and the simulator",
             print_status);
  add_action(*ctl, "teardown",
             "Remove the ring and /dev/hft, unless they are in use",
             [] { control(HFT_SYS_TEARDOWN); });

  ctl->footer(
      "Controlling the driver needs CAP_SYS_ADMIN.\n"
      "Example: hft ctl create && hft ctl start --period 100us");
}

}  // namespace hft::tools
