// SPDX-License-Identifier: MIT
// What our programs have around them: the command line, and how they end.
//
//   return hft::tools::run_program(app, argc, argv, [&] { return status; });
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "exit_status.hpp"

namespace hft::tools {

/// Parses the command line, then calls body(), whose status is the program's.
/// An exception ends the program with the status of its type (error.hpp) and a
/// line on the standard error that begins with "hft COMMAND: ". So does
/// standard output that could not be written.
int run_program(CLI::App& app, int argc, char** argv,
                const std::function<int()>& body);

}  // namespace hft::tools
