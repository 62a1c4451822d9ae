// SPDX-License-Identifier: MIT
// The results of a run: what was measured, on what, and how far to trust it.
//
//   std::string json = hft::lab::read_file("results/results.json");
//   hft::lab::Results results = hft::lab::parse_results(json);
//   std::fputs(hft::lab::format_table(results).c_str(), stdout);
//   hft::lab::write_file("copy.json", hft::lab::to_json(results));
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"
#include "lab/statistics.hpp"

namespace hft::lab {

inline constexpr std::string_view kResultsSchema = "hft-results/1";

// What was run, on what; a text that is not known is empty, a number 0.
struct Manifest {
  std::string kernel;
  std::string config_hash;
  std::string command_line;
  std::string cpu_model;
  std::string isolated_cpus;
  std::string accelerator;
  std::string qemu;
  std::uint64_t tsc_hz = 0;
  std::uint64_t clock_cost_cycles = 0;  // of one stamp read
  std::string commit;
  std::string time;  // ISO 8601, UTC
  std::optional<std::string> hostname;
  std::map<std::string, std::string> extra;

  bool operator==(const Manifest&) const = default;
};

// How far the figures can be trusted: one of kValidityLabels, and why.
struct Validity {
  std::string label;
  std::vector<std::string> reasons;

  bool operator==(const Validity&) const = default;
};
inline constexpr std::string_view kValidityLabels[] = {
    "bare-metal", "virtualised", "emulated", "noisy"};

// One round of a path, in Results::unit.
struct Round {
  std::uint64_t p50 = 0;
  std::uint64_t p99 = 0;

  bool operator==(const Round&) const = default;
};

// One of a path's largest latencies, and what ran meanwhile ("" if unknown).
struct Outlier {
  std::uint64_t sample = 0;   // index into the path's samples, from 0
  std::uint64_t latency = 0;  // in Results::unit
  std::string cause;

  bool operator==(const Outlier&) const = default;
};

struct PathResult {
  std::string path;           // lower-case letters, digits and '-'
  std::uint64_t offered = 0;  // records: published + dropped
  std::uint64_t lost = 0;     // records offered and not seen by the consumer
  Summary latency;            // from the producer's stamp
  std::vector<Round> rounds;
  std::optional<Summary> schedule;  // from the intended time
  std::vector<Outlier> worst;       // largest first

  bool operator==(const PathResult&) const = default;
};

struct Results {
  Manifest manifest;
  Validity validity;
  std::string unit;  // "cycles" or "ns"
  std::vector<PathResult> results;

  bool operator==(const Results&) const = default;
};

// A file that is not what it should be: what was expected, what was found and
// what to do.
struct ResultsError : tools::DataError {
  using DataError::DataError;
};

// The text of results.json, with a newline at its end.
std::string to_json(const Results& results);

// Reads what to_json wrote; throws ResultsError, naming the field.
Results parse_results(std::string_view json);

// The table for a terminal: validity and its reasons, the unit, a row a path
// ("x ring" is its P50 over that of `ring`), then the spread over rounds and
// latency from the schedule where there are any. At most 100 columns while P50
// is below 10^7, the minimum below 10^6 and the maximum below 10^9.
std::string format_table(const Results& results);

// 1234567 as "1,234,567".
std::string group_digits(std::uint64_t value);

}  // namespace hft::lab
