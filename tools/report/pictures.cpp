// SPDX-License-Identifier: MIT
#include "report/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/script.hpp"

namespace hft::report {
namespace {

struct Guide {
  double fraction;
  const char* name;
};
constexpr Guide kGuides[] = {{0.5, "P50"}, {0.99, "P99"}, {0.999, "P99.9"}};

// What was measured.
std::string latency_axis(const std::string& unit,
                         const std::vector<PathSamples>& paths) {
  std::uint64_t least = ~0ull;
  std::uint64_t greatest = 1;
  for (const PathSamples& path : paths) {
    if (path.sorted.empty()) continue;
    least = std::min(least, path.sorted.front());
    greatest = std::max(greatest, path.sorted.back());
  }
  const auto low = static_cast<double>(
      std::max<std::uint64_t>(std::min(least, greatest), 1));
  return fmt::format(
      "set xlabel 'latency, {}' textcolor rgb '#333333'\n{}", unit,
      decade_axis("x", low / 1.15, static_cast<double>(greatest) * 1.15));
}

// Which results have samples to draw.
std::vector<std::size_t> drawn(const std::vector<PathSamples>& paths) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!paths[i].samples.empty()) out.push_back(i);
  }
  return out;
}

double positive(std::uint64_t latency) {
  return static_cast<double>(std::max<std::uint64_t>(latency, 1));
}

}  // namespace

std::string cdf_script(const std::string& title, const lab::Results& results,
                       const std::vector<PathSamples>& paths) {
  const Percentiles tail = percentiles(paths, 100);
  const double top =
      tail.levels.empty() ? 3 : -std::log10(1 - tail.levels.back());
  std::string out = preamble(title, results.validity, 1000);
  out += latency_axis(results.unit, paths);
  // The labels of tics are printf formats, hence "%%".
  // A percentile p stands at -log10(1 - p), so that each nine is as high as
  // the one before.
  out += fmt::format(
      "set yrange [0:{}]\nset ylabel 'percentile' textcolor rgb '#333333'\n"
      "set ytics ('0 %%' 0, '50 %%' 0.30103, '90 %%' 1, '99 %%' 2, '99.9 %%' "
      "3, "
      "'99.99 %%' 4, '99.999 %%' 5, '99.9999 %%' 6)\n"
      "set grid ytics xtics ls 100\n"
      "set key outside right center vertical Left reverse samplen 2 spacing "
      "1.4 textcolor rgb '#333333'\n",
      std::max(top, 3.0) + 0.12);
  for (const Guide& guide : kGuides) {
    const double at = -std::log10(1 - guide.fraction);
    out += fmt::format(
        "set arrow from graph 0, first {0} to graph 1, first {0} nohead "
        "lc rgb '#555555' lw 1.2 dt 2 back\n"
        "set label '{1}' at graph 1, first {0} offset -0.6,0.6 right "
        "font 'DejaVu Sans,12' textcolor rgb '#555555'\n",
        at, guide.name);
  }
  // The legend reads like the picture: fastest first.
  std::vector<std::size_t> order = drawn(paths);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    return lab::percentile(paths[i].sorted, 0.5);
  });
  std::vector<std::string> plots;
  for (const std::size_t i : order) {
    out += fmt::format("$path{} << EOD\n", i);
    for (std::size_t k = 0; k < tail.latency[i].size(); ++k) {
      out += fmt::format("{} {:.6f}\n", positive(tail.latency[i][k]),
                         -std::log10(1 - tail.levels[k]));
    }
    out += "EOD\n";
    const Style style = style_of(paths[i].name);
    plots.push_back(fmt::format(
        "$path{} using 1:2 with lines lw 3 dt {} lc rgb '{}' title {}", i,
        style.dash + 1, style.on_light,
        gnuplot_string(fmt::format(
            "{}  (P50 {})", paths[i].name,
            lab::group_digits(lab::percentile(paths[i].sorted, 0.5))))));
  }
  if (plots.empty()) plots.emplace_back("NaN notitle");
  return out + fmt::format("plot {}\n", fmt::join(plots, ", \\\n     "));
}

std::string histogram_script(const std::string& title,
                             const lab::Results& results,
                             const std::vector<PathSamples>& paths) {
  constexpr int kPerDecade = 30;
  constexpr double kHeight = 0.78;  // of a strip
  const Distribution shape = distribution(paths, kPerDecade);
  const std::vector<std::size_t> order = drawn(paths);
  const auto strips = static_cast<double>(order.size());
  std::string out = preamble(
      title, results.validity,
      std::clamp(260 + 150 * static_cast<int>(order.size()), 700, 2400));
  out += latency_axis(results.unit, paths);
  out += fmt::format(
      "set lmargin 16\nset rmargin 26\nset yrange [0:{}]\nunset ytics\n"
      "set border 1\nset grid xtics ls 100\nunset key\n"
      "set label 'P50 solid, P99 dashed, P99.9 dotted' at graph 1, graph 1 "
      "offset 0,1 right font 'DejaVu Sans,12' textcolor rgb '#555555'\n",
      std::max(strips, 1.0));
  std::vector<std::string> plots;
  double base = strips;
  for (const std::size_t i : order) {
    base -= 1;
    const double most = std::ranges::max(shape.share[i]);
    out += fmt::format("$path{} << EOD\n", i);
    for (std::size_t k = 0; k < shape.share[i].size(); ++k) {
      const double height = base + kHeight * shape.share[i][k] / most;
      for (const int edge : {0, 1}) {
        const double bin = shape.first + static_cast<double>(k) + edge;
        out += fmt::format("{:.6g} {:.6f} {}\n", std::pow(10, bin / kPerDecade),
                           height, base);
      }
    }
    out += "EOD\n";
    out += fmt::format(
        "set label {} at graph 0, first {} offset -1.5,0 right "
        "font 'DejaVu Sans Bold,16' textcolor rgb '{}'\n",
        gnuplot_string(paths[i].name), base + 0.3,
        style_of(paths[i].name).on_light);
    double line = 0.62;
    int dash = 1;
    for (const Guide& guide : kGuides) {
      const std::uint64_t at = lab::percentile(paths[i].sorted, guide.fraction);
      out += fmt::format(
          "set arrow from {0},{1} to {0},{2} nohead lc rgb '#222222' lw 2 "
          "dt {3} front\n"
          "set label '{4}' at graph 1, first {5} offset 2,0 left "
          "font 'DejaVu Sans,14' textcolor rgb '#333333'\n"
          "set label '{6}' at graph 1, first {5} offset 20,0 right "
          "font 'DejaVu Sans,14' textcolor rgb '#333333'\n",
          positive(at), base, base + 0.9, dash++, guide.name, base + line,
          lab::group_digits(at));
      line -= 0.25;
    }
    plots.push_back(
        fmt::format("$path{0} using 1:2:3 with filledcurves fc rgb '{1}' "
                    "fs transparent solid 0.35 noborder, "
                    "$path{0} using 1:2 with lines lw 2 lc rgb '{1}'",
                    i, style_of(paths[i].name).on_light));
  }
  if (plots.empty()) plots.emplace_back("NaN notitle");
  return out + fmt::format("plot {}\n", fmt::join(plots, ", \\\n     "));
}

}  // namespace hft::report
