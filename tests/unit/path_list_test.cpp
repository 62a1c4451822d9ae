// SPDX-License-Identifier: MIT
#include "lab/path_list.hpp"

#include <gmock/gmock.h>

#include "bench/path.hpp"

namespace hft::bench {
namespace {

using ::testing::ElementsAreArray;

TEST(PathList, NamesEachPathAsItsKindDoes) {
  std::vector<std::string_view> names;
  for (const PathKind& kind : path_kinds()) {
    names.push_back(kind.name);
  }
  EXPECT_THAT(names, ElementsAreArray(lab::kPathNames));
}

TEST(PathList, EachKindIsComplete) {
  for (const PathKind& kind : path_kinds()) {
    EXPECT_FALSE(kind.summary.empty()) << kind.name;
    EXPECT_NE(kind.unavailable, nullptr) << kind.name;
    EXPECT_NE(kind.attach, nullptr) << kind.name;
    EXPECT_EQ(find_path(kind.name), &kind);
  }
}

}  // namespace
}  // namespace hft::bench
