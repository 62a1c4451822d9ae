// SPDX-License-Identifier: MIT
// What `hft bench` was asked for.
#pragma once

#include <hft/abi.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/path.hpp"
#include "lab/results.hpp"

namespace hft::bench {

struct Options {
  std::vector<std::string> paths;  // empty: the standard ones, or `process`
                                   // in a sweep
  std::string sweep;               // by what; empty: none
  std::uint64_t samples = 1000;
  std::uint64_t rounds = 5;
  std::uint64_t period_ns = HFT_SIM_PERIOD_DEFAULT;
  std::vector<int> cpus = {0, 1};  // producer, consumer
  Sender sender = Sender::kFrame;  // of the paths of packets
  std::filesystem::path json;
  std::filesystem::path csv;
  std::filesystem::path hgrm;
  std::vector<std::string> manifest;  // KEY=VALUE
  bool list = false;
  bool attribute = false;
  bool producer_cost = false;
};

/// Declare the options of `bench`. CLI11 checks them: names, ranges, the shape
/// of KEY=VALUE, and what does not go together.
void add_options(CLI::App& bench, Options& options);

/// The paths asked for, in the order given. By default the standard ones of the
/// driver, or, where it is not `there`, those that do without.
std::vector<const PathKind*> chosen_paths(const Options& options,
                                          bool driver_there);

/// Put KEY=VALUE pairs into the manifest: its own fields by name, others as
/// extras.
void apply_manifest(const std::vector<std::string>& pairs,
                    lab::Manifest& manifest);

}  // namespace hft::bench
