// SPDX-License-Identifier: MIT
#include "bench/measure.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

namespace hft::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Measured measured(const char* path, std::vector<std::uint64_t> latency) {
  const auto& kinds = path_kinds();
  Measured result;
  result.kind = &*std::ranges::find(kinds, path, &PathKind::name);
  result.latency = std::move(latency);
  return result;
}

TEST(ClockDoubts, NoneWhileEachSampleTakesTime) {
  ClockDoubts doubts;
  doubts.add(measured("ring", {1, 300}));
  doubts.add(measured("read", {40'000}));
  EXPECT_THAT(doubts.reasons(), IsEmpty());
}

TEST(ClockDoubts, OneForEachPathWithSamplesOfNoTime) {
  ClockDoubts doubts;
  doubts.add(measured("ring", {0, 300}));
  doubts.add(measured("read", {9}));
  doubts.add(measured("shm", {0}));
  doubts.add(measured("ring", {0}));  // at another value of a sweep
  EXPECT_THAT(doubts.reasons(),
              ElementsAre("2 of 3 samples of ring took 0 cycles: the counters "
                          "of the CPUs differ by more than a record takes",
                          "1 of 1 samples of shm took 0 cycles: the counters "
                          "of the CPUs differ by more than a record takes"));
}

}  // namespace
}  // namespace hft::bench
