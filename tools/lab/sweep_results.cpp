// SPDX-License-Identifier: MIT
// A point of sweep.json is one of results.json's and a few fields more, so that
// is what writes and reads it.
#include "lab/sweep_results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>

namespace hft::lab {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kPathWidth = 8;  // in a table, at least

Json write_point(const SweepPoint& point) {
  Json out{{"value", point.value},
           {"offered_rate", point.offered_rate},
           {"delivered_rate", point.delivered_rate},
           {"missed", point.missed},
           {"saturated", point.saturated}};
  if (point.idle_ring) out["idle_ring"] = *point.idle_ring;
  Results one;
  one.results.push_back(point.result);
  out.update(Json::parse(to_json(one))["results"][0]);
  return out;
}

SweepPoint read_point(const Json& json, Json& as_results) {
  as_results["results"] = Json::array({json});
  SweepPoint point;
  point.result = parse_results(as_results.dump()).results.at(0);
  json.at("value").get_to(point.value);
  json.at("offered_rate").get_to(point.offered_rate);
  json.at("delivered_rate").get_to(point.delivered_rate);
  json.at("missed").get_to(point.missed);
  json.at("saturated").get_to(point.saturated);
  if (json.contains("idle_ring")) {
    point.idle_ring = json.at("idle_ring").get<double>();
  }
  return point;
}

SweepResults read_sweep(const Json& root) {
  const auto schema = root.at("schema").get<std::string>();
  if (schema != kSweepSchema) {
    throw ResultsError(
        fmt::format("schema: expected \"{}\", found \"{}\": read it with the "
                    "version of hft that wrote it",
                    kSweepSchema, schema));
  }
  Json as_results = root;
  as_results["schema"] = kResultsSchema;
  as_results.erase("points");
  as_results["results"] = Json::array();
  const Results common = parse_results(as_results.dump());
  SweepResults sweep;
  sweep.manifest = common.manifest;
  sweep.validity = common.validity;
  sweep.unit = common.unit;
  root.at("by").get_to(sweep.by);
  root.at("axis").get_to(sweep.axis);
  for (const Json& point : root.at("points")) {
    try {
      sweep.points.push_back(read_point(point, as_results));
    } catch (const std::exception& error) {
      throw ResultsError(
          fmt::format("points[{}]: {}", sweep.points.size(), error.what()));
    }
  }
  return sweep;
}

}  // namespace

std::string to_json(const SweepResults& sweep) {
  Results common;
  common.manifest = sweep.manifest;
  common.validity = sweep.validity;
  common.unit = sweep.unit;
  Json out = Json::parse(to_json(common));
  out["schema"] = kSweepSchema;
  out.erase("results");
  out["by"] = sweep.by;
  out["axis"] = sweep.axis;
  out["points"] = Json::array();
  for (const SweepPoint& point : sweep.points) {
    out["points"].push_back(write_point(point));
  }
  return out.dump(2) + "\n";
}

SweepResults parse_sweep(std::string_view json) {
  try {
    return read_sweep(Json::parse(json));
  } catch (const Json::exception& error) {
    throw ResultsError(
        fmt::format("expected what `hft bench --sweep` writes, found {}: "
                    "measure again",
                    error.what()));
  }
}

std::string to_csv(const SweepResults& sweep) {
  std::string out = fmt::format(
      "path,{},offered_rate,delivered_rate,offered,lost,missed,saturated,"
      "samples,min,p50,p90,p99,p999,p9999,max,mean,schedule_p50,schedule_p99,"
      "idle_ring\n",
      sweep.by);
  for (const SweepPoint& point : sweep.points) {
    const Summary& latency = point.result.latency;
    out += fmt::format(
        "{},{},{:.1f},{:.1f},{},{},{},{:d},{},{},{},{},{},{},{},{},{:.1f}",
        point.result.path, point.value, point.offered_rate,
        point.delivered_rate, point.result.offered, point.result.lost,
        point.missed, point.saturated, latency.samples, latency.min,
        latency.p50, latency.p90, latency.p99, latency.p999, latency.p9999,
        latency.max, latency.mean);
    out += point.result.schedule
               ? fmt::format(",{},{}", point.result.schedule->p50,
                             point.result.schedule->p99)
               : ",,";
    out += point.idle_ring ? fmt::format(",{:.2f}\n", *point.idle_ring) : ",\n";
  }
  return out;
}

namespace {

std::size_t widest_path(const std::vector<SweepPoint>& points) {
  std::size_t widest = 0;
  for (const SweepPoint& point : points) {
    widest = std::max(widest, point.result.path.size());
  }
  return widest;
}

// Of the points of one path, the last before the first that lost something.
std::string lossless(const SweepResults& sweep,
                     std::span<const SweepPoint> points) {
  const auto first_loss =
      std::ranges::find_if(points, [](const SweepPoint& point) {
        return point.result.lost > 0 || point.saturated;
      });
  return first_loss == points.begin()
             ? fmt::format("lost records at every {}", sweep.by)
             : fmt::format("lost nothing up to {} {}", sweep.by,
                           group_digits(std::prev(first_loss)->value));
}

// A line a path that was swept until it was saturated.
std::string outcomes(const SweepResults& sweep) {
  std::string lines;
  auto first = sweep.points.begin();
  for (auto point = first; point != sweep.points.end(); ++point) {
    if (point->result.path != first->result.path) {
      first = point;
    }
    if (point->saturated) {
      lines += fmt::format(
          "{} {} and is saturated at {}: {} records/s delivered, {} of {} "
          "lost, {} never offered\n",
          point->result.path, lossless(sweep, {first, point + 1}),
          group_digits(point->value),
          group_digits(static_cast<std::uint64_t>(point->delivered_rate)),
          group_digits(point->result.lost), group_digits(point->result.offered),
          group_digits(point->missed));
    }
  }
  return lines;
}

}  // namespace

std::string format_sweep_table(const SweepResults& sweep) {
  Results heading;
  heading.manifest = sweep.manifest;
  heading.validity = sweep.validity;
  heading.unit = sweep.unit;
  std::string out = format_table(heading);
  // Less the table of no paths.
  out.resize(out.find("\n\n") + 1);
  const std::size_t width = std::max(widest_path(sweep.points), kPathWidth);
  out += fmt::format(
      "swept: {} ({})\n\n{:<{}}{:>12}{:>12}{:>10}{:>7}{:>10}"
      "{:>12}{:>12}{:>12}{}\n",
      sweep.by, sweep.axis, "path", width, sweep.by, "delivered/s", "lost",
      "min", "P50", "P99", "P99.9", "max",
      sweep.by == "rings" ? "  an idle ring" : "");
  for (const SweepPoint& point : sweep.points) {
    const Summary& latency = point.result.latency;
    out += fmt::format(
        "{:<{}}{:>12}{:>12}{:>10}{:>7}{:>10}{:>12}{:>12}{:>12}{}\n",
        point.result.path, width, group_digits(point.value),
        group_digits(static_cast<std::uint64_t>(point.delivered_rate)),
        group_digits(point.result.lost), group_digits(latency.min),
        group_digits(latency.p50), group_digits(latency.p99),
        group_digits(latency.p999), group_digits(latency.max),
        point.idle_ring ? fmt::format("{:>14.1f}", *point.idle_ring) : "");
  }
  const std::string outcome = outcomes(sweep);
  return outcome.empty() ? out : out + '\n' + outcome;
}

}  // namespace hft::lab
