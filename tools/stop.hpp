// SPDX-License-Identifier: MIT
// Ctrl-C, and a supervisor's SIGTERM, end a program that has a summary to give.
//
//   hft::tools::stop_on_signals();
//   while (!hft::tools::stop_requested()) work();
#pragma once

namespace hft::tools {

/// From now on SIGINT and SIGTERM interrupt system calls and are remembered; a
/// second one ends the program at once.
void stop_on_signals();
bool stop_requested();

}  // namespace hft::tools
