// SPDX-License-Identifier: MIT
// Errors that have an exit status of their own. run_program() maps them to it,
// as it maps a wrong command line and std::invalid_argument, which the library
// throws for a wrong value, to kUsage, and NoDriver to kUnavailable. Any other
// exception is kFailed.
//
//   throw hft::tools::Unavailable("expected gnuplot in PATH, found none: …");
#pragma once

#include <stdexcept>

namespace hft::tools {

/// An input file is missing, or is not what it should be: kDataError.
struct DataError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// This machine does not offer what was asked for: kUnavailable.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace hft::tools
