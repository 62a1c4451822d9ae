// SPDX-License-Identifier: MIT
// What the scripts of all pictures have in common.
//
//   std::string script = preamble("Latency", results.validity, 1000);
//   script += decade_axis("x", 100, 2e6);
//   script += fmt::format("plot x title {}\n", gnuplot_string("It's x"));
//   write_file("x.png", run_gnuplot(script));
#pragma once

#include <string>
#include <string_view>

#include "lab/results.hpp"

namespace hft::report {

// As a gnuplot string: single quotes keep everything but themselves.
std::string gnuplot_string(std::string_view text);

// A picture `height` pixels high with title, validity, and plain axes.
std::string preamble(const std::string& title, const lab::Validity& validity,
                     int height);

// A logarithmic axis ("x", "y", "y2") with 1, 2 and 5 in each decade, as far
// as there is room, grouped by threes.
std::string decade_axis(std::string_view axis, double low, double high);

}  // namespace hft::report
