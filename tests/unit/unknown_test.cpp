// SPDX-License-Identifier: MIT
// Words that nobody knows, and the ones that may have been meant.
#include "unknown.hpp"

#include <gtest/gtest.h>

namespace hft::tools {
namespace {

TEST(Distance, CountsInsertedRemovedReplacedAndExchangedLetters) {
  EXPECT_EQ(distance("", ""), 0U);
  EXPECT_EQ(distance("", "ring"), 4U);
  EXPECT_EQ(distance("ring", ""), 4U);
  EXPECT_EQ(distance("ring", "ring"), 0U);
  EXPECT_EQ(distance("rong", "ring"), 1U);
  EXPECT_EQ(distance("rin", "ring"), 1U);
  EXPECT_EQ(distance("rings", "ring"), 1U);
  EXPECT_EQ(distance("benhc", "bench"), 1U);
  EXPECT_EQ(distance("tpa", "tap"), 1U);
  EXPECT_EQ(distance("pxd", "xdp"), 2U);
  EXPECT_EQ(distance("kitten", "sitting"), 3U);
}

TEST(Distance, IsTheSameBothWays) {
  for (const char* one : {"", "ring", "lamport-spin", "ab"}) {
    for (const char* other : {"rnig", "lamport", "ba", "x"}) {
      EXPECT_EQ(distance(one, other), distance(other, one));
    }
  }
}

TEST(Nearest, IsTheFirstOfTheLeastDistance) {
  EXPECT_EQ(nearest("rong", {"read", "ring", "rung"}), "ring");
  EXPECT_EQ(nearest("--sampels", {"--rounds", "--samples"}), "--samples");
  EXPECT_EQ(nearest("ring", {"rings", "ring"}), "ring");
}

TEST(Nearest, IsNothingWhereMoreThanAThirdOfTheLettersDiffer) {
  EXPECT_EQ(nearest("nope", {"pipe", "floor"}), "");
  EXPECT_EQ(nearest("-z", {"-c", "-x"}), "");
  EXPECT_EQ(nearest("", {"ring"}), "");
  EXPECT_EQ(nearest("ring", {}), "");
}

TEST(Unknown, NamesTheWordTheNearestAndAll) {
  EXPECT_EQ(unknown("path", "rong", {"read", "shm", "ring"}),
            "unknown path 'rong', did you mean 'ring'? Expected read, shm or "
            "ring");
  EXPECT_EQ(unknown("sweep", "nope", {"size", "rate"}),
            "unknown sweep 'nope': expected size or rate");
  EXPECT_EQ(unknown("sweep", "nope", {"size"}),
            "unknown sweep 'nope': expected size");
}

}  // namespace
}  // namespace hft::tools
