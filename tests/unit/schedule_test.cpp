// SPDX-License-Identifier: MIT
#include "bench/paths/schedule.hpp"

#include <gmock/gmock.h>

#include <array>

namespace hft::bench {
namespace {

TEST(Schedule, KeepsItsTimesHoweverLateARecordIs) {
  Schedule schedule(1000, 100);
  EXPECT_EQ(schedule.due(), 1100U);
  schedule.advance(1100);
  EXPECT_EQ(schedule.due(), 1200U);
  EXPECT_EQ(schedule.tick(1299).late_cycles, 99U);
  schedule.advance(1299);
  EXPECT_EQ(schedule.due(), 1300U);
}

TEST(Schedule, TicksThatFallDueMeanwhileNeverCome) {
  Schedule schedule(0, 100);
  // Due at 100, 200 and 300: one record, late by 250, two ticks missed.
  EXPECT_EQ(schedule.tick(350).late_cycles, 250U);
  schedule.advance(350);
  EXPECT_EQ(schedule.due(), 400U);
  EXPECT_EQ(schedule.tick(400).sequence, 1U);
}

TEST(Schedule, ExactlyOnePeriodLateMissesOne) {
  Schedule schedule(0, 100);
  schedule.advance(200);
  EXPECT_EQ(schedule.due(), 300U);
}

TEST(Tick, SurvivesItsWord) {
  const Tick tick{.sequence = 12, .late_cycles = 345};
  const Tick read = Tick::unpack(tick.pack(), 11);
  EXPECT_EQ(read.sequence, 12U);
  EXPECT_EQ(read.late_cycles, 345U);
}

TEST(Tick, SequenceGoesOnBeyondItsBits) {
  const std::uint64_t last = 5 * Tick::kSequences - 2;
  const Tick tick{.sequence = last + 3, .late_cycles = 0};
  EXPECT_EQ(Tick::unpack(tick.pack(), last).sequence, last + 3);
}

TEST(Tick, LateIsSaturated) {
  const Tick tick{.sequence = 1, .late_cycles = Tick::kLateMax + 5};
  const Tick read = Tick::unpack(tick.pack(), 0);
  EXPECT_EQ(read.late_cycles, Tick::kLateMax);
  EXPECT_EQ(read.sequence, 1U);
}

Arrival take(TickReader& reader, const Tick& tick) {
  const std::uint64_t word = tick.pack();
  std::array<std::byte, kPayloadMin> payload;
  std::memcpy(payload.data(), &word, sizeof(word));
  Arrival arrival;
  reader.take(42, payload.data(), arrival);
  return arrival;
}

TEST(TickReader, TellsLostFromMissed) {
  TickReader reader(1000);
  const std::uint64_t period = reader.period_cycles();
  const Arrival first =
      take(reader, {.sequence = 0, .late_cycles = period - 1});
  EXPECT_EQ(first.sequence, 0U);
  EXPECT_EQ(first.stamp, 42U);
  EXPECT_TRUE(first.scheduled);
  EXPECT_EQ(first.missed, 0U);
  const Arrival third =
      take(reader, {.sequence = 2, .late_cycles = 3 * period});
  EXPECT_EQ(third.sequence, 2U);
  EXPECT_EQ(third.missed, 3U);
}

}  // namespace
}  // namespace hft::bench
