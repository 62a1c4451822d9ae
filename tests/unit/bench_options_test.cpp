// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include "bench/options.hpp"

namespace hft::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Options parse(const std::string& line) {
  CLI::App app;
  Options options;
  add_options(app, options);
  app.parse(line);
  return options;
}

// What the user is told; empty when the line is accepted.
std::string complaint(const std::string& line) {
  try {
    parse(line);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return {};
}

std::vector<std::string_view> names(const Options& options,
                                    bool driver_there = true) {
  std::vector<std::string_view> result;
  for (const PathKind* kind : chosen_paths(options, driver_there)) {
    result.push_back(kind->name);
  }
  return result;
}

TEST(BenchOptions, Defaults) {
  const Options options = parse("");
  EXPECT_EQ(options.samples, 1000U);
  EXPECT_EQ(options.period_ns, 1'000'000U);
  EXPECT_THAT(options.cpus, ElementsAre(0, 1));
  EXPECT_THAT(names(options),
              ElementsAre("syscall", "read", "shm", "lamport", "ring"));
  EXPECT_THAT(names(options, false),
              ElementsAre("floor", "process", "eventfd", "pipe", "futex",
                          "ebpf", "ringbuf-poll", "ringbuf-spin"));
}

TEST(BenchOptions, EverySweepHasItsDefaults) {
  for (const char* sweep : {"size", "rate", "rings", "capacity"}) {
    const Options options = parse(std::string("--sweep ") + sweep);
    EXPECT_EQ(options.sweep, sweep);
    EXPECT_EQ(options.samples, 10'000U);
    EXPECT_EQ(options.period_ns, 10'000U);
    EXPECT_THAT(names(options), ElementsAre("process"));
  }
  EXPECT_EQ(parse("--sweep size --samples 50").samples, 50U);
  EXPECT_EQ(parse("--sweep size --period 20us").period_ns, 20'000U);
}

TEST(BenchOptions, WhatDoesNotGoTogetherIsRefused) {
  EXPECT_THAT(complaint("--sweep colour"), HasSubstr("size, rate, rings"));
  EXPECT_THAT(complaint("--sweep size --paths pipe,ring"), HasSubstr("ring"));
  EXPECT_THAT(complaint("--sweep size --paths floor"), HasSubstr("floor"));
  EXPECT_THAT(complaint("--sweep rings --paths pipe"), HasSubstr("process"));
  EXPECT_EQ(complaint("--sweep rate --paths ebpf,ringbuf-spin"), "");
  EXPECT_THAT(complaint("--sweep size --paths ebpf"), HasSubstr("process"));
  EXPECT_NE(complaint("--sweep rate --period 20us"), "");
  EXPECT_NE(complaint("--sweep rate --attribute"), "");
  EXPECT_NE(complaint("--sweep rate --hgrm ."), "");
  EXPECT_THAT(complaint("--paths ring --cpus 1,0"), HasSubstr("CPU 0"));
  EXPECT_EQ(complaint("--paths process --cpus 1,0"), "");
  EXPECT_NE(complaint("--paths process --cpus 1,1"), "");
  EXPECT_NE(complaint("--paths ring,read --csv all.csv"), "");
  EXPECT_EQ(complaint("--sweep rate --csv all.csv"), "");
}

TEST(BenchOptions, PathsKeepTheirOrderAndCountOnce) {
  EXPECT_THAT(names(parse("--paths ring,read,ring")),
              ElementsAre("ring", "read"));
}

TEST(BenchOptions, PacketsHaveASender) {
  EXPECT_EQ(parse("--paths xdp").sender, Sender::kFrame);
  EXPECT_EQ(parse("--paths ebpf,xdp --sender udp").sender, Sender::kUdp);
  EXPECT_THAT(complaint("--paths xdp --sender tcp"), HasSubstr("tcp"));
  EXPECT_THAT(complaint("--paths ebpf --sender udp"), HasSubstr("packets"));
  EXPECT_THAT(complaint("--sender udp"), HasSubstr("packets"));
}

TEST(BenchOptions, UnknownPathListsTheKnownOnes) {
  const std::string text = complaint("--paths ring,rong");
  EXPECT_THAT(text, HasSubstr("'rong'"));
  EXPECT_THAT(text, HasSubstr("syscall, read, shm, lamport"));
}

TEST(BenchOptions, UnknownSweepListsTheKnownOnes) {
  EXPECT_EQ(complaint("--sweep nope"),
            "--sweep: unknown sweep 'nope': expected size, rate, rings or "
            "capacity");
}

TEST(BenchOptions, PeriodTakesUnits) {
  EXPECT_EQ(parse("--period 10us").period_ns, 10'000U);
  EXPECT_EQ(parse("--period 2ms").period_ns, 2'000'000U);
  EXPECT_EQ(parse("--period 1s").period_ns, 1'000'000'000U);
  EXPECT_EQ(parse("--period 50000").period_ns, 50'000U);
}

TEST(BenchOptions, OutOfRangeIsRefused) {
  EXPECT_NE(complaint("--period 9us"), "");
  EXPECT_NE(complaint("--period 2s"), "");
  EXPECT_NE(complaint("--samples 0"), "");
  EXPECT_NE(complaint("--samples -5"), "");
  EXPECT_NE(complaint("--samples many"), "");
  EXPECT_NE(complaint("--rounds 0"), "");
  EXPECT_NE(complaint("--cpus 0"), "");
  EXPECT_NE(complaint("--cpus 0,-1"), "");
  EXPECT_NE(complaint("--what"), "");
}

TEST(BenchOptions, ManifestWantsPairs) {
  EXPECT_NE(complaint("--manifest qemu"), "");
  EXPECT_NE(complaint("--manifest =7.2"), "");
  const Options options =
      parse("--manifest qemu=7.2 --manifest host=a=b --manifest commit=abc");
  lab::Manifest manifest;
  apply_manifest(options.manifest, manifest);
  EXPECT_EQ(manifest.qemu, "7.2");
  EXPECT_EQ(manifest.commit, "abc");
  EXPECT_EQ(manifest.extra.at("host"), "a=b");
}

}  // namespace
}  // namespace hft::bench
