// SPDX-License-Identifier: MIT
// The `hft` command.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "commands.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Kernel-to-user low-latency rings: measure, report, control"};
  app.name("hft");
  app.require_subcommand(1);
  app.set_version_flag("--version", HFT_VERSION);
  app.footer("Example: hft bench --paths ring,read --samples 10000");

  int status = hft::tools::kOk;
  hft::tools::add_bench(app, status);
  hft::tools::add_ctl(app, status);
  hft::tools::add_report(app, status);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return hft::tools::kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "hft: {}\n", error.what());
    return hft::tools::kFailed;
  }
  return status;
}
