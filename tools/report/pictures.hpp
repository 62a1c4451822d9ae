// SPDX-License-Identifier: MIT
// gnuplot scripts that draw cdf.png and histogram.png to standard output.
//
//   std::string script = cdf_script("Run 7", results, paths);
//   write_file("cdf.png", run_gnuplot(script));
#pragma once

#include <string>
#include <vector>

#include "lab/results.hpp"
#include "report/charts.hpp"

namespace hft::report {

// `paths` stand in the order of results.results; those without samples are
// left out.
std::string cdf_script(const std::string& title, const lab::Results& results,
                       const std::vector<PathSamples>& paths);
std::string histogram_script(const std::string& title,
                             const lab::Results& results,
                             const std::vector<PathSamples>& paths);

}  // namespace hft::report
