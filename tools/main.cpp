// SPDX-License-Identifier: MIT
// The `hft` command.
#include <memory>

#include "commands.hpp"
#include "help.hpp"
#include "program.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Kernel-to-user low-latency rings: measure, report, control"};
  app.name("hft");
  app.formatter(std::make_shared<hft::tools::Help>());
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("--version", HFT_VERSION, "Print the version and exit");

  int status = hft::tools::kOk;
  for (const auto add : hft::tools::kCommands) {
    add(app, status);
  }
  // Last: commands inherit a footer, and each has examples of its own.
  app.footer(
      "Each command has a --help of its own.\n"
      "Example: hft bench --paths ring,read --samples 10000");

  return hft::tools::run_program(app, argc, argv, [&] { return status; });
}
