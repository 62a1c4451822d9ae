// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>
#include <set>

#include "report/charts.hpp"
#include "report/gnuplot.hpp"
#include "report/page.hpp"
#include "report/pictures.hpp"

namespace hft::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// 1 to `count`, largest first.
PathSamples countdown(const std::string& name, std::uint64_t count) {
  std::vector<std::uint64_t> samples(count);
  std::iota(samples.rbegin(), samples.rend(), 1);
  return {name, samples};
}

lab::Results results_of(const std::vector<PathSamples>& paths) {
  lab::Results results;
  results.validity = {"noisy", {"a <b> & \"c\""}};
  results.unit = "ns";
  for (const PathSamples& path : paths) {
    results.results.emplace_back().path = path.name;
    results.results.back().latency = lab::summarise(path.samples);
  }
  return results;
}

TEST(Percentiles, ComeCloserTowardsTheEnd) {
  const Percentiles tail = percentiles({countdown("ring", 10)}, 2);
  EXPECT_THAT(tail.levels,
              ElementsAre(0, 0.25, 0.5, 0.625, 0.75, 0.8125, 0.875, 0.90625));
  EXPECT_THAT(tail.latency[0], ElementsAre(1, 3, 5, 7, 8, 9, 9, 10));
}

TEST(Percentiles, EachPathEndsAtItsMaximum) {
  const Percentiles tail = percentiles(
      {countdown("ring", 1000), countdown("read", 4), {"shm", {}}}, 5);
  EXPECT_EQ(tail.latency[0].size(), tail.levels.size());
  EXPECT_EQ(tail.latency[0].back(), 1000u);
  EXPECT_LT(tail.latency[1].size(), tail.levels.size());
  EXPECT_EQ(tail.latency[1].back(), 4u);
  EXPECT_TRUE(tail.latency[2].empty());
}

TEST(Timelines, ShowEverySampleUpToTheLimit) {
  const Timelines time = timelines({countdown("ring", 4)}, 4);
  EXPECT_EQ(time.bucket, 1u);
  EXPECT_THAT(time.latency[0], ElementsAre(4, 3, 2, 1));
}

TEST(Timelines, KeepTheLargestOfEachBucketBeyond) {
  const Timelines time =
      timelines({countdown("ring", 9), countdown("read", 3)}, 4);
  EXPECT_EQ(time.bucket, 3u);
  EXPECT_THAT(time.latency[0], ElementsAre(9, 6, 3));
  EXPECT_THAT(time.latency[1], ElementsAre(3));
}

TEST(Distribution, SharesAddUpInBinsOfEqualRatio) {
  const Distribution shape = distribution(
      {{"ring", {10, 99, 100, 5000}}, {"read", {0, 1}}, {"shm", {}}}, 1);
  EXPECT_EQ(shape.first, 0);
  EXPECT_THAT(shape.share[0], ElementsAre(0, 0.5, 0.25, 0.25));
  EXPECT_THAT(shape.share[1], ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(shape.share[2], ElementsAre(0, 0, 0, 0));
}

TEST(Style, ColoursComeFirstThenDashes) {
  EXPECT_EQ(style_of("ring").dash, 0);
  EXPECT_NE(style_of("ring").on_light, style_of("read").on_light);
  EXPECT_EQ(style_of("ring").on_light, style_of("pipe").on_light);
  EXPECT_EQ(style_of("pipe").dash, 1);
  EXPECT_EQ(style_of("not-known").on_light,
            style_of("not-known-either").on_light);
}

TEST(Style, PathsThatAreSeenTogetherDifferInColour) {
  std::set<std::string_view> colours;
  for (const char* path : {"floor", "process", "eventfd", "pipe", "futex"}) {
    colours.insert(style_of(path).on_light);
  }
  EXPECT_EQ(colours.size(), 5u);
}

TEST(Page, EscapesEveryText) {
  EXPECT_EQ(escape_html("<a href=\"x\">&'"),
            "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  const std::vector<PathSamples> paths{countdown("ring", 10)};
  lab::Results results = results_of(paths);
  results.manifest.cpu_model = "</script><script>alert(1)</script>@DATA@";
  results.results[0].worst = {{3, 10, "<i>irq</i>"}, {4, 9, ""}};
  const std::string page = report_page("T <1> @UNIT@", results, paths);
  EXPECT_THAT(page, HasSubstr("<h1>T &lt;1&gt; @UNIT@</h1>"));
  EXPECT_THAT(page, HasSubstr("a &lt;b&gt; &amp; &quot;c&quot;"));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;@DATA@"));
  EXPECT_THAT(page, HasSubstr("&lt;i&gt;irq&lt;/i&gt;"));
  EXPECT_THAT(page, HasSubstr("unknown"));
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
}

TEST(Page, ShowsValidityAndData) {
  const std::vector<PathSamples> paths{countdown("ring", 1234)};
  const std::string page = report_page("T", results_of(paths), paths);
  EXPECT_THAT(page, HasSubstr("Validity: <strong>noisy</strong>"));
  EXPECT_THAT(page, HasSubstr("<td>1,234</td>"));
  EXPECT_THAT(page, HasSubstr("\"unit\":\"ns\""));
  EXPECT_THAT(page, HasSubstr("\"timeline\":[1234,1233,"));
}

TEST(Pictures, AreDrawnByGnuplot) {
  if (std::system("command -v gnuplot >/dev/null") != 0) {
    GTEST_SKIP() << "gnuplot is not installed";
  }
  // With all that could break a script: nothing, one value, 0, and quotes.
  const std::vector<std::vector<PathSamples>> cases{
      {},
      {{"ring", {}}},
      {{"ring", {7, 7, 7}}},
      {{"ring", {0, 0}}, {"read", {1'000'000'000'000, 5}}, {"shm", {}}},
      {countdown("ring", 2000), countdown("read", 30)}};
  for (const auto& paths : cases) {
    lab::Results results = results_of(paths);
    results.validity.reasons = {"it's 100 % \"quoted\"\n`x`",
                                "é" + std::string(200, 'y')};
    for (const auto& script : {cdf_script("a 'title' %d\n", results, paths),
                               histogram_script("t", results, paths)}) {
      EXPECT_THAT(script, HasSubstr("validity: noisy"));
      EXPECT_THAT(run_gnuplot(script), StartsWith("\x89PNG"));
    }
  }
}

TEST(Gnuplot, SaysWhatItCannotRead) {
  if (std::system("command -v gnuplot >/dev/null") != 0) {
    GTEST_SKIP() << "gnuplot is not installed";
  }
  try {
    run_gnuplot("plot nonsense(\n");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("expected a picture from gnuplot"));
  }
}

}  // namespace
}  // namespace hft::report
