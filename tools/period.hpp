// SPDX-License-Identifier: MIT
// The option --period, the same wherever a producer keeps a schedule.
#pragma once

#include <hft/abi.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <string>

namespace hft::tools {

/// `period` in nanoseconds, from "100us", "1ms" or a bare count of ns.
inline void add_period(CLI::App& app, std::uint64_t& period) {
  const std::map<std::string, std::uint64_t> units = {
      {"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}};
  app.add_option("--period", period,
                 "Time between packets, 10us to 1s (ns, us, ms, s)")
      ->transform(CLI::AsNumberWithUnit(units))
      ->check(CLI::Range(HFT_SIM_PERIOD_MIN, HFT_SIM_PERIOD_MAX))
      ->default_val(period);
}

}  // namespace hft::tools
