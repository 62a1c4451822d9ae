// SPDX-License-Identifier: MIT
#include "lab/path_list.hpp"

#include <gmock/gmock.h>

#include <map>
#include <utility>

#include "bench/path.hpp"
#include "report/charts.hpp"

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

// In a chart two paths must differ in colour or in dash, on a page of either
// background.
TEST(PathList, NoTwoPathsAreDrawnAlike) {
  std::map<std::pair<std::string_view, int>, std::string_view> on_light;
  std::map<std::pair<std::string_view, int>, std::string_view> on_dark;
  for (const PathKind& kind : path_kinds()) {
    const report::Style style = report::style_of(kind.name);
    for (auto& [drawn, colour] : {std::pair{&on_light, style.on_light},
                                  std::pair{&on_dark, style.on_dark}}) {
      const auto [first, is_new] =
          drawn->insert({{colour, style.dash}, kind.name});
      EXPECT_TRUE(is_new) << kind.name << " and " << first->second;
    }
    EXPECT_GE(style.dash, 0) << kind.name;
    EXPECT_LT(style.dash, report::kDashes) << kind.name;
  }
}

}  // namespace
}  // namespace hft::bench
