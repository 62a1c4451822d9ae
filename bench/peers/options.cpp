// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace hft::peers {
namespace {

constexpr std::size_t kQuickRuns = 1;
constexpr std::size_t kQuickRounds = 5;

std::string check_name(const std::string& name) {
  std::vector<std::string> names;
  for (const Contender& contender : contenders()) {
    if (contender.name == name) {
      return {};
    }
    names.push_back(contender.name);
  }
  for (const Missing& peer : missing_peers()) {
    if (peer.name == name) {
      return fmt::format("'{}' was not built in: {}, then configure again",
                         name, peer.how);
    }
  }
  return fmt::format("no candidate is called '{}'; they are {}", name,
                     fmt::join(names, ", "));
}

bool wanted(const Contender& contender, const Options& options) {
  return options.only.empty() ||
         std::find(options.only.begin(), options.only.end(), contender.name) !=
             options.only.end();
}

}  // namespace

void add_options(CLI::App& app, Options& options) {
  const CLI::Range positive(std::size_t{1}, std::size_t{100'000});
  app.add_option("--json", options.json, "Write the figures to FILE")
      ->option_text("FILE");
  app.add_option("--runs", options.runs, "Runs; figures are medians over them")
      ->check(positive)
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "Rounds of each run")
      ->check(positive)
      ->capture_default_str();
  app.add_option("--only", options.only, "Measure these candidates, by name")
      ->delimiter(',')
      ->check(CLI::Validator(check_name, "NAME"))
      ->option_text("NAME,...");
  app.add_option("--bytes", options.bytes, "Record sizes")
      ->delimiter(',')
      ->check(CLI::IsMember(kRecordSizes))
      ->option_text("N,... of 8,16,64,256");
  app.add_option("--capacity", options.capacities, "Capacities, in records")
      ->delimiter(',')
      ->check(CLI::IsMember(kCapacities))
      ->option_text("N,... of 1024,16384");
  app.add_option("--cpus", options.cpus,
                 "CPU of the producer and of the consumer (0,1)")
      ->delimiter(',')
      ->expected(2)
      ->check(CLI::NonNegativeNumber)
      ->option_text("P,C");
  app.add_flag("--quick", options.quick,
               fmt::format("{} run of {} rounds: to see that it works",
                           kQuickRuns, kQuickRounds))
      ->excludes("--runs")
      ->excludes("--rounds");
  app.add_flag("--list", options.list,
               "Say what can be measured, and how to get the rest");
  app.footer(
      "Example: peers --bytes 16 --only hft-latency,rte_ring --json r.json");
}

Plan make_plan(const Options& options) {
  Plan plan;
  plan.runs = options.quick ? kQuickRuns : options.runs;
  plan.rounds = options.quick ? kQuickRounds : options.rounds;
  plan.here = options.cpus[0];
  plan.there = options.cpus[1];
  for (const std::size_t bytes : options.bytes) {
    for (const std::size_t capacity : options.capacities) {
      for (const Contender& contender : contenders()) {
        if (wanted(contender, options)) {
          plan.cells.push_back({&contender, bytes, capacity});
        }
      }
    }
  }
  return plan;
}

}  // namespace hft::peers
