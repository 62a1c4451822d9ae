// SPDX-License-Identifier: MIT
#include "lab/results.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "hft/descriptor.hpp"
#include "lab/files.hpp"
#include "lab/samples.hpp"

namespace hft::lab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Results example() {
  Results results;
  results.manifest.kernel = "6.1.99";
  results.manifest.config_hash = "ab12";
  results.manifest.command_line = "console=ttyS0 isolcpus=1";
  results.manifest.cpu_model = "A \"quoted\" <CPU>";
  results.manifest.isolated_cpus = "1";
  results.manifest.accelerator = "tcg";
  results.manifest.qemu = "7.2.0";
  results.manifest.tsc_hz = 2'600'000'000;
  results.manifest.clock_cost_cycles = 24;
  results.manifest.commit = "0123abc";
  results.manifest.time = "2024-05-06T07:08:09Z";
  results.manifest.hostname = "sandbox";
  results.manifest.extra["period"] = "1 ms";
  results.validity = {"emulated", {"accelerator is tcg", "2 % steal time"}};
  results.unit = "cycles";

  PathResult ring;
  ring.path = "ring";
  ring.offered = 1001;
  ring.lost = 1;
  ring.latency = {1000, 900, 1600, 2100, 3500, 20'000, 45'000, 45'678, 1712.5};
  ring.rounds = {{1580, 3400}, {1640, 3900}};
  ring.schedule =
      Summary{1000, 950, 1700, 2200, 3600, 20'100, 45'100, 45'700, 1800};
  ring.worst = {{17, 45'678, "timer interrupt"}, {901, 20'000, ""}};

  PathResult read;
  read.path = "read";
  read.offered = 1000;
  read.latency = {1000,    30'100,  38'400,    61'000,   180'250,
                  650'001, 999'999, 1'234'567, 41'000.25};
  results.results = {read, ring};
  return results;
}

std::string replaced(std::string text, const std::string& from,
                     const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  out += name;
  return out += "\":";
}

// The message of the error that parsing `json` throws.
std::string error_of(const std::string& json) {
  try {
    parse_results(json);
  } catch (const ResultsError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ResultsJson, SurvivesARoundTrip) {
  const Results results = example();
  EXPECT_EQ(parse_results(to_json(results)), results);
}

TEST(ResultsJson, OptionalPartsMayBeAbsent) {
  Results results = example();
  results.manifest.hostname.reset();
  results.manifest.extra.clear();
  results.results[1].schedule.reset();
  results.results[1].worst.clear();
  const std::string json = to_json(results);
  for (const char* name : {"hostname", "extra", "schedule", "worst"}) {
    EXPECT_EQ(json.find(name), std::string::npos) << name;
  }
  EXPECT_EQ(parse_results(json), results);
}

TEST(ResultsJson, FieldsStandInTheOrderOfTheSchema) {
  const std::string json = to_json(example());
  std::size_t last = 0;
  for (const char* name :
       {"schema", "manifest", "validity", "label",   "reasons",
        "unit",   "results",  "path",     "samples", "offered",
        "lost",   "min",      "p50",      "p90",     "p99",
        "p999",   "p9999",    "max",      "mean",    "rounds"}) {
    const std::size_t at = json.find(quoted(name), last);
    ASSERT_NE(at, std::string::npos) << name;
    last = at;
  }
}

TEST(ResultsJson, LargestCountsAndForeignBytesSurvive) {
  Results results = example();
  results.results[0].latency.max = ~0ull;
  results.manifest.command_line = "caf\xe9";
  const Results again = parse_results(to_json(results));
  EXPECT_EQ(again.results[0].latency.max, ~0ull);
  EXPECT_EQ(again.manifest.command_line, "caf\xef\xbf\xbd");
}

TEST(ResultsJson, RefusesWhatIsNotItsOwn) {
  EXPECT_THAT(error_of(""), HasSubstr("expected a JSON text"));
  EXPECT_THAT(error_of(to_json(example()).substr(0, 900)),
              HasSubstr("expected a JSON text"));
  EXPECT_THAT(error_of("[]"), HasSubstr("top level: expected an object"));
  EXPECT_THAT(error_of("{}"), HasSubstr("schema: expected the field"));
  EXPECT_THAT(
      error_of(replaced(to_json(example()), "hft-results/1", "hft-results/2")),
      AllOf(HasSubstr("expected \"hft-results/1\", found \"hft-results/2\""),
            HasSubstr("the version of hft that wrote it")));
}

struct Damage {
  const char* from;
  const char* to;
  const char* message;
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.to; }

class ResultsDamage : public ::testing::TestWithParam<Damage> {};

TEST_P(ResultsDamage, IsNamedByField) {
  const Damage damage = GetParam();
  EXPECT_THAT(error_of(replaced(to_json(example()), damage.from, damage.to)),
              AllOf(HasSubstr(damage.message), HasSubstr("measure again")));
}

INSTANTIATE_TEST_SUITE_P(
    Each, ResultsDamage,
    ::testing::Values(
        Damage{"\"kernel\"", "\"colonel\"",
               "manifest.kernel: expected the field, found none"},
        Damage{"2600000000", "\"fast\"",
               "manifest.tsc_hz: expected a whole number from 0, found "
               "\"fast\""},
        Damage{"2600000000", "-1", "manifest.tsc_hz"},
        Damage{"\"1 ms\"", "1",
               "manifest.extra.period: expected a string, found 1"},
        Damage{"\"emulated\"", "\"fine\"",
               "validity.label: expected one of bare-metal, virtualised, "
               "emulated, noisy, found fine"},
        Damage{"\"reasons\": [", "\"reasons\": 3, \"x\": [",
               "validity.reasons: expected an array, found number"},
        Damage{"\"2 % steal time\"", "2", "validity.reasons[1]"},
        Damage{"\"cycles\"", "\"s\"", "unit: expected cycles or ns, found s"},
        Damage{"\"path\": \"read\"", "\"path\": \"../read\"",
               "results[0].path: expected lower-case letters"},
        Damage{"\"path\": \"read\"", "\"path\": \"ring\"",
               "results[1]: expected a path of its own, found ring"},
        Damage{"\"lost\": 1", "\"lost\": 1.5",
               "results[1].lost: expected a whole number from 0, found 1.5"},
        Damage{"\"mean\": 41000.25", "\"mean\": \"x\"",
               "results[0].mean: expected a number"},
        Damage{"\"p50\": 1580", "\"p5\": 1580",
               "results[1].rounds[0].p50: expected the field"},
        Damage{"\"p9999\": 45100", "\"p9999\": true",
               "results[1].schedule.p9999: expected a whole number"},
        Damage{"\"cause\": \"timer interrupt\"", "\"cause\": null",
               "results[1].worst[0].cause: expected a string, found null"}));

TEST(ResultsTable, IsAsAUserSeesIt) {
  EXPECT_EQ(format_table(example()),
            R"(validity: emulated
  - accelerator is tcg
  - 2 % steal time
unit: cycles at 2.600 GHz

path  samples  lost     min     P50     P90      P99    P99.9        max  x ring
read    1,000     0  30,100  38,400  61,000  180,250  650,001  1,234,567   24.00
ring    1,000     1     900   1,600   2,100    3,500   20,000     45,678    1.00

spread over rounds  rounds  P50 from     to  P99 from     to
ring                     2     1,580  1,640     3,400  3,900

latency from schedule    P50    P90    P99   P99.9     max
ring                   1,700  2,200  3,600  20,100  45,700
)");
}

TEST(ResultsTable, WithoutRingSamplesOrReasons) {
  Results results = example();
  results.unit = "ns";
  results.validity = {"bare-metal", {}};
  results.results.pop_back();
  results.results[0].latency = {};
  EXPECT_EQ(format_table(results),
            R"(validity: bare-metal
unit: ns

path  samples  lost  min  P50  P90  P99  P99.9  max
read        0     0    -    -    -    -      -    -
)");
}

TEST(ResultsTable, SaysWhatTheClocksCostAndHowCoarseTheyAre) {
  Results results = example();
  results.manifest.extra["monotonic_cost_cycles"] = "52";
  results.manifest.extra["tsc_step_cycles"] = "1";
  EXPECT_THAT(format_table(results),
              HasSubstr("clocks: a reading of the TSC costs 24 cycles, of "
                        "CLOCK_MONOTONIC 52\n"));
  results.manifest.extra["tsc_step_cycles"] = "26";
  EXPECT_THAT(format_table(results),
              HasSubstr("clocks: a reading of the TSC costs 24 cycles (in "
                        "steps of 26), of CLOCK_MONOTONIC 52\n"));
}

TEST(ResultsTable, FitsAHundredColumns) {
  Results results = example();
  PathResult& path = results.results[0];
  path.path = "ringbuf-poll";
  path.latency = {1'000'000,   999'999,     9'999'999,   9'999'999, 999'999'999,
                  999'999'999, 999'999'999, 999'999'999, 5e8};
  std::istringstream lines(format_table(results));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 100u) << line;
  }
}

TEST(GroupDigits, ByThrees) {
  EXPECT_EQ(group_digits(0), "0");
  EXPECT_EQ(group_digits(999), "999");
  EXPECT_EQ(group_digits(1000), "1,000");
  EXPECT_EQ(group_digits(~0ull), "18,446,744,073,709,551,615");
}

class ResultFiles : public ::testing::Test {
 protected:
  ResultFiles() {
    char name[] = "/tmp/hft-results-test-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~ResultFiles() override { std::filesystem::remove_all(folder_); }

  // The message of the error that reading `content` as CSV throws.
  std::string csv_error(const std::string& content) {
    const std::filesystem::path file = folder_ / "ring.csv";
    std::ofstream(file) << content;
    try {
      read_samples_csv(file);
    } catch (const ResultsError& error) {
      return error.what();
    }
    return "no error";
  }

  std::filesystem::path folder_;
};

TEST_F(ResultFiles, SamplesSurviveARoundTrip) {
  const std::vector<std::uint64_t> samples{5, 0, ~0ull};
  write_samples_csv(folder_ / "ring.csv", samples);
  EXPECT_EQ(read_file(folder_ / "ring.csv"),
            "sample,latency\n0,5\n1,0\n2,18446744073709551615\n");
  EXPECT_EQ(read_samples_csv(folder_ / "ring.csv"), samples);
}

TEST_F(ResultFiles, NoSamplesIsAHeader) {
  write_samples_csv(folder_ / "ring.csv", {});
  EXPECT_TRUE(read_samples_csv(folder_ / "ring.csv").empty());
}

TEST_F(ResultFiles, CsvErrorsNameFileAndLine) {
  EXPECT_THAT(csv_error(""), HasSubstr("ring.csv:1: expected the header"));
  EXPECT_THAT(csv_error("time,value\n"),
              HasSubstr("ring.csv:1: expected the header \"sample,latency\", "
                        "found \"time,value\""));
  const std::string head = "sample,latency\n0,10\n";
  EXPECT_THAT(csv_error(head + "1,"),
              HasSubstr("ring.csv:3: expected a whole line"));
  EXPECT_THAT(csv_error(head + "2,20\n"),
              HasSubstr("ring.csv:3: expected \"1,LATENCY\", found \"2,20\""));
  for (const char* row : {"1,-5", "1,x", "1", "1,2,3", "1,2 ", "", "1,1e3",
                          "1,99999999999999999999"}) {
    EXPECT_THAT(csv_error(head + row + "\n2,7\n"),
                HasSubstr("ring.csv:3: expected"))
        << row;
  }
}

TEST_F(ResultFiles, MissingFileIsNamed) {
  try {
    read_samples_csv(folder_ / "none.csv");
    FAIL();
  } catch (const tools::DataError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("none.csv"),
                                    HasSubstr("No such file or directory")));
  }
}

TEST_F(ResultFiles, FailedWriteLeavesTheOldFileAndNothingElse) {
  const std::filesystem::path file = folder_ / "results.json";
  write_file(file, "old");
  write_file(file, "new");
  EXPECT_EQ(read_file(file), "new");
  // Renaming onto a folder fails after all has been written.
  std::filesystem::create_directory(folder_ / "folder");
  EXPECT_THROW(write_file(folder_ / "folder", "x"), std::system_error);
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(folder_)) {
    ++entries;
  }
  EXPECT_EQ(entries, 2u);
}

TEST_F(ResultFiles, ASymlinkStaysAndItsTargetIsReplaced) {
  const std::filesystem::path target = folder_ / "target.json";
  const std::filesystem::path link = folder_ / "link.json";
  std::filesystem::create_symlink("target.json", link);
  for (const char* content : {"made", "replaced"}) {
    write_file(link, content);
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_FALSE(std::filesystem::is_symlink(target));
    EXPECT_EQ(read_file(target), content);
  }
}

TEST_F(ResultFiles, AFifoIsWrittenAndStays) {
  const std::filesystem::path fifo = folder_ / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const Descriptor reader(open(fifo.c_str(), O_RDONLY | O_NONBLOCK));
  ASSERT_TRUE(reader);
  write_file(fifo, "content");
  EXPECT_TRUE(std::filesystem::is_fifo(fifo));
  char content[16];
  EXPECT_EQ(read(reader.get(), content, sizeof content), 7);
}

TEST_F(ResultFiles, WriteErrorsHaveTheSystemsWords) {
  try {
    write_file(folder_ / "none" / "results.json", "x");
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("none/results.json"),
                                    HasSubstr("No such file or directory")));
  }
}

}  // namespace
}  // namespace hft::lab
