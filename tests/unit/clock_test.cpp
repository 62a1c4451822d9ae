// SPDX-License-Identifier: MIT
#include "hft/clock.hpp"

#include <gtest/gtest.h>

namespace hft {
namespace {

TEST(Clock, NeverRunsBackwards) {
  std::uint64_t previous = tsc_now();
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t now = tsc_now();
    ASSERT_GE(now, previous);
    previous = now;
  }
}

TEST(Clock, FrequencyIsMeasuredOnceAndPlausible) {
  const std::uint64_t hz = tsc_hz();
  EXPECT_GT(hz, 100'000'000U);
  EXPECT_LT(hz, 20'000'000'000U);
  EXPECT_EQ(tsc_hz(), hz);
}

TEST(Clock, ReadingCostsSomething) { EXPECT_GT(tsc_cost(), 0U); }

TEST(Clock, AnyTwoReadingsAreWholeStepsApart) {
  const std::uint64_t step = tsc_step();
  ASSERT_GT(step, 0U);
  const std::uint64_t begin = tsc_now();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ((tsc_now() - begin) % step, 0U);
  }
}

}  // namespace
}  // namespace hft
