// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "unknown.hpp"
#include "values.hpp"

namespace hft::peers {
namespace {

constexpr std::size_t kQuickRuns = 1;
constexpr std::size_t kQuickRounds = 5;

std::vector<std::string> in_words(std::span<const std::size_t> numbers) {
  std::vector<std::string> words;
  for (const std::size_t number : numbers) {
    words.push_back(std::to_string(number));
  }
  return words;
}

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
  return tools::unknown("candidate", name, names);
}

bool wanted(const Contender& contender, const Options& options) {
  return options.only.empty() ||
         std::find(options.only.begin(), options.only.end(), contender.name) !=
             options.only.end();
}

}  // namespace

void add_options(CLI::App& app, Options& options) {
  const CLI::Validator positive = tools::whole_number(1, 100'000);
  app.add_option("--json", options.json, "Write the figures to FILE")
      ->option_text("FILE");
  app.add_option("--runs", options.runs,
                 "Runs; the figures are medians over them")
      ->check(positive)
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "Rounds of each run")
      ->check(positive)
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--only", options.only, "Measure these candidates, by name")
      ->delimiter(',')
      ->check(CLI::Validator(check_name, ""))
      ->option_text("NAME,...");
  app.add_option("--bytes", options.bytes,
                 "Record sizes: " + tools::any_of(in_words(kRecordSizes)))
      ->delimiter(',')
      ->check(tools::word("size", in_words(kRecordSizes)))
      ->option_text("N,...");
  app.add_option(
         "--capacity", options.capacities,
         "Capacities in records: " + tools::any_of(in_words(kCapacities)))
      ->delimiter(',')
      ->check(tools::word("capacity", in_words(kCapacities)))
      ->option_text("N,...");
  app.add_option("--cpus", options.cpus,
                 "CPUs of the producer and of the consumer")
      ->delimiter(',')
      ->expected(2)
      ->check(tools::cpu())
      ->option_text("P,C")
      ->default_str("0,1");
  app.add_flag("--quick", options.quick,
               fmt::format("{} run of {} rounds: to see that it works",
                           kQuickRuns, kQuickRounds))
      ->excludes("--runs")
      ->excludes("--rounds");
  app.add_flag(
      "--list", options.list,
      "List the candidates, and how to get those that were not built in");
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
