// SPDX-License-Identifier: MIT
// Exit statuses of our programs, as sysexits.h names them where it has a name.
#pragma once

namespace hft::tools {

enum ExitStatus : int {
  kOk = 0,
  kFailed = 1,       // it ran, and something measured or checked was wrong
  kUsage = 64,       // EX_USAGE: the command line is wrong
  kDataError = 65,   // EX_DATAERR: an input file is wrong
  kUnavailable = 69  // EX_UNAVAILABLE: this machine does not offer it
};

}  // namespace hft::tools
