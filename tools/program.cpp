// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "error.hpp"
#include "help.hpp"
#include "hft/bpf.hpp"
#include "hft/device.hpp"
#include "unknown.hpp"

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
  return is<Unavailable>(error) || is<NoDriver>(error) ||
                 is<bpf::LoadError>(error)
             ? kUnavailable
             : kFailed;
}

// What is the same of every call that fails so.
std::string advice(const std::exception& error) {
  const auto* const system = dynamic_cast<const std::system_error*>(&error);
  const bool has_it = std::string_view(error.what()).find("ulimit -n") !=
                      std::string_view::npos;
  return system != nullptr &&
                 system->code() == std::errc::too_many_files_open && !has_it
             ? ": raise `ulimit -n`"
             : "";
}

// Names that users give may hold anything; an error is a line, and nothing that
// a terminal obeys. Lines of the verifier begin with two spaces.
std::string printable(std::string_view text) {
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool ends_line = byte == '\n' && text.substr(i + 1, 2) == "  ";
    const bool is_control = byte < ' ' || byte == 0x7f;
    safe += is_control && !ends_line ? fmt::format("\\x{:02x}", byte)
                                     : std::string(1, text[i]);
  }
  return safe;
}

// "hft: TEXT", or "hft bench: TEXT" once the command line has named a command.
// Not fmt::print(), which throws where standard error cannot be written.
void complain(const CLI::App& app, const std::string& text) {
  std::string name = app.get_name();
  for (const CLI::App* const command : app.get_subcommands()) {
    name += " " + command->get_name();
  }
  std::fprintf(stderr, "%s: %s\n", name.c_str(), printable(text).c_str());
}

// The commands that the command line names, from the program on.
std::vector<const CLI::App*> named_commands(const CLI::App& app) {
  std::vector<const CLI::App*> named = {&app};
  while (!named.back()->get_subcommands().empty()) {
    named.push_back(named.back()->get_subcommands().front());
  }
  return named;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* const command : app.get_subcommands({})) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* const option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

// Of a word that the command has no use for.
std::string explain_word(const CLI::App& command, const std::string& word) {
  if (word.starts_with('-')) {
    return unknown("option", word.substr(0, word.find('=')),
                   option_names(command));
  }
  const std::vector<std::string> names = command_names(command);
  return names.empty() ? fmt::format("unexpected argument '{}'", word)
                       : unknown("command", word, names);
}

// CLI11's text, which begins with the name of the option; but for an option
// that is missing, or has too few values or too many.
std::string explain_option(const CLI::App& command,
                           const CLI::ParseError& error) {
  std::string text = error.what();
  const CLI::Option* const option =
      command.get_option_no_throw(text.substr(0, text.find_first_of(": ")));
  if (option != nullptr && is<CLI::RequiredError>(error)) {
    return typed(*option) + " is required";
  }
  if (option != nullptr && is<CLI::ArgumentMismatch>(error)) {
    const std::size_t values = option->count();
    return fmt::format(
        "{}: expected {}, found {} value{}", option->get_name(), typed(*option),
        values == 0 ? "no" : std::to_string(values), values > 1 ? "s" : "");
  }
  return text;
}

// CLI11 looks for words that are left over only when it finds nothing else, and
// without the options that were meant something else is wrong as well.
std::string explain(const std::vector<const CLI::App*>& named,
                    const CLI::ParseError& error) {
  for (const CLI::App* const command : named) {
    for (const std::string& word : command->remaining()) {
      if (word != "--") {
        return explain_word(*command, word);
      }
    }
  }
  const std::vector<std::string> names = command_names(*named.back());
  return is<CLI::RequiredError>(error) && !names.empty()
             ? "expected a command: " + any_of(names)
             : explain_option(*named.back(), error);
}

// What is wrong with the command line, and where to read more.
void complain_of_usage(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<const CLI::App*> named = named_commands(app);
  complain(app, explain(named, error));
  std::string typed;
  for (const CLI::App* const command : named) {
    typed += command->get_name() + " ";
  }
  std::fprintf(stderr, "  see %s--help\n", typed.c_str());
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
    complain_of_usage(app, error);
    return status_of(error);
  } catch (const std::exception& error) {
    if (!is_broken_pipe(error)) {
      complain(app, error.what() + advice(error));
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
