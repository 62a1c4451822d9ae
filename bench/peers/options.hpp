// SPDX-License-Identifier: MIT
// The command line of `peers`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "rounds.hpp"

namespace hft::peers {

struct Options {
  std::string json;
  std::size_t runs = 5;
  std::size_t rounds = 16;
  std::vector<int> cpus = {0, 1};
  std::vector<std::string> only;
  std::vector<std::size_t> bytes{kRecordSizes.begin(), kRecordSizes.end()};
  std::vector<std::size_t> capacities{kCapacities.begin(), kCapacities.end()};
  bool quick = false;
  bool list = false;
};

void add_options(CLI::App& app, Options& options);

/// What these options ask for.
Plan make_plan(const Options& options);

}  // namespace hft::peers
