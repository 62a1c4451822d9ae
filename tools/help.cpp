// SPDX-License-Identifier: MIT
#include "help.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace hft::tools {
namespace {

constexpr std::size_t kColumns = 80;

// The text in lines of at most `width` characters, broken at spaces.
std::string wrap(std::string text, std::size_t width) {
  std::size_t begin = 0;
  while (text.size() - begin > width) {
    const std::size_t space = text.rfind(' ', begin + width);
    if (space == std::string::npos || space <= begin) {
      break;
    }
    text[space] = '\n';
    begin = space + 1;
  }
  return text;
}

// The descriptions of its validators. CLI11 puts them behind the type's name,
// with a colon before each.
std::string range_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t colon = type.find_first_not_of(':', type.find(':'));
  return colon == std::string::npos ? "" : type.substr(colon);
}

std::vector<std::string> notes_on(const CLI::Option& option) {
  std::vector<std::string> notes;
  if (option.get_required()) {
    notes.emplace_back("required");
  }
  if (const std::string range = range_of(option); !range.empty()) {
    notes.push_back(range);
  }
  if (!option.get_default_str().empty()) {
    notes.push_back("default " + option.get_default_str());
  }
  std::vector<std::string> excluded;
  for (const CLI::Option* const other : option.get_excludes()) {
    excluded.push_back(other->get_name());
  }
  if (!excluded.empty()) {
    notes.push_back(fmt::format("not with {}", fmt::join(excluded, ", ")));
  }
  return notes;
}

}  // namespace

Help::Help() { label("SUBCOMMAND", "COMMAND"); }

std::string Help::make_usage(const CLI::App* app, std::string name) const {
  constexpr std::string_view kOptions = "[OPTIONS]";
  std::string usage = Formatter::make_usage(app, std::move(name));
  std::string required;
  for (const CLI::Option* const option : app->get_options()) {
    if (option->get_required() && option->nonpositional()) {
      required += " " + typed(*option);
    }
  }
  return usage.insert(usage.find(kOptions) + kOptions.size(), required);
}

std::string Help::make_subcommands(const CLI::App* app,
                                   CLI::AppFormatMode mode) const {
  return CLI::detail::find_and_replace(Formatter::make_subcommands(app, mode),
                                       "\nSubcommands:", "\nCommands:");
}

std::string Help::make_subcommand(const CLI::App* command) const {
  std::ostringstream out;
  CLI::detail::format_help(
      out, command->get_name(),
      wrap(command->get_description(), kColumns - column_width_),
      column_width_);
  return out.str();
}

std::string Help::make_option_opts(const CLI::Option* option) const {
  return option->get_positional() || option->get_option_text().empty()
             ? ""
             : " " + option->get_option_text();
}

std::string Help::make_option_desc(const CLI::Option* option) const {
  std::string text = option->get_description();
  if (const auto notes = notes_on(*option); !notes.empty()) {
    text += fmt::format(" ({})", fmt::join(notes, "; "));
  }
  return wrap(std::move(text), kColumns - column_width_);
}

std::string typed(const CLI::Option& option) {
  return option.get_positional() || option.get_option_text().empty()
             ? option.get_name(true)
             : option.get_name() + " " + option.get_option_text();
}

}  // namespace hft::tools
