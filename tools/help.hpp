// SPDX-License-Identifier: MIT
// How --help lists options: what a value looks like on the left, and on the
// right what the option does, in at most 80 columns, with its range, default
// and conditions in words.
//
//   app.formatter(std::make_shared<hft::tools::Help>());  // before subcommands
//
//   --rounds N                  Rounds, in which the paths take turns (1 to
//                               100,000; default 5)
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace hft::tools {

class Help : public CLI::Formatter {
 public:
  Help();
  /// With the options that are required.
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_subcommands(const CLI::App* app,
                               CLI::AppFormatMode mode) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

/// An option as one would type it: "--rounds N", or "DIR".
std::string typed(const CLI::Option& option);

}  // namespace hft::tools
