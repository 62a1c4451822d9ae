// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

#include "error.hpp"

namespace hft::tools {
namespace {

// Whoever reads the output has seen enough, as with `hft tap P | head`: that
// needs no words.
bool is_broken_pipe(const std::exception& error) {
  const auto* const system = dynamic_cast<const std::system_error*>(&error);
  return system != nullptr && system->code() == std::errc::broken_pipe;
}

template <class Type>
bool is(const std::exception& error) {
  return dynamic_cast<const Type*>(&error) != nullptr;
}

ExitStatus status_of(const std::exception& error) {
  if (is<CLI::ParseError>(error) || is<std::invalid_argument>(error)) {
    return kUsage;
  }
  if (is<DataError>(error)) {
    return kDataError;
  }
  return is<Unavailable>(error) ? kUnavailable : kFailed;
}

// "hft: TEXT", or "hft bench: TEXT" once the command line has named a command.
// Not fmt::print(), which throws where standard error cannot be written.
void complain(const CLI::App& app, const std::string& text) {
  std::string name = app.get_name();
  for (const CLI::App* const command : app.get_subcommands()) {
    name += " " + command->get_name();
  }
  std::fprintf(stderr, "%s: %s\n", name.c_str(), text.c_str());
}

// The innermost command that the command line names, as one would type it.
std::string typed_name(const CLI::App& app) {
  std::string name = app.get_name();
  for (const CLI::App* command : app.get_subcommands()) {
    name += " " + typed_name(*command);
  }
  return name;
}

// What run_program() does but for the standard output.
int parse_and_run(CLI::App& app, int argc, char** argv,
                  const std::function<int()>& body) {
  try {
    app.parse(argc, argv);
    return body();
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    complain(app, error.what());
    std::fprintf(stderr, "  see %s --help\n", typed_name(app).c_str());
    return status_of(error);
  } catch (const std::exception& error) {
    if (!is_broken_pipe(error)) {
      complain(app, error.what());
    }
    return status_of(error);
  }
}

}  // namespace

int run_program(CLI::App& app, int argc, char** argv,
                const std::function<int()>& body) {
  const int status = parse_and_run(app, argc, argv, body);
  if (std::fflush(stdout) != 0) {
    if (errno != EPIPE) {
      complain(app,
               std::string("cannot write the output: ") + std::strerror(errno));
    }
  } else if (std::ferror(stdout) == 0) {
    return status;
  } else if (status == kOk) {
    complain(app, "cannot write the output");
  }
  return status == kOk ? kFailed : status;
}

}  // namespace hft::tools
