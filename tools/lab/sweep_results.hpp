// SPDX-License-Identifier: MIT
// The results of a sweep: latency over what was varied.
//
//   std::string json = hft::lab::read_file("results/sweep.json");
//   hft::lab::SweepResults sweep = hft::lab::parse_sweep(json);
//   std::fputs(hft::lab::format_sweep_table(sweep).c_str(), stdout);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/results.hpp"

namespace hft::lab {

inline constexpr std::string_view kSweepSchema = "hft-sweep/1";

// One path at one value of what is swept.
struct SweepPoint {
  std::uint64_t value = 0;
  double offered_rate = 0;          // records due a second
  double delivered_rate = 0;        // records seen a second
  std::uint64_t missed = 0;         // fell due and were never offered
  bool saturated = false;           // by rate: no round held it
  std::optional<double> idle_ring;  // in SweepResults::unit, each
  PathResult result;

  bool operator==(const SweepPoint&) const = default;
};

struct SweepResults {
  Manifest manifest;
  Validity validity;
  std::string unit;  // of latencies: "cycles" or "ns"
  std::string by;    // "size", "rate", "rings" or "capacity"
  std::string axis;  // what that is, and its unit: "payload, bytes"
  std::vector<SweepPoint> points;  // by path, in the order measured

  bool operator==(const SweepResults&) const = default;
};

// The text of sweep.json, with a newline at its end.
std::string to_json(const SweepResults& sweep);

// Reads what to_json wrote; throws ResultsError, naming the field.
SweepResults parse_sweep(std::string_view json);

// A line a point under a header.
std::string to_csv(const SweepResults& sweep);

// For a terminal: validity and its reasons, the unit, a row a point, and what
// came out of it.
std::string format_sweep_table(const SweepResults& sweep);

}  // namespace hft::lab
