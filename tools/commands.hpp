// SPDX-License-Identifier: MIT
// The subcommands of `hft`: each adds itself to the application and, when it
// was the one asked for, leaves its exit status.
#pragma once

#include <CLI/CLI.hpp>

namespace hft::tools {

// Exit statuses, as sysexits.h names them where it has a name.
enum ExitStatus : int {
  kOk = 0,
  kFailed = 1,       // it ran, and something measured or checked was wrong
  kUsage = 64,       // EX_USAGE: the command line is wrong
  kDataError = 65,   // EX_DATAERR: an input file is wrong
  kUnavailable = 69  // EX_UNAVAILABLE: this machine does not offer it
};

void add_bench(CLI::App& app, int& status);
void add_ctl(CLI::App& app, int& status);
void add_report(CLI::App& app, int& status);

}  // namespace hft::tools
