// SPDX-License-Identifier: MIT
#include "report/sweep_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "report/charts.hpp"
#include "report/script.hpp"

namespace hft::report {
namespace {

constexpr int kHeight = 1000;
constexpr double kMargin = 1.2;  // of an axis, beyond the outermost values

struct Range {
  double low = std::numeric_limits<double>::max();
  double high = 1;

  void include(double value) {
    low = std::min(low, std::max(value, 1.0));
    high = std::max(high, value);
  }
};

// The paths in the order measured.
std::vector<std::string> path_names(const lab::SweepResults& sweep) {
  std::vector<std::string> names;
  for (const lab::SweepPoint& point : sweep.points) {
    if (std::ranges::find(names, point.result.path) == names.end()) {
      names.push_back(point.result.path);
    }
  }
  return names;
}

std::string axes(const lab::SweepResults& sweep) {
  Range latency;
  Range value;
  for (const lab::SweepPoint& point : sweep.points) {
    latency.include(static_cast<double>(point.result.latency.p50));
    latency.include(static_cast<double>(point.result.latency.p999));
    latency.include(point.idle_ring.value_or(latency.low));
    value.include(static_cast<double>(point.value));
  }
  if (sweep.points.empty()) {
    latency.include(1);
    value.include(1);
  }
  const double low = latency.low / kMargin;
  const double high = latency.high * kMargin;
  std::string out = fmt::format(
      "set xlabel {} textcolor rgb '#333333'\n"
      "set ylabel 'latency, {}' textcolor rgb '#333333'\n"
      "set grid ytics xtics ls 100\n"
      "set key outside right center vertical Left reverse samplen 3 spacing "
      "1.4 textcolor rgb '#333333'\n{}{}",
      gnuplot_string(sweep.axis), sweep.unit,
      decade_axis("x", value.low / kMargin, value.high * kMargin),
      decade_axis("y", low, high));
  if (sweep.unit == "cycles" && sweep.manifest.tsc_hz != 0) {
    const double ns = 1e9 / static_cast<double>(sweep.manifest.tsc_hz);
    out += fmt::format(
        "set border 11\nset y2label 'latency, ns' textcolor rgb '#333333'\n{}",
        decade_axis("y2", low * ns, high * ns));
  }
  return out;
}

// The value of every point, where they are few enough to be read.
std::string value_tics(const lab::SweepResults& sweep) {
  std::string out = "set xtics rotate by -40\n";
  if (sweep.by != "rate") {
    std::vector<std::string> tics;
    for (const lab::SweepPoint& point : sweep.points) {
      tics.push_back(
          fmt::format("'{}' {}", lab::group_digits(point.value), point.value));
    }
    out += fmt::format("set xtics ({})\n", fmt::join(tics, ", "));
  }
  return out;
}

// `beside` others that are saturated at the same value.
std::string saturation(const lab::SweepPoint& point, std::ptrdiff_t beside) {
  constexpr double kFromLine = 1.2;  // widths of a character
  constexpr double kApart = 2.6;
  return fmt::format(
      "set arrow from {0}, graph 0 to {0}, graph 1 nohead lc rgb '{1}' lw 1.5 "
      "dt 3 back\n"
      "set label {2} at {0}, graph 0.02 offset {3:.1f},0 left rotate by 90 "
      "font 'DejaVu Sans,13' textcolor rgb '{1}'\n",
      point.value, style_of(point.result.path).on_light,
      gnuplot_string(fmt::format(
          "{} saturated: {} records/s delivered", point.result.path,
          lab::group_digits(static_cast<std::uint64_t>(point.delivered_rate)))),
      -kFromLine - kApart * static_cast<double>(beside));
}

}  // namespace

std::string sweep_script(const std::string& title,
                         const lab::SweepResults& sweep) {
  std::string out = preamble(title, sweep.validity, kHeight) + axes(sweep) +
                    value_tics(sweep);
  std::vector<std::string> plots;
  std::vector<std::uint64_t> saturated;
  const std::vector<std::string> names = path_names(sweep);
  for (const std::string& path : names) {
    const std::size_t block = plots.size();
    bool idle_rings = false;
    out += fmt::format("$path{} << EOD\n", block);
    for (const lab::SweepPoint& point : sweep.points) {
      if (point.result.path != path) continue;
      const lab::Summary& latency = point.result.latency;
      out +=
          fmt::format("{} {} {} {} {}\n", point.value, latency.p50, latency.p99,
                      latency.p999, point.idle_ring.value_or(0));
      idle_rings = idle_rings || point.idle_ring;
    }
    out += "EOD\n";
    for (const lab::SweepPoint& point : sweep.points) {
      if (point.result.path == path && point.saturated) {
        out += saturation(point, std::ranges::count(saturated, point.value));
        saturated.push_back(point.value);
      }
    }
    const auto add = [&](int column, const char* name, int dash,
                         std::string_view colour) {
      plots.push_back(fmt::format(
          "$path{} using 1:{} with linespoints lw {} pt 7 ps {} dt {} lc rgb "
          "'{}' title {}",
          block, column, dash == 1 ? 3 : 2, dash == 1 ? 1.0 : 0.6, dash, colour,
          gnuplot_string(path + "  " + name)));
    };
    const std::string_view colour = style_of(path).on_light;
    add(2, "P50", 1, colour);
    add(3, "P99", 2, colour);
    // Of several paths it would hide more than it shows.
    if (names.size() == 1) add(4, "P99.9", 3, colour);
    if (idle_rings) add(5, "per idle ring", 1, "#888888");
  }
  if (plots.empty()) plots.emplace_back("NaN notitle");
  return out + fmt::format("plot {}\n", fmt::join(plots, ", \\\n     "));
}

}  // namespace hft::report
