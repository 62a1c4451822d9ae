// SPDX-License-Identifier: MIT
// What our programs have around them: the command line, and how they end.
//
//   return hft::tools::run_program(app, argc, argv, [&] { return status; });
#pragma once

#include <CLI/CLI.hpp>
#include <cerrno>
#include <concepts>
#include <cstdio>
#include <cstring>
#include <exception>
#include <system_error>
#include <utility>

#include "exit_status.hpp"

namespace hft::tools {

/// Whoever reads the output has seen enough, as with `hft tap P | head`: that
/// needs no words.
inline bool is_broken_pipe(const std::exception& error) {
  const auto* const system = dynamic_cast<const std::system_error*>(&error);
  return system != nullptr && system->code() == std::errc::broken_pipe;
}

/// What run_program() does but for the standard output.
template <std::invocable Body>
int parse_and_run(CLI::App& app, int argc, char** argv, Body&& body) {
  try {
    app.parse(argc, argv);
    return body();
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return kUsage;
  } catch (const std::exception& error) {
    if (is_broken_pipe(error)) {
      return kFailed;
    }
    // Not fmt::print(), which throws where standard error cannot be written.
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), error.what());
    return kFailed;
  }
}

/// Parse the command line, then body(), whose status is the program's. An
/// exception ends it with kFailed and a line that begins with app's name; so
/// does standard output that could not be written.
template <std::invocable Body>
int run_program(CLI::App& app, int argc, char** argv, Body&& body) {
  const int status = parse_and_run(app, argc, argv, std::forward<Body>(body));
  if (std::fflush(stdout) != 0) {
    if (errno != EPIPE) {
      std::fprintf(stderr, "%s: cannot write the output: %s\n",
                   app.get_name().c_str(), std::strerror(errno));
    }
  } else if (std::ferror(stdout) == 0) {
    return status;
  } else if (status == kOk) {
    std::fprintf(stderr, "%s: cannot write the output\n",
                 app.get_name().c_str());
  }
  return status == kOk ? kFailed : status;
}

}  // namespace hft::tools
