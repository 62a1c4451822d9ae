// SPDX-License-Identifier: MIT
// The results of a run as text for a terminal.
#include <fmt/format.h>

#include <algorithm>

#include "lab/results.hpp"

namespace hft::lab {
namespace {

constexpr std::size_t kColumns = 100;

using Row = std::vector<std::string>;

// The first column to the left, the others, numbers, to the right.
std::string render(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::size_t total = 2 * (widths.size() - 1);
  for (const std::size_t width : widths) total += width;
  const std::size_t gap = total <= kColumns ? 2 : 1;

  std::string out;
  for (const Row& row : rows) {
    out += fmt::format("{:<{}}", row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) {
      out += fmt::format("{:>{}}", row[i], widths[i] + gap);
    }
    out += '\n';
  }
  return out;
}

std::string figure(const Summary& summary, std::uint64_t value) {
  return summary.samples == 0 ? "-" : group_digits(value);
}

std::string main_table(const Results& results) {
  const auto ring =
      std::ranges::find(results.results, "ring", &PathResult::path);
  const bool with_ratio =
      ring != results.results.end() && ring->latency.p50 != 0;
  std::vector<Row> rows{
      {"path", "samples", "lost", "min", "P50", "P90", "P99", "P99.9", "max"}};
  if (with_ratio) rows[0].push_back("x ring");
  for (const PathResult& result : results.results) {
    const Summary& latency = result.latency;
    rows.push_back({result.path, group_digits(latency.samples),
                    group_digits(result.lost), figure(latency, latency.min),
                    figure(latency, latency.p50), figure(latency, latency.p90),
                    figure(latency, latency.p99), figure(latency, latency.p999),
                    figure(latency, latency.max)});
    if (!with_ratio) continue;
    rows.back().push_back(
        latency.samples == 0
            ? "-"
            : fmt::format("{:.2f}",
                          static_cast<double>(latency.p50) /
                              static_cast<double>(ring->latency.p50)));
  }
  return render(rows);
}

std::string rounds_table(const Results& results) {
  std::vector<Row> rows{
      {"spread over rounds", "rounds", "P50 from", "to", "P99 from", "to"}};
  for (const PathResult& result : results.results) {
    if (result.rounds.size() < 2) continue;
    const auto p50 = std::ranges::minmax(result.rounds, {}, &Round::p50);
    const auto p99 = std::ranges::minmax(result.rounds, {}, &Round::p99);
    rows.push_back({result.path, group_digits(result.rounds.size()),
                    group_digits(p50.min.p50), group_digits(p50.max.p50),
                    group_digits(p99.min.p99), group_digits(p99.max.p99)});
  }
  return rows.size() == 1 ? "" : render(rows);
}

std::string schedule_table(const Results& results) {
  std::vector<Row> rows{
      {"latency from schedule", "P50", "P90", "P99", "P99.9", "max"}};
  for (const PathResult& result : results.results) {
    if (!result.schedule) continue;
    const Summary& late = *result.schedule;
    rows.push_back({result.path, figure(late, late.p50), figure(late, late.p90),
                    figure(late, late.p99), figure(late, late.p999),
                    figure(late, late.max)});
  }
  return rows.size() == 1 ? "" : render(rows);
}

}  // namespace

std::string group_digits(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t left = digits.size(); left > 3; left -= 3) {
    digits.insert(left - 3, 1, ',');
  }
  return digits;
}

std::string format_table(const Results& results) {
  std::string out = fmt::format("validity: {}\n", results.validity.label);
  for (const std::string& reason : results.validity.reasons) {
    out += fmt::format("  - {}\n", reason);
  }
  out += fmt::format("unit: {}", results.unit);
  if (results.unit == "cycles" && results.manifest.tsc_hz != 0) {
    out += fmt::format(" at {:.3f} GHz",
                       static_cast<double>(results.manifest.tsc_hz) / 1e9);
  }
  out += '\n';
  const auto& extra = results.manifest.extra;
  if (const auto cost = extra.find("monotonic_cost_cycles");
      cost != extra.end()) {
    const auto step = extra.find("tsc_step_cycles");
    out += fmt::format(
        "clocks: a reading of the TSC costs {} cycles{}, of CLOCK_MONOTONIC "
        "{}\n",
        results.manifest.clock_cost_cycles,
        step == extra.end() || step->second == "1"
            ? ""
            : fmt::format(" (in steps of {})", step->second),
        cost->second);
  }
  for (const std::string& table :
       {main_table(results), rounds_table(results), schedule_table(results)}) {
    if (!table.empty()) out += fmt::format("\n{}", table);
  }
  return out;
}

}  // namespace hft::lab
