// SPDX-License-Identifier: MIT
// The option --period, the same wherever a producer keeps a schedule.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

#include "values.hpp"

namespace hft::tools {

/// `period` in nanoseconds, 1 ms where the option is not given.
inline void add_period(CLI::App& app, std::uint64_t& period) {
  app.add_option("--period", period, "Time between packets, such as 100us")
      ->transform(tools::period())
      ->option_text("TIME")
      ->default_str("1ms");
}

}  // namespace hft::tools
