// SPDX-License-Identifier: MIT
#include "measure.hpp"

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

TEST(DoubtsOfClocks, NoneWhileEachSampleTakesTime) {
  EXPECT_THAT(doubts_of_clocks(
                  {measured("ring", {1, 300}), measured("read", {40'000})}),
              IsEmpty());
}

TEST(DoubtsOfClocks, OneForEachPathWithSamplesOfNoTime) {
  EXPECT_THAT(
      doubts_of_clocks({measured("ring", {0, 300, 0}), measured("read", {9}),
                        measured("shm", {0})}),
      ElementsAre("2 of 3 samples of ring took 0 cycles: the counters of the "
                  "CPUs differ by more than a record takes",
                  "1 of 1 samples of shm took 0 cycles: the counters of the "
                  "CPUs differ by more than a record takes"));
}

}  // namespace
}  // namespace hft::bench
