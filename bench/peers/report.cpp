// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

namespace hft::peers {
namespace {

using Json = nlohmann::ordered_json;

double to_ns(double cycles, const Setting& setting) {
  return cycles * 1e9 / static_cast<double>(setting.manifest.tsc_hz);
}

double rounded(double value, double unit) {
  return std::round(value / unit) * unit;
}

std::string format_ratios(const Ratios& ratios) {
  return fmt::format("{:6.2f}{:7.2f}{:7.2f}", ratios.p50, ratios.p99,
                     ratios.p999);
}

std::string format_distance(const AtDistance& at) {
  return at.rounds == 0 ? fmt::format("{:>13}", "-")
                        : fmt::format("{:7.1f} ({:3})", at.mps, at.rounds);
}

std::string format_row(const Row& row, bool distinct) {
  std::string text = fmt::format("{:<18}{}{:9.1f}", row.cell.contender->name,
                                 format_ratios(row.rtt), row.mps);
  if (distinct) {
    text += fmt::format("  {}{}", format_distance(row.near),
                        format_distance(row.far));
  }
  return text + fmt::format("{:6}\n", row.discarded);
}

std::string format_floors(const Setting& setting, const Summary& summary) {
  const auto line = [](std::string_view name, const Ratios& ratios) {
    return fmt::format("{:<18}{}\n", name, format_ratios(ratios));
  };
  const Distances& distances = summary.distances;
  std::string text = fmt::format("\n{:<18}{:>6}{:>7}{:>7}\n", "the floor",
                                 "P50", "P99", "P99.9");
  text += line("one line", {1, 1, 1});
  text += line("two lines", summary.two_lines);
  text += line("one line, rested", summary.rested);
  text += fmt::format("one line: {:.1f} ns a round trip",
                      to_ns(summary.one_line, setting));
  if (distances.distinct) {
    text += fmt::format("; {:.0f} ns when the CPUs were near, {:.0f} ns far",
                        to_ns(distances.near, setting),
                        to_ns(distances.far, setting));
  }
  return text + "\n";
}

std::string format_legend(const Setting& setting, const Summary& summary) {
  std::string text = fmt::format(
      "\nP50, P99, P99.9: of a round trip over two rings, over the one-line "
      "floor measured in\nalternating blocks. M/s: records streamed one way, "
      "published one at a time. Medians over\n{} rounds a run, then over {} "
      "runs. discarded: rounds of streaming before and after which\nthe floor "
      "differed by more than {:.0f} %, because the host moved a CPU ({} of {} "
      "in all).\n",
      setting.plan.rounds, setting.plan.runs, 100 * (kSameFloor - 1),
      summary.discarded,
      summary.rows.size() * setting.plan.rounds * setting.plan.runs);
  if (summary.distances.distinct) {
    text +=
        "near, far: M/s by the distance of the CPUs, and in how many rounds: "
        "the floors fell into\ntwo classes.\n";
  }
  return text;
}

Json to_json(const AtDistance& at) {
  return {{"rounds", at.rounds}, {"mps", rounded(at.mps, 0.01)}};
}

}  // namespace

std::string format_tables(const Setting& setting, const Summary& summary) {
  const lab::Validity& validity = setting.validity;
  std::string text =
      fmt::format("{}, {}\nvalidity: {}: {}\n", setting.manifest.cpu_model,
                  setting.manifest.kernel, validity.label,
                  fmt::join(validity.reasons, "; "));
  text += format_floors(setting, summary);
  const bool distinct = summary.distances.distinct;
  std::size_t bytes = 0;
  std::size_t capacity = 0;
  for (const Row& row : summary.rows) {
    if (row.cell.bytes != bytes || row.cell.capacity != capacity) {
      bytes = row.cell.bytes;
      capacity = row.cell.capacity;
      text += fmt::format("\n{:<18}{:>6}{:>7}{:>7}{:>9}",
                          fmt::format("{} B x {}", bytes, capacity), "P50",
                          "P99", "P99.9", "M/s");
      if (distinct) {
        text += fmt::format("  {:>13}{:>13}", "near", "far");
      }
      text += " discarded\n";
    }
    text += format_row(row, distinct);
  }
  return text + format_legend(setting, summary);
}

std::string format_json(const Setting& setting, const Summary& summary) {
  const double one_line = to_ns(summary.one_line, setting);
  Json json;
  // By its ratio: of rounds of its own, one might be nearer than the other.
  json["floor_ns"] = {
      {"one_line", rounded(one_line, 0.01)},
      {"two_lines", rounded(one_line * summary.two_lines.p50, 0.01)}};
  json["results"] = Json::array();
  Json by_distance = Json::array();
  for (const Row& row : summary.rows) {
    const Json cell = {{"name", row.cell.contender->name},
                       {"bytes", row.cell.bytes},
                       {"capacity", row.cell.capacity}};
    Json result = cell;
    result["rtt_p50"] = rounded(row.rtt.p50, 0.001);
    result["rtt_p99"] = rounded(row.rtt.p99, 0.001);
    result["rtt_p999"] = rounded(row.rtt.p999, 0.001);
    result["mps"] = rounded(row.mps, 0.01);
    json["results"].push_back(result);
    Json distance = cell;
    distance["near"] = to_json(row.near);
    distance["far"] = to_json(row.far);
    distance["discarded"] = row.discarded;
    by_distance.push_back(distance);
  }
  json["validity"] = {{"label", setting.validity.label},
                      {"reasons", setting.validity.reasons}};
  const lab::Manifest& manifest = setting.manifest;
  json["manifest"] = {{"kernel", manifest.kernel},
                      {"cpu_model", manifest.cpu_model},
                      {"accelerator", manifest.accelerator},
                      {"tsc_hz", manifest.tsc_hz},
                      {"time", manifest.time},
                      {"cpus", {setting.plan.here, setting.plan.there}},
                      {"runs", setting.plan.runs},
                      {"rounds", setting.plan.rounds},
                      {"discarded", summary.discarded}};
  json["floor_rested"] = rounded(summary.rested.p50, 0.001);
  json["distances"] = {
      {"distinct", summary.distances.distinct},
      {"near_floor_ns", rounded(to_ns(summary.distances.near, setting), 0.01)},
      {"far_floor_ns", rounded(to_ns(summary.distances.far, setting), 0.01)},
      {"results", by_distance}};
  return json.dump(2) + "\n";
}

}  // namespace hft::peers
