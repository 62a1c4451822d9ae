// SPDX-License-Identifier: MIT
// The files that the build embeds for report.html (embed.cmake).
#pragma once

#include <string_view>

namespace hft::report {

extern const std::string_view kReportPage;  // report.html.in
extern const std::string_view kReportCss;
extern const std::string_view kReportJs;
extern const std::string_view kDygraphsCss;
extern const std::string_view kDygraphsJs;

}  // namespace hft::report
