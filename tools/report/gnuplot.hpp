// SPDX-License-Identifier: MIT
// Runs gnuplot on a script.
//
//   std::string png = run_gnuplot("set terminal pngcairo\nplot sin(x)\n");
//   write_file("sine.png", png);
#pragma once

#include <string>
#include <string_view>

namespace hft::report {

// What gnuplot writes to its standard output. Throws tools::Unavailable, which
// names the package, where gnuplot is not installed, and std::runtime_error
// with gnuplot's own words if it fails.
std::string run_gnuplot(std::string_view script);

}  // namespace hft::report
