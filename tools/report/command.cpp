// SPDX-License-Identifier: MIT
// `hft report`: a folder of results as table, pictures and page.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "commands.hpp"
#include "lab/files.hpp"
#include "lab/results.hpp"
#include "lab/samples.hpp"
#include "lab/sweep_results.hpp"
#include "report/gnuplot.hpp"
#include "report/page.hpp"
#include "report/pictures.hpp"
#include "report/sweep_picture.hpp"
#include "values.hpp"

namespace hft::tools {
namespace {

constexpr const char* kResultsFile = "results.json";
constexpr const char* kSweepFile = "sweep.json";

struct Options {
  std::filesystem::path folder;
  std::string title;  // empty: what the folder holds
};

// The file parsed; an error names it.
template <typename Parse>
auto read_file_as(const std::filesystem::path& file, Parse parse) {
  const std::string json = lab::read_file(file);
  try {
    return parse(json);
  } catch (const lab::ResultsError& error) {
    throw lab::ResultsError(fmt::format("{}: {}", file.string(), error.what()));
  }
}

std::vector<report::PathSamples> read_samples(
    const std::filesystem::path& folder, const lab::Results& results) {
  std::vector<report::PathSamples> paths;
  for (const lab::PathResult& result : results.results) {
    const auto file = folder / fmt::format("{}.csv", result.path);
    auto& path = paths.emplace_back(result.path, lab::read_samples_csv(file));
    if (path.samples.size() != result.latency.samples) {
      throw lab::ResultsError(fmt::format(
          "{}: expected {} samples as results.json says, found {}: the files "
          "are of different runs; measure again with `hft bench`",
          file.string(), result.latency.samples, path.samples.size()));
    }
  }
  return paths;
}

void report_results(const Options& options) {
  const std::filesystem::path& folder = options.folder;
  const std::string& title =
      options.title.empty() ? "Latency by path" : options.title;
  const lab::Results results =
      read_file_as(folder / kResultsFile, lab::parse_results);
  const std::vector<report::PathSamples> paths = read_samples(folder, results);
  fmt::print("{}", lab::format_table(results));

  lab::write_file(folder / "report.html",
                  report::report_page(title, results, paths));
  lab::write_file(folder / "cdf.png", report::run_gnuplot(report::cdf_script(
                                          title, results, paths)));
  lab::write_file(
      folder / "histogram.png",
      report::run_gnuplot(report::histogram_script(title, results, paths)));
  fmt::print("\nwrote report.html, cdf.png and histogram.png to {}\n",
             folder.string());
}

void report_sweep(const Options& options) {
  const std::filesystem::path& folder = options.folder;
  const lab::SweepResults sweep =
      read_file_as(folder / kSweepFile, lab::parse_sweep);
  fmt::print("{}", lab::format_sweep_table(sweep));
  lab::write_file(
      folder / "sweep.png",
      report::run_gnuplot(report::sweep_script(
          options.title.empty() ? "Latency by " + sweep.by : options.title,
          sweep)));
  fmt::print("\nwrote sweep.png to {}\n", folder.string());
}

// A folder may hold a sweep, results, or both.
void run(const Options& options) {
  const bool sweep = exists(options.folder / kSweepFile);
  if (sweep) {
    report_sweep(options);
  }
  if (!sweep || exists(options.folder / kResultsFile)) {
    report_results(options);
  }
}

}  // namespace

void add_report(CLI::App& app, int&) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "report",
      "Turn a directory of results into a table, pictures and a page");
  command
      ->add_option(
          "DIR", options->folder,
          "Directory with results.json and one CSV of samples for each "
          "path, or with sweep.json")
      ->required()
      ->check(directory());
  command
      ->add_option("--title", options->title,
                   "Heading of the pictures and the page")
      ->option_text("TEXT");
  command->footer(
      "Results give cdf.png, histogram.png and report.html, a sweep gives\n"
      "sweep.png. They are written into DIR.\n"
      "Examples:\n"
      "  hft report results/today\n"
      "  hft report results/today --title 'Before the change'");
  command->callback([options] { run(*options); });
}

}  // namespace hft::tools
