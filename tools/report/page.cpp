// SPDX-License-Identifier: MIT
#include "report/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

#include "report/assets.hpp"

namespace hft::report {
namespace {

using Json = nlohmann::ordered_json;

std::string chart_data(const lab::Results& results,
                       const std::vector<PathSamples>& paths) {
  const Percentiles tail = percentiles(paths, 20);
  const Timelines time = timelines(paths, kTimelinePoints);
  const Distribution shape = distribution(paths, 30);
  Json out{{"unit", results.unit},     {"levels", tail.levels},
           {"bucket", time.bucket},    {"per_decade", shape.per_decade},
           {"first_bin", shape.first}, {"paths", Json::array()}};
  bool zero = false;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    zero = zero || (!paths[i].sorted.empty() && paths[i].sorted.front() == 0);
    const Style style = style_of(paths[i].name);
    out["paths"].push_back({{"name", paths[i].name},
                            {"light", style.on_light},
                            {"dark", style.on_dark},
                            {"dash", style.dash},
                            {"percentiles", tail.latency[i]},
                            {"timeline", time.latency[i]},
                            {"share", shape.share[i]}});
  }
  out["zero"] = zero;
  std::string text = out.dump();
  // Nothing in the data may end the script element that holds it.
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos;) {
    text.replace(at, 1, "\\u003c");
  }
  return text;
}

std::string table(const char* caption, std::initializer_list<const char*> head,
                  const std::string& rows) {
  std::string out = fmt::format(
      "<div class=\"scroll\"><table><caption>{}</caption><thead><tr>", caption);
  for (const char* cell : head) {
    out += fmt::format("<th scope=\"col\">{}</th>", cell);
  }
  return out +
         fmt::format("</tr></thead><tbody>{}</tbody></table></div>\n", rows);
}

std::string path_cell(const std::string& path) {
  const Style style = style_of(path);
  return fmt::format(
      "<th scope=\"row\"><span class=\"swatch\" style=\"--light:{};--dark:{}\">"
      "</span>{}</th>",
      style.on_light, style.on_dark, escape_html(path));
}

std::string numbers(std::initializer_list<std::uint64_t> values) {
  std::string out;
  for (const std::uint64_t value : values) {
    out += fmt::format("<td>{}</td>", lab::group_digits(value));
  }
  return out;
}

std::string figures(const lab::Summary& s) {
  if (s.samples == 0) return "<td colspan=\"8\">no samples</td>";
  return numbers({s.min, s.p50, s.p90, s.p99, s.p999, s.p9999, s.max,
                  static_cast<std::uint64_t>(std::llround(s.mean))});
}

std::string latency_tables(const lab::Results& results) {
  std::string latency;
  std::string schedule;
  std::string spread;
  for (const lab::PathResult& path : results.results) {
    const std::string name = path_cell(path.path);
    latency +=
        fmt::format("<tr>{}{}{}</tr>", name,
                    numbers({path.latency.samples, path.offered, path.lost}),
                    figures(path.latency));
    if (path.schedule) {
      schedule += fmt::format("<tr>{}{}{}</tr>", name,
                              numbers({path.schedule->samples}),
                              figures(*path.schedule));
    }
    if (path.rounds.size() > 1) {
      const auto p50 = std::ranges::minmax(path.rounds, {}, &lab::Round::p50);
      const auto p99 = std::ranges::minmax(path.rounds, {}, &lab::Round::p99);
      spread += fmt::format("<tr>{}{}</tr>", name,
                            numbers({path.rounds.size(), p50.min.p50,
                                     p50.max.p50, p99.min.p99, p99.max.p99}));
    }
  }
  std::string out = table("Latency from the producer’s stamp",
                          {"path", "samples", "offered", "lost", "min", "P50",
                           "P90", "P99", "P99.9", "P99.99", "max", "mean"},
                          latency);
  if (!schedule.empty()) {
    out +=
        table("Latency from the schedule: a producer that stalls cannot hide",
              {"path", "samples", "min", "P50", "P90", "P99", "P99.9", "P99.99",
               "max", "mean"},
              schedule);
  }
  if (!spread.empty()) {
    out +=
        table("Spread over rounds",
              {"path", "rounds", "P50 from", "to", "P99 from", "to"}, spread);
  }
  return out;
}

std::string outlier_table(const lab::Results& results) {
  std::string rows;
  for (const lab::PathResult& path : results.results) {
    for (const lab::Outlier& outlier : path.worst) {
      rows += fmt::format(
          "<tr>{}{}<td class=\"text\">{}</td></tr>", path_cell(path.path),
          numbers({outlier.sample, outlier.latency}),
          outlier.cause.empty() ? "unknown" : escape_html(outlier.cause));
    }
  }
  if (rows.empty()) return "";
  return fmt::format(
      "<section class=\"worst\"><h2>Worst samples</h2>{}</section>",
      table("The largest latencies, and what ran meanwhile",
            {"path", "sample", "latency", "cause"}, rows));
}

std::string manifest_rows(const lab::Results& results) {
  const lab::Manifest& manifest = results.manifest;
  std::vector<std::pair<std::string, std::string>> fields{
      {"time", manifest.time},
      {"kernel", manifest.kernel},
      {"kernel config", manifest.config_hash},
      {"command line", manifest.command_line},
      {"CPU", manifest.cpu_model},
      {"isolated CPUs", manifest.isolated_cpus},
      {"accelerator", manifest.accelerator},
      {"QEMU", manifest.qemu},
      {"TSC", fmt::format("{} Hz", lab::group_digits(manifest.tsc_hz))},
      {"one clock read",
       fmt::format("{} cycles", lab::group_digits(manifest.clock_cost_cycles))},
      {"commit", manifest.commit},
      {"host", manifest.hostname.value_or("")}};
  fields.insert(fields.end(), manifest.extra.begin(), manifest.extra.end());
  std::string out;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    out += fmt::format("<dt>{}</dt><dd>{}</dd>", escape_html(name),
                       escape_html(value));
  }
  return out;
}

std::string reason_list(const lab::Validity& validity) {
  std::string out;
  for (const std::string& reason : validity.reasons) {
    out += fmt::format("<li>{}</li>", escape_html(reason));
  }
  return out;
}

// Replaces each @NAME@ of the template by its value, which is not looked into.
std::string fill(
    std::string_view page,
    const std::vector<std::pair<std::string_view, std::string>>& values) {
  std::string out;
  while (!page.empty()) {
    const std::size_t mark = page.find('@');
    out += page.substr(0, mark);
    if (mark == std::string_view::npos) break;
    page.remove_prefix(mark + 1);
    const std::size_t end = page.find('@');
    const auto value =
        std::ranges::find(values, page.substr(0, end),
                          &std::pair<std::string_view, std::string>::first);
    if (value == values.end()) {
      out += '@';
    } else {
      out += value->second;
      page.remove_prefix(end + 1);
    }
  }
  return out;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string report_page(const std::string& title, const lab::Results& results,
                        const std::vector<PathSamples>& paths) {
  return fill(kReportPage, {{"TITLE", escape_html(title)},
                            {"LABEL", escape_html(results.validity.label)},
                            {"REASONS", reason_list(results.validity)},
                            {"UNIT", escape_html(results.unit)},
                            {"MANIFEST", manifest_rows(results)},
                            {"TABLES", latency_tables(results)},
                            {"OUTLIERS", outlier_table(results)},
                            {"DATA", chart_data(results, paths)},
                            {"DYGRAPHS_CSS", std::string(kDygraphsCss)},
                            {"DYGRAPHS_JS", std::string(kDygraphsJs)},
                            {"REPORT_CSS", std::string(kReportCss)},
                            {"REPORT_JS", std::string(kReportJs)}});
}

}  // namespace hft::report
