// SPDX-License-Identifier: MIT
#include "lab/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

namespace hft::lab {
namespace {

// `count` whole numbers from 1, shuffled: the value at a rank is the rank.
std::vector<std::uint64_t> ranks(std::uint64_t count) {
  std::vector<std::uint64_t> values(count);
  std::iota(values.begin(), values.end(), 1);
  std::shuffle(values.begin(), values.end(), std::mt19937_64{1});
  return values;
}

TEST(NearestRank, IsExactWhereTheFractionIsNotInBinary) {
  EXPECT_EQ(nearest_rank(1000, 0.999), 999u);
  EXPECT_EQ(nearest_rank(1000, 0.9999), 1000u);
  EXPECT_EQ(nearest_rank(10'000, 0.9999), 9999u);
  EXPECT_EQ(nearest_rank(100, 0.29), 29u);
  EXPECT_EQ(nearest_rank(100, 0.57), 57u);
  EXPECT_EQ(nearest_rank(7, 0.5), 4u);
}

TEST(NearestRank, AgreesWithWholeNumberArithmetic) {
  for (std::uint64_t count = 1; count <= 5000; ++count) {
    for (const std::uint64_t per_10000 :
         {1u, 10u, 100u, 2900u, 5000u, 5700u, 9000u, 9900u, 9990u, 9999u,
          10'000u}) {
      const std::uint64_t rank = (count * per_10000 + 9999) / 10'000;
      ASSERT_EQ(nearest_rank(count, static_cast<double>(per_10000) / 10'000),
                rank)
          << per_10000 << " of " << count;
    }
  }
}

TEST(NearestRank, StaysInRange) {
  EXPECT_EQ(nearest_rank(0, 0.5), 0u);
  EXPECT_EQ(nearest_rank(10, 0), 1u);
  EXPECT_EQ(nearest_rank(10, 1), 10u);
  EXPECT_EQ(nearest_rank(10, -1), 1u);
  EXPECT_EQ(nearest_rank(10, 2), 10u);
  EXPECT_EQ(nearest_rank(10, std::nan("")), 1u);
}

TEST(Percentile, OfNothingIsZero) { EXPECT_EQ(percentile({}, 0.5), 0u); }

TEST(Summarise, NothingIsAllZero) { EXPECT_EQ(summarise({}), Summary{}); }

TEST(Summarise, OneSampleIsEveryPercentile) {
  const std::uint64_t one[] = {42};
  EXPECT_EQ(summarise(one), (Summary{1, 42, 42, 42, 42, 42, 42, 42, 42.0}));
}

TEST(Summarise, ThousandSamples) {
  EXPECT_EQ(summarise(ranks(1000)),
            (Summary{1000, 1, 500, 900, 990, 999, 1000, 1000, 500.5}));
}

TEST(Summarise, MillionSamplesAreStillExact) {
  EXPECT_EQ(summarise(ranks(kExactSamples)),
            (Summary{kExactSamples, 1, 500'000, 900'000, 990'000, 999'000,
                     999'900, 1'000'000, 500'000.5}));
}

TEST(Summarise, BeyondAMillionKeepsThreeDigits) {
  std::mt19937_64 random{7};
  std::lognormal_distribution<double> latency(8, 1.5);
  std::vector<std::uint64_t> samples(kExactSamples + 1);
  for (auto& sample : samples) {
    sample = static_cast<std::uint64_t>(latency(random));
  }
  const Summary summary = summarise(samples);
  std::ranges::sort(samples);
  EXPECT_EQ(summary.samples, samples.size());
  EXPECT_EQ(summary.min, samples.front());
  EXPECT_EQ(summary.max, samples.back());
  const auto near = [&](std::uint64_t found, double fraction) {
    const auto exact = static_cast<double>(percentile(samples, fraction));
    EXPECT_NEAR(static_cast<double>(found), exact, exact / 1000) << fraction;
  };
  near(summary.p50, 0.5);
  near(summary.p90, 0.9);
  near(summary.p99, 0.99);
  near(summary.p999, 0.999);
  near(summary.p9999, 0.9999);
}

TEST(Summarise, LargestValuesDoNotOverflow) {
  const std::uint64_t top = ~0ull;
  const std::uint64_t two[] = {top, top};
  const Summary summary = summarise(two);
  EXPECT_EQ(summary.p50, top);
  EXPECT_DOUBLE_EQ(summary.mean, static_cast<double>(top));
}

}  // namespace
}  // namespace hft::lab
