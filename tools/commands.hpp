// SPDX-License-Identifier: MIT
// The subcommands of `hft`: each adds itself to the application and, when it
// was the one asked for, leaves its exit status.
#pragma once

#include <CLI/CLI.hpp>

#include "exit_status.hpp"

namespace hft::tools {

void add_bench(CLI::App& app, int& status);
void add_ctl(CLI::App& app, int& status);
void add_feed(CLI::App& app, int& status);
void add_produce(CLI::App& app, int& status);
void add_replay(CLI::App& app, int& status);
void add_report(CLI::App& app, int& status);
void add_tap(CLI::App& app, int& status);

/// In the order in which `hft --help` lists them.
inline constexpr void (*kCommands[])(CLI::App& app, int& status) = {
    add_bench, add_ctl, add_feed, add_produce, add_replay, add_report, add_tap};

}  // namespace hft::tools
