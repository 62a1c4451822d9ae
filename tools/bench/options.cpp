// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "period.hpp"

namespace hft::bench {
namespace {

std::vector<std::string_view> path_names() {
  std::vector<std::string_view> names;
  for (const PathKind& kind : path_kinds()) {
    names.push_back(kind.name);
  }
  return names;
}

const PathKind* find_path(std::string_view name) {
  const auto& kinds = path_kinds();
  const auto found =
      std::find_if(kinds.begin(), kinds.end(),
                   [&](const PathKind& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

std::string check_path(const std::string& name) {
  if (find_path(name) != nullptr) {
    return {};
  }
  return fmt::format("no path is called '{}'; the paths are {}", name,
                     fmt::join(path_names(), ", "));
}

std::string check_pair(const std::string& pair) {
  return pair.find('=') != std::string::npos && pair.front() != '='
             ? std::string{}
             : fmt::format("'{}' is not KEY=VALUE", pair);
}

}  // namespace

void add_options(CLI::App& bench, Options& options) {
  bench.add_option("--paths", options.paths, "Paths to measure, by name")
      ->delimiter(',')
      ->check(CLI::Validator(check_path, "PATH"))
      ->option_text("PATH,...");
  bench.add_option("--samples", options.samples, "Samples a path")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  bench.add_option("--rounds", options.rounds, "Interleaved rounds")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000}))
      ->capture_default_str();
  tools::add_period(bench, options.period);
  bench
      .add_option("--cpus", options.cpus,
                  "CPU of the producer and of the consumer")
      ->delimiter(',')
      ->expected(2)
      ->check(CLI::NonNegativeNumber)
      ->option_text("P,C");
  bench.add_option("--json", options.json, "Write results.json to FILE")
      ->option_text("FILE");
  bench
      .add_option("--csv", options.csv,
                  "Write raw samples: PATH.csv into a folder, or FILE.csv when "
                  "one path is measured")
      ->option_text("DIR|FILE.csv");
  bench
      .add_option("--hgrm", options.hgrm,
                  "Write percentiles for HdrHistogram's plotter: PATH.hgrm")
      ->option_text("DIR");
  bench
      .add_option("--manifest", options.manifest,
                  "Add to the manifest; may be repeated")
      ->check(CLI::Validator(check_pair, "KEY=VALUE"))
      ->option_text("KEY=VALUE");
  bench.add_flag("--attribute", options.attribute,
                 "Say what ran during the ten worst samples of each path; "
                 "reads /proc between samples");
  bench.add_flag("--list", options.list,
                 "Say which paths this machine offers, and why not the others");
  bench.footer(
      "Example: hft bench --paths ring,read --samples 10000 --json r.json");
}

std::vector<const PathKind*> chosen_paths(const Options& options) {
  std::vector<const PathKind*> chosen;
  for (const std::string& name : options.paths) {
    const PathKind* kind = find_path(name);
    if (std::find(chosen.begin(), chosen.end(), kind) == chosen.end()) {
      chosen.push_back(kind);
    }
  }
  if (chosen.empty()) {
    for (const PathKind& kind : path_kinds()) {
      if (kind.standard) {
        chosen.push_back(&kind);
      }
    }
  }
  return chosen;
}

void apply_manifest(const std::vector<std::string>& pairs, Manifest& manifest) {
  const std::map<std::string, std::string Manifest::*> fields = {
      {"kernel", &Manifest::kernel},
      {"config_hash", &Manifest::config_hash},
      {"accelerator", &Manifest::accelerator},
      {"qemu", &Manifest::qemu},
      {"commit", &Manifest::commit},
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
