// SPDX-License-Identifier: MIT
// Runs gnuplot on a script.
//
//   std::string png = run_gnuplot("set terminal pngcairo\nplot sin(x)\n");
//   write_file("sine.png", png);
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace hft::report {

// gnuplot is not installed; what() says which package has it.
class GnuplotMissing : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What gnuplot writes to its standard output. Throws GnuplotMissing, or
// std::runtime_error with gnuplot's own words if it fails.
std::string run_gnuplot(std::string_view script);

}  // namespace hft::report
