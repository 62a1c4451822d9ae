// SPDX-License-Identifier: MIT
// What our programs have around them: the command line, and how they end.
//
//   return hft::tools::run_program(app, argc, argv, [&] { return status; });
#pragma once

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <concepts>
#include <cstdio>
#include <exception>

#include "exit_status.hpp"

namespace hft::tools {

/// Parse the command line, then body(), whose status is the program's. An
/// exception ends it with kFailed and a line that begins with app's name.
template <std::invocable Body>
int run_program(CLI::App& app, int argc, char** argv, Body&& body) {
  try {
    app.parse(argc, argv);
    return body();
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", app.get_name(), error.what());
    return kFailed;
  }
}

}  // namespace hft::tools
