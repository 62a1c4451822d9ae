// SPDX-License-Identifier: MIT
#include "bench/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "bench/sweep.hpp"
#include "period.hpp"
#include "unknown.hpp"
#include "values.hpp"

namespace hft::bench {
namespace {

std::vector<std::string> path_names() {
  std::vector<std::string> names;
  for (const PathKind& kind : path_kinds()) {
    names.emplace_back(kind.name);
  }
  return names;
}

std::string check_pair(const std::string& pair) {
  return pair.find('=') != std::string::npos && pair.front() != '='
             ? std::string{}
             : fmt::format("expected KEY=VALUE, found '{}'", pair);
}

std::vector<std::string> sweep_names() {
  std::vector<std::string> names;
  for (const SweepKind& kind : sweep_kinds()) {
    names.emplace_back(kind.name);
  }
  return names;
}

std::vector<std::string> swept_names(const SweepKind& sweep) {
  std::vector<std::string> names;
  for (const PathKind& kind : path_kinds()) {
    if (can_sweep(sweep, kind)) {
      names.emplace_back(kind.name);
    }
  }
  return names;
}

// The driver's simulator is pinned there.
constexpr int kDriverCpu = 0;
// In a sweep a lap of the largest ring has to come to an end.
constexpr std::uint64_t kSweepPeriodNs = 10'000;
constexpr std::uint64_t kSweepSamples = 10'000;

std::vector<const PathKind*> named_paths(const Options& options) {
  std::vector<const PathKind*> named;
  for (const std::string& name : options.paths) {
    const PathKind* kind = find_path(name);
    if (std::ranges::find(named, kind) == named.end()) {
      named.push_back(kind);
    }
  }
  return named;
}

void settle_sweep(const CLI::App& bench, Options& options) {
  const SweepKind& sweep = *find_sweep(options.sweep);
  if (options.paths.empty()) {
    options.paths = {"process"};
  }
  for (const PathKind* kind : named_paths(options)) {
    if (!can_sweep(sweep, *kind)) {
      throw CLI::ValidationError(
          "--sweep",
          fmt::format("path {} has no sweep by {}: expected {}", kind->name,
                      sweep.name, tools::any_of(swept_names(sweep))));
    }
  }
  if (sweep.until_saturation && bench.count("--period") > 0) {
    throw CLI::ValidationError("--period",
                               "a sweep by rate chooses the period");
  }
  if (bench.count("--period") == 0) {
    options.period_ns = kSweepPeriodNs;
  }
  if (bench.count("--samples") == 0) {
    options.samples = kSweepSamples;
  }
}

// What concerns more than one option.
void settle(const CLI::App& bench, Options& options) {
  if (!options.sweep.empty()) {
    settle_sweep(bench, options);
  }
  if (options.cpus[0] == options.cpus[1]) {
    throw CLI::ValidationError(
        "--cpus", "the producer and the consumer need different CPUs");
  }
  const std::vector<const PathKind*> named = named_paths(options);
  if (options.cpus[0] != kDriverCpu &&
      std::ranges::any_of(named, &PathKind::driver)) {
    throw CLI::ValidationError(
        "--cpus", "the driver's simulator runs on CPU 0: expected 0,C");
  }
  if (bench.count("--sender") > 0 &&
      std::ranges::none_of(named, &PathKind::packets)) {
    throw CLI::ValidationError(
        "--sender", "only paths of packets have one: name one with --paths");
  }
  if (options.csv.extension() == ".csv" && options.sweep.empty() &&
      named.size() != 1) {
    throw CLI::ValidationError(
        "--csv",
        "a file holds one path: name one with --paths, or a directory");
  }
}

}  // namespace

void add_options(CLI::App& bench, Options& options) {
  bench
      .add_option("--paths", options.paths,
                  "Paths to measure, such as ring,read; --list names them")
      ->delimiter(',')
      ->check(tools::word("path", path_names()))
      ->option_text("PATH,...");
  bench
      .add_option(
          "--sweep", options.sweep,
          "Measure latency over one setting: " + tools::any_of(sweep_names()))
      ->check(tools::word("sweep", sweep_names()))
      ->option_text("SETTING");
  bench
      .add_option("--samples", options.samples,
                  "Samples for each path; in a sweep for each value, and 10000 "
                  "unless given")
      ->check(tools::whole_number(1, 1'000'000'000))
      ->option_text("N")
      ->capture_default_str();
  bench
      .add_option("--rounds", options.rounds,
                  "Rounds, in which the paths take turns")
      ->check(tools::whole_number(1, 100'000))
      ->option_text("N")
      ->capture_default_str();
  tools::add_period(bench, options.period_ns);
  bench
      .add_option("--cpus", options.cpus,
                  "CPUs of the producer and of the consumer")
      ->delimiter(',')
      ->expected(2)
      ->check(tools::cpu())
      ->option_text("P,C")
      ->default_str("0,1");
  bench
      .add_option_function<std::string>(
          "--sender",
          [&options](const std::string& name) {
            options.sender = name == "udp" ? Sender::kUdp : Sender::kFrame;
          },
          "How the paths of packets send: whole frames through a packet socket "
          "(frame), or datagrams through a UDP socket (udp)")
      ->check(tools::word("sender", {"frame", "udp"}))
      ->option_text("frame|udp")
      ->default_str("frame");
  bench
      .add_option("--json", options.json,
                  "Write the results to FILE; hft report looks for "
                  "results.json, or for sweep.json of a sweep")
      ->check(tools::path())
      ->option_text("FILE");
  bench
      .add_option("--csv", options.csv,
                  "Write the raw samples: PATH.csv for each path into DIR, or "
                  "FILE.csv of a single path; of a sweep its points")
      ->check(tools::path())
      ->option_text("DIR|FILE.csv");
  bench
      .add_option("--hgrm", options.hgrm,
                  "Write the percentiles of each path into DIR, as PATH.hgrm "
                  "for HdrHistogram's plotter")
      ->check(tools::path())
      ->option_text("DIR");
  bench
      .add_option("--manifest", options.manifest,
                  "Add a field to the manifest of the results; may be repeated")
      ->check(CLI::Validator(check_pair, ""))
      ->option_text("KEY=VALUE");
  CLI::Option* attribute = bench.add_flag(
      "--attribute", options.attribute,
      "Say what ran during the ten worst samples of each path; this reads "
      "/proc between samples");
  bench.get_option("--sweep")->excludes(attribute)->excludes(
      bench.get_option("--hgrm"));
  bench.add_flag("--producer-cost", options.producer_cost,
                 "Measure what a record costs its producer instead: the driver "
                 "in cycles, a BPF program in nanoseconds, with our ring and "
                 "with the BPF ring buffer");
  bench.add_flag("--list", options.list,
                 "List the paths, and why this machine does not offer some");
  bench.parse_complete_callback([&] { settle(bench, options); });
  bench.footer(
      "Without --paths it measures the paths of the driver. Where this machine "
      "has\n"
      "no driver, it measures those between two processes and of a BPF timer.\n"
      "Examples:\n"
      "  hft bench --paths ring,read --samples 10000 --json r.json\n"
      "  hft bench --paths process,pipe,floor --cpus 2,3\n"
      "  hft bench --paths xdp,udp-spin --sender udp\n"
      "  hft bench --sweep rate --paths process,pipe --json out/sweep.json\n"
      "  hft report out");
}

std::vector<const PathKind*> chosen_paths(const Options& options,
                                          bool driver_there) {
  std::vector<const PathKind*> chosen = named_paths(options);
  if (chosen.empty()) {
    for (const PathKind& kind : path_kinds()) {
      if (kind.standard && kind.driver == driver_there) {
        chosen.push_back(&kind);
      }
    }
  }
  return chosen;
}

void apply_manifest(const std::vector<std::string>& pairs,
                    lab::Manifest& manifest) {
  const std::map<std::string, std::string lab::Manifest::*> fields = {
      {"kernel", &lab::Manifest::kernel},
      {"config_hash", &lab::Manifest::config_hash},
      {"accelerator", &lab::Manifest::accelerator},
      {"qemu", &lab::Manifest::qemu},
      {"commit", &lab::Manifest::commit},
  };
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    const std::string key = pair.substr(0, equals);
    const std::string value = pair.substr(equals + 1);
    const auto field = fields.find(key);
    if (field != fields.end()) {
      manifest.*field->second = value;
    } else {
      manifest.extra[key] = value;
    }
  }
}

}  // namespace hft::bench
