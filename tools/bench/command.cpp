// SPDX-License-Identifier: MIT
// `hft bench`: measure paths side by side.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>

#include "commands.hpp"
#include "hft/affinity.hpp"
#include "hft/clock.hpp"
#include "hft/device.hpp"
#include "hft/histogram.hpp"
#include "machine.hpp"
#include "measure.hpp"
#include "options.hpp"

namespace hft::bench {
namespace {

// The driver's simulator is pinned there.
constexpr int kDriverCpu = 0;
// By then a guest has done its boot's deferred work.
constexpr double kSettledSeconds = 4;

// The simulator at our period, and afterwards as it was found.
class SimulatorLease {
 public:
  explicit SimulatorLease(std::uint64_t period) {
    control(HFT_SYS_CREATE);
    device_.emplace(Device::open());
    found_ = device_->simulator_stats();
    device_->start_simulator(period);
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

int list_paths() {
  for (const PathKind& kind : path_kinds()) {
    const std::string why_not = kind.unavailable();
    fmt::print("{:<13} {}\n", kind.name, kind.summary);
    fmt::print("{:<13} {}\n", "",
               why_not.empty() ? "offered" : "not offered: " + why_not);
  }
  return tools::kOk;
}

// Nothing is measured by halves: every path asked for, or the reasons.
bool all_offered(const std::vector<const PathKind*>& paths) {
  bool offered = true;
  for (const PathKind* kind : paths) {
    const std::string why_not = kind->unavailable();
    if (!why_not.empty()) {
      fmt::print(stderr, "hft bench: path {}: {}\n", kind->name, why_not);
      offered = false;
    }
  }
  return offered;
}

PathResult to_result(const Measured& measured) {
  PathResult result;
  result.path = measured.kind->name;
  result.lost = measured.lost;
  result.offered = measured.latency.size() + measured.lost;
  result.latency = summarise(measured.latency);
  result.rounds = measured.rounds;
  if (!measured.schedule.empty()) {
    result.schedule = summarise(measured.schedule);
  }
  result.worst = measured.worst;
  return result;
}

void write_raw(const Options& options, const std::vector<Measured>& all) {
  for (const Measured& measured : all) {
    const std::string name(measured.kind->name);
    if (!options.csv.empty()) {
      const bool is_file = options.csv.extension() == ".csv";
      write_samples_csv(is_file ? options.csv : options.csv / (name + ".csv"),
                        measured.latency);
    }
    if (!options.hgrm.empty()) {
      Histogram histogram;
      for (const std::uint64_t latency : measured.latency) {
        histogram.record(latency);
      }
      write_file(options.hgrm / (name + ".hgrm"), histogram.to_hgrm());
    }
  }
}

int run(const Options& options) {
  if (options.list) {
    return list_paths();
  }
  Plan plan;
  plan.paths = chosen_paths(options);
  plan.samples = options.samples;
  plan.rounds = options.rounds;
  plan.period = options.period;
  plan.attribute = options.attribute;
  if (!all_offered(plan.paths)) {
    return tools::kUnavailable;
  }

  const SimulatorLease simulator(options.period);
  pin_to_cpu(options.cpus[1]);
  wait_for_uptime(kSettledSeconds);
  Results results;
  results.manifest = describe_machine();
  apply_manifest(options.manifest, results.manifest);
  results.unit = "cycles";
  plan.tsc_hz = results.manifest.tsc_hz;
  lock_memory();

  const NoiseWatch noise(options.cpus[1]);
  const std::vector<Measured> all = measure(plan);
  results.validity = noise.judge(results.manifest);
  for (const Measured& measured : all) {
    results.results.push_back(to_result(measured));
  }

  fmt::print("{}", format_table(results));
  write_raw(options, all);
  if (!options.json.empty()) {
    write_file(options.json, to_json(results));
  }
  return tools::kOk;
}

}  // namespace
}  // namespace hft::bench

namespace hft::tools {

void add_bench(CLI::App& app, int& status) {
  CLI::App* bench = app.add_subcommand(
      "bench", "Measure paths from the kernel, side by side");
  auto options = std::make_shared<hft::bench::Options>();
  hft::bench::add_options(*bench, *options);
  bench->callback([options, &status] {
    if (options->cpus[0] != hft::bench::kDriverCpu) {
      throw CLI::ValidationError(
          "--cpus", "the driver's simulator is pinned to CPU 0: give 0,C");
    }
    if (options->csv.extension() == ".csv" &&
        hft::bench::chosen_paths(*options).size() != 1) {
      throw CLI::ValidationError(
          "--csv", "a file takes one path: name one with --paths, or a folder");
    }
    status = hft::bench::run(*options);
  });
}

}  // namespace hft::tools
