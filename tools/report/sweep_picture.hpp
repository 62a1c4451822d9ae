// SPDX-License-Identifier: MIT
// A sweep as a gnuplot script.
//
//   SweepResults sweep = parse_sweep(read_file("results/sweep.json"));
//   write_file("sweep.png",
//              run_gnuplot(sweep_script("Latency by rate", sweep)));
#pragma once

#include <string>

#include "lab/sweep_results.hpp"

namespace hft::report {

// P50 and P99 of each path over what was swept, of a single path also P99.9,
// the cost of an idle ring where it is known, and where a path is saturated.
std::string sweep_script(const std::string& title,
                         const lab::SweepResults& sweep);

}  // namespace hft::report
