// SPDX-License-Identifier: MIT
#include "bench/sweep.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "report/sweep_picture.hpp"

namespace hft::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Sweep, ValuesRise) {
  for (const SweepKind& kind : sweep_kinds()) {
    const std::vector<std::uint64_t> values = kind.values();
    EXPECT_THAT(std::ranges::adjacent_find(values, std::greater_equal{}),
                values.end())
        << kind.name;
  }
}

TEST(Sweep, SizesReachFromAWordToTheLargestSlot) {
  EXPECT_THAT(find_sweep("size")->values(),
              ElementsAre(8, 16, 32, 40, 64, 128, 256, 512, 1024, 2048, 4072));
}

TEST(Sweep, RingsAndCapacitiesArePowersOfTwo) {
  EXPECT_EQ(find_sweep("rings")->values().front(), 1U);
  EXPECT_EQ(find_sweep("rings")->values().back(), 256U);
  EXPECT_EQ(find_sweep("capacity")->values().front(), 64U);
  EXPECT_EQ(find_sweep("capacity")->values().back(), 65'536U);
}

TEST(Sweep, ARateIsAWholePeriod) {
  const SweepKind& rate = *find_sweep("rate");
  EXPECT_EQ(rate.values().front(), 10'000U);
  for (const std::uint64_t value : rate.values()) {
    Subject subject;
    rate.apply(value, subject);
    EXPECT_EQ((1'000'000'000 + subject.setting.period_ns / 2) /
                  subject.setting.period_ns,
              value);
    EXPECT_GE(subject.samples, 1000U);
  }
}

TEST(Sweep, ALapOfTheRingComesBeforeTheSamples) {
  Subject subject;
  find_sweep("capacity")->apply(4096, subject);
  EXPECT_EQ(subject.setting.capacity, 4096U);
  EXPECT_EQ(subject.warmup, 4096U);
}

TEST(Sweep, OnlyThePathsThatHeedTheSetting) {
  const SweepKind& size = *find_sweep("size");
  EXPECT_TRUE(can_sweep(size, *find_path("pipe")));
  EXPECT_FALSE(can_sweep(size, *find_path("floor")));
  EXPECT_FALSE(can_sweep(size, *find_path("ring")));
  EXPECT_FALSE(can_sweep(*find_sweep("rings"), *find_path("pipe")));
  EXPECT_TRUE(can_sweep(*find_sweep("rings"), *find_path("process")));
}

TEST(Sweep, SaturatedWhenNoRoundHeld) {
  const Flow held{.seen = 1000, .lost = 2, .missed = 20, .elapsed_cycles = 1};
  const Flow losing{.seen = 1000, .lost = 50, .missed = 0, .elapsed_cycles = 1};
  const Flow behind{
      .seen = 1000, .lost = 0, .missed = 300, .elapsed_cycles = 1};
  EXPECT_FALSE(is_saturated({losing, held, behind}));
  EXPECT_TRUE(is_saturated({losing, behind}));
}

lab::SweepResults example() {
  lab::SweepResults sweep;
  sweep.manifest.kernel = "6.1";
  sweep.manifest.tsc_hz = 2'000'000'000;
  sweep.validity = {"noisy", {"made up"}};
  sweep.unit = "cycles";
  sweep.by = "rate";
  sweep.axis = "offered rate, records a second";
  for (const std::uint64_t value : {1000U, 2000U}) {
    lab::SweepPoint& point = sweep.points.emplace_back();
    point.value = value;
    point.offered_rate = static_cast<double>(value);
    point.delivered_rate = 999.5;
    point.missed = 3;
    point.result.path = "process";
    point.result.offered = 12;
    point.result.lost = 2;
    point.result.latency = {.samples = 10,
                            .min = 1,
                            .p50 = 20,
                            .p90 = 30,
                            .p99 = 40,
                            .p999 = 50,
                            .p9999 = 60,
                            .max = 70,
                            .mean = 21.5};
    point.result.rounds = {{20, 40}};
    point.result.schedule = point.result.latency;
  }
  sweep.points.front().idle_ring = 12.25;
  sweep.points.back().saturated = true;
  return sweep;
}

TEST(SweepResults, ComeBackFromJson) {
  EXPECT_EQ(lab::parse_sweep(to_json(example())), example());
}

std::string complaint(const std::string& json) {
  try {
    lab::parse_sweep(json);
  } catch (const lab::ResultsError& error) {
    return error.what();
  }
  return {};
}

TEST(SweepResults, BadFilesAreNamed) {
  EXPECT_THAT(complaint("{"), HasSubstr("hft bench --sweep"));
  EXPECT_THAT(complaint("{}"), HasSubstr("schema"));
  std::string json = to_json(example());
  json.replace(json.find("hft-sweep/1"), 11, "hft-sweep/2");
  EXPECT_THAT(complaint(json), HasSubstr("hft-sweep/2"));
  json = to_json(example());
  json.replace(json.rfind("\"p50\""), 5, "\"q50\"");
  EXPECT_THAT(complaint(json), HasSubstr("points[1]"));
}

TEST(SweepResults, CsvHasALineAPoint) {
  const std::string csv = to_csv(example());
  EXPECT_THAT(csv, StartsWith("path,rate,offered_rate,delivered_rate,"));
  EXPECT_THAT(csv, HasSubstr("\nprocess,1000,1000.0,999.5,12,2,3,0,10,1,20,"));
  EXPECT_EQ(std::ranges::count(csv, '\n'), 3);
  const auto columns = std::ranges::count(csv.substr(0, csv.find('\n')), ',');
  EXPECT_EQ(std::ranges::count(csv, ','), 3 * columns);
}

TEST(SweepResults, TableSaysWhereItEnds) {
  lab::SweepResults sweep = example();
  EXPECT_THAT(lab::format_sweep_table(sweep),
              HasSubstr("process lost records at every rate and is saturated "
                        "at 2,000"));
  sweep.points.front().result.lost = 0;
  EXPECT_THAT(lab::format_sweep_table(sweep),
              HasSubstr("process lost nothing up to rate 1,000 and is "
                        "saturated at 2,000"));
}

TEST(SweepPicture, HasAxesWithUnitsAndTheSaturation) {
  const std::string script = report::sweep_script("T", example());
  EXPECT_THAT(script, HasSubstr("set xlabel 'offered rate, records a second'"));
  EXPECT_THAT(script, HasSubstr("'latency, cycles'"));
  EXPECT_THAT(script, HasSubstr("'latency, ns'"));
  EXPECT_THAT(script, HasSubstr("process saturated: 999 records/s"));
  EXPECT_THAT(script, HasSubstr("process  per idle ring"));
}

TEST(SweepPicture, LabelsOfOneValueStandSideBySide) {
  lab::SweepResults sweep = example();
  sweep.points.push_back(sweep.points.back());
  sweep.points.back().result.path = "pipe";
  const std::string script = report::sweep_script("T", sweep);
  EXPECT_THAT(script, HasSubstr("at 2000, graph 0.02 offset -1.2,0"));
  EXPECT_THAT(script, HasSubstr("at 2000, graph 0.02 offset -3.8,0"));
}

TEST(SweepPicture, HoldsWithoutPoints) {
  lab::SweepResults sweep = example();
  sweep.points.clear();
  EXPECT_THAT(report::sweep_script("T", sweep), HasSubstr("plot NaN"));
  EXPECT_THAT(report::sweep_script("T", sweep), Not(HasSubstr("inf")));
}

}  // namespace
}  // namespace hft::bench
