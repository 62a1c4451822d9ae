// SPDX-License-Identifier: MIT
// The `hft` command.
#include "commands.hpp"
#include "program.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Kernel-to-user low-latency rings: measure, report, control"};
  app.name("hft");
  app.require_subcommand(1);
  app.set_version_flag("--version", HFT_VERSION);
  app.footer("Example: hft bench --paths ring,read --samples 10000");

  int status = hft::tools::kOk;
  for (const auto add : hft::tools::kCommands) {
    add(app, status);
  }

  return hft::tools::run_program(app, argc, argv, [&] { return status; });
}
