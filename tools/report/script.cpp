// SPDX-License-Identifier: MIT
#include "report/script.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace hft::report {
namespace {

constexpr int kWidth = 1600;
constexpr std::size_t kSubtitleLength = 130;

std::string subtitle(const lab::Validity& validity) {
  std::string out = fmt::format("validity: {}", validity.label);
  if (!validity.reasons.empty()) {
    out += fmt::format(" ({})", fmt::join(validity.reasons, "; "));
  }
  if (out.size() <= kSubtitleLength) return out;
  std::size_t end = kSubtitleLength;
  // Not in the middle of a UTF-8 character.
  while ((static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
  return out.substr(0, end) + " …";
}

}  // namespace

std::string gnuplot_string(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '\'';
}

std::string preamble(const std::string& title, const lab::Validity& validity,
                     int height) {
  return fmt::format(
      "set encoding utf8\n"
      "set terminal pngcairo size {},{} noenhanced font 'DejaVu Sans,15' "
      "background rgb 'white'\n"
      "set label 1 {} at graph 0, screen 1 offset 0,-2 left "
      "font 'DejaVu Sans Bold,22' textcolor rgb '#1a1a1a'\n"
      "set label 2 {} at graph 0, screen 1 offset 0,-3.9 left "
      "font 'DejaVu Sans,14' textcolor rgb '#8a3b00'\n"
      "set tmargin 6\n"
      "set border 3 lc rgb '#888888'\n"
      "set tics nomirror out textcolor rgb '#333333'\n"
      "set style line 100 lc rgb '#dddddd' lw 1\n",
      kWidth, height, gnuplot_string(title),
      gnuplot_string(subtitle(validity)));
}

std::string decade_axis(std::string_view axis, double low, double high) {
  const double span = high / low;
  std::vector<std::string> tics;
  for (double decade = std::pow(10, std::floor(std::log10(low))); decade < high;
       decade *= 10) {
    for (const int digit : {1, 2, 5}) {
      const double at = decade * digit;
      if (at < low || at > high || at < 1) continue;
      if ((digit == 2 && span > 3e2) || (digit == 5 && span > 3e3)) continue;
      tics.push_back(fmt::format(
          "'{}' {}", lab::group_digits(static_cast<std::uint64_t>(at)), at));
    }
  }
  return fmt::format(
      "set logscale {0} 10\nset {0}range [{1}:{2}]\nset {0}tics ({3})\n", axis,
      low, high, fmt::join(tics, ", "));
}

}  // namespace hft::report
