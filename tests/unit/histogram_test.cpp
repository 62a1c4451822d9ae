// SPDX-License-Identifier: MIT
#include "lab/histogram.hpp"

#include <gtest/gtest.h>

namespace hft::lab {
namespace {

TEST(Histogram, EmptyHasNothing) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.max(), 0u);
  EXPECT_EQ(histogram.percentile(0.5), 0u);
  EXPECT_EQ(histogram.to_hgrm(),
            "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
            "#[Mean    =        0.000, StdDeviation   =        0.000]\n"
            "#[Max     =        0.000, Total count    =            0]\n"
            "#[Buckets =            1, SubBuckets     =         2048]\n");
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 2047; ++value) histogram.record(value);
  for (std::uint64_t rank = 1; rank <= 2047; ++rank) {
    ASSERT_EQ(histogram.percentile(static_cast<double>(rank) / 2047), rank);
  }
}

TEST(Histogram, EveryMagnitudeKeepsThreeDigits) {
  for (std::uint64_t value = 1; value < 1ull << 62; value += value / 3 + 1) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(~0ull);
    const std::uint64_t found = histogram.percentile(0.5);
    ASSERT_GE(found, value);
    ASSERT_LE(found - value, value / 1000) << value;
  }
}

TEST(Histogram, NothingExceedsTheMaximum) {
  Histogram histogram;
  histogram.record(5000);
  EXPECT_EQ(histogram.percentile(1), 5000u);
  histogram.record(~0ull);
  EXPECT_EQ(histogram.percentile(1), ~0ull);
}

TEST(Histogram, CountsRepeatedValues) {
  Histogram histogram;
  histogram.record(10, 999);
  histogram.record(20, 1);
  histogram.record(30, 0);
  EXPECT_EQ(histogram.count(), 1000u);
  EXPECT_EQ(histogram.max(), 20u);
  EXPECT_EQ(histogram.percentile(0.999), 10u);
  EXPECT_EQ(histogram.percentile(0.9991), 20u);
}

// The rows are those that HdrHistogram prints for these values.
TEST(Histogram, HgrmIsAsHdrHistogramWritesIt) {
  Histogram histogram;
  for (const std::uint64_t value :
       {100u, 200u, 300u, 1000u, 2049u, 5000u, 100'000u}) {
    histogram.record(value);
  }
  EXPECT_EQ(histogram.to_hgrm(),
            R"(       Value     Percentile TotalCount 1/(1-Percentile)

     100.000 0.000000000000          1           1.00
     100.000 0.100000000000          1           1.11
     200.000 0.200000000000          2           1.25
     300.000 0.300000000000          3           1.43
     300.000 0.400000000000          3           1.67
    1000.000 0.500000000000          4           2.00
    1000.000 0.550000000000          4           2.22
    2049.000 0.600000000000          5           2.50
    2049.000 0.650000000000          5           2.86
    2049.000 0.700000000000          5           3.33
    5003.000 0.750000000000          6           4.00
    5003.000 0.775000000000          6           4.44
    5003.000 0.800000000000          6           5.00
    5003.000 0.825000000000          6           5.71
    5003.000 0.850000000000          6           6.67
  100031.000 0.875000000000          7           8.00
  100031.000 1.000000000000          7
#[Mean    =    15521.571, StdDeviation   =    34525.196]
#[Max     =   100031.000, Total count    =            7]
#[Buckets =            7, SubBuckets     =         2048]
)");
}

TEST(Histogram, HgrmTakesMoreTicks) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 1000; ++value) histogram.record(value);
  const std::string coarse = histogram.to_hgrm(1);
  const std::string fine = histogram.to_hgrm(20);
  EXPECT_LT(coarse.size(), fine.size());
  EXPECT_NE(
      coarse.find("     500.000 0.500000000000        500           2.00"),
      std::string::npos)
      << coarse;
}

}  // namespace
}  // namespace hft::lab
