// SPDX-License-Identifier: MIT
// Ctrl-C, a supervisor's SIGTERM and the SIGHUP of a terminal that is closed
// end a program that has a summary to give, or something to remove.
//
//   hft::tools::stop_on_signals();
//   while (!hft::tools::stop_requested()) work();
#pragma once

namespace hft::tools {

/// From now on SIGINT, SIGTERM and SIGHUP interrupt system calls and are
/// remembered; a second one of the same kind ends the program at once. SIGHUP
/// stays ignored where it was (nohup). SIGPIPE is ignored: writing to a reader
/// that is gone fails instead, and the program can clean up.
void stop_on_signals();
bool stop_requested();

}  // namespace hft::tools
