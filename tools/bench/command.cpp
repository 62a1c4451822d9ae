// SPDX-License-Identifier: MIT
// `hft bench`: measure paths side by side.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>

#include "bench/cost/bpf.hpp"
#include "bench/cost/driver.hpp"
#include "bench/measure.hpp"
#include "bench/options.hpp"
#include "bench/output.hpp"
#include "bench/progress.hpp"
#include "bench/sweep.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "hft/affinity.hpp"
#include "hft/bpf.hpp"
#include "hft/clock.hpp"
#include "hft/device.hpp"
#include "lab/machine.hpp"

namespace hft::bench {
namespace {

// By then a guest has done its boot's deferred work.
constexpr double kSettledSeconds = 4;

// The simulator at our period, and afterwards as it was found.
class SimulatorLease {
 public:
  explicit SimulatorLease(std::uint64_t period_ns) {
    control(HFT_SYS_CREATE);
    device_.emplace(Device::open());
    found_ = device_->simulator_stats();
    device_->start_simulator(period_ns);
  }
  SimulatorLease(const SimulatorLease&) = delete;
  SimulatorLease& operator=(const SimulatorLease&) = delete;
  ~SimulatorLease() {
    try {
      if (found_.running != 0) {
        device_->start_simulator(found_.period);
      } else {
        device_->stop_simulator();
      }
    } catch (const std::exception& error) {
      fmt::print(stderr, "hft bench: {}\n", error.what());
    }
  }

 private:
  std::optional<Device> device_;
  hft_sim_stats found_{};
};

void list_paths() {
  for (const PathKind& kind : path_kinds()) {
    const std::string why_not = kind.unavailable();
    fmt::print("{:<13} {}\n", kind.name, kind.summary);
    fmt::print("{:<13} {}\n", "",
               why_not.empty() ? "offered" : "not offered: " + why_not);
  }
}

// Every path that was asked for is measured, or none is and the error says why.
void expect_offered(const std::vector<const PathKind*>& paths) {
  std::string reasons;
  for (const PathKind* kind : paths) {
    const std::string why_not = kind->unavailable();
    if (!why_not.empty()) {
      reasons += fmt::format("\n  path {}: {}", kind->name, why_not);
    }
  }
  if (!reasons.empty()) {
    throw tools::Unavailable("nothing was measured:" + reasons);
  }
  if (paths.empty()) {
    throw tools::Unavailable("this machine offers none of the standard paths");
  }
}

// What is measured when no path was asked for. The standard error names the
// paths that are left out, a line for each reason.
std::vector<const PathKind*> offered_standard(const Options& options) {
  const bool driver_there = driver_unavailable().empty();
  std::vector<const PathKind*> paths = chosen_paths(options, driver_there);
  std::map<std::string, std::vector<std::string_view>> left_out;
  for (const PathKind& kind : path_kinds()) {
    if (!kind.standard || (driver_there && !kind.driver)) {
      continue;
    }
    const std::string why_not = kind.unavailable();
    if (!why_not.empty()) {
      left_out[why_not].push_back(kind.name);
      std::erase(paths, &kind);
    }
  }
  for (const auto& [why_not, names] : left_out) {
    fmt::print(stderr, "hft bench: without {}: {}\n", fmt::join(names, ", "),
               why_not);
  }
  return paths;
}

Plan make_plan(const Options& options,
               const std::vector<const PathKind*>& paths) {
  Plan plan;
  plan.rounds = options.rounds;
  plan.attribute = options.attribute;
  for (const PathKind* kind : paths) {
    Subject& subject = plan.subjects.emplace_back();
    subject.kind = kind;
    subject.samples = options.samples;
    subject.setting.period_ns = options.period_ns;
    subject.setting.producer_cpu = options.cpus[0];
    subject.setting.sender = options.sender;
  }
  return plan;
}

// Of each producer that runs in this kernel.
void print_producer_costs(const Options& options) {
  const std::string no_driver = driver_unavailable();
  const std::string no_bpf = bpf::unavailable();
  if (!no_driver.empty() && !no_bpf.empty()) {
    throw tools::Unavailable(
        fmt::format("nothing was measured:\n  the driver: {}\n  BPF: {}",
                    no_driver, no_bpf));
  }
  if (no_driver.empty()) {
    control(HFT_SYS_CREATE);
    fmt::print("{}", measure_publish_cost(options.cpus[1]));
  } else {
    fmt::print(stderr, "hft bench: without the driver: {}\n", no_driver);
  }
  if (no_bpf.empty()) {
    fmt::print("{}", measure_producer_cost(options.cpus[0], options.cpus[1]));
  } else {
    fmt::print(stderr, "hft bench: without BPF: {}\n", no_bpf);
  }
}

void run(const Options& options) {
  if (options.list) {
    list_paths();
    return;
  }
  if (options.producer_cost) {
    print_producer_costs(options);
    return;
  }
  const std::vector<const PathKind*> paths = options.paths.empty()
                                                 ? offered_standard(options)
                                                 : chosen_paths(options, false);
  expect_offered(paths);
  make_folders(options);

  std::optional<SimulatorLease> simulator;
  if (std::ranges::any_of(paths, &PathKind::driver)) {
    simulator.emplace(options.period_ns);
  }
  pin_to_cpu(options.cpus[1]);
  lab::wait_for_uptime(kSettledSeconds);
  // All but what was measured.
  lab::Results frame;
  frame.manifest = lab::describe_machine();
  if (std::ranges::any_of(paths, &PathKind::packets)) {
    frame.manifest.extra["packet_sender"] =
        options.sender == Sender::kFrame ? "frame" : "udp";
  }
  apply_manifest(options.manifest, frame.manifest);
  frame.unit = "cycles";
  Plan plan = make_plan(options, paths);
  plan.tsc_hz = frame.manifest.tsc_hz;
  std::vector<std::string> reasons;
  lab::try_lock_memory(reasons);

  lab::NoiseWatch noise(options.cpus[1], std::move(reasons));
  ClockDoubts doubts;
  std::optional<Progress> progress(std::in_place);
  if (options.sweep.empty()) {
    const std::vector<Measured> all = measure(plan, *progress, doubts);
    progress.reset();
    noise.add(doubts.reasons());
    frame.validity = noise.judge(frame.manifest);
    write_results(options, all, std::move(frame));
  } else {
    std::vector<lab::SweepPoint> points =
        measure_sweep(*find_sweep(options.sweep), plan, *progress, doubts);
    progress.reset();
    noise.add(doubts.reasons());
    frame.validity = noise.judge(frame.manifest);
    write_sweep(options, std::move(points), frame);
  }
}

}  // namespace
}  // namespace hft::bench

namespace hft::tools {

void add_bench(CLI::App& app, int&) {
  CLI::App* bench =
      app.add_subcommand("bench", "Measure the paths of records side by side");
  auto options = std::make_shared<hft::bench::Options>();
  hft::bench::add_options(*bench, *options);
  bench->callback([options] { hft::bench::run(*options); });
}

}  // namespace hft::tools
