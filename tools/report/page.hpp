// SPDX-License-Identifier: MIT
// report.html: one file with everything in it, which loads nothing.
//
//   std::string html = report_page("Run 7", results, paths);
//   write_file("report.html", html);
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/results.hpp"
#include "report/charts.hpp"

namespace hft::report {

// `paths` stand in the order of results.results.
std::string report_page(const std::string& title, const lab::Results& results,
                        const std::vector<PathSamples>& paths);

// `text` as it may stand in an element or in a quoted attribute.
std::string escape_html(std::string_view text);

}  // namespace hft::report
