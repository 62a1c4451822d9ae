// SPDX-License-Identifier: MIT
// `hft report`: a folder of results as table, pictures and page.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "commands.hpp"
#include "gnuplot.hpp"
#include "hft/results.hpp"
#include "page.hpp"
#include "pictures.hpp"

namespace hft::tools {
namespace {

struct Options {
  std::filesystem::path folder;
  std::string title;
};

Results read_results(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "results.json";
  const std::string json = read_file(file);
  try {
    return parse_results(json);
  } catch (const ResultsError& error) {
    throw ResultsError(fmt::format("{}: {}", file.string(), error.what()));
  }
}

std::vector<report::PathSamples> read_samples(
    const std::filesystem::path& folder, const Results& results) {
  std::vector<report::PathSamples> paths;
  for (const PathResult& result : results.results) {
    const auto file = folder / fmt::format("{}.csv", result.path);
    auto& path = paths.emplace_back(result.path, read_samples_csv(file));
    if (path.samples.size() != result.latency.samples) {
      throw ResultsError(fmt::format(
          "{}: expected {} samples as results.json says, found {}: the files "
          "are of different runs; measure again with `hft bench`",
          file.string(), result.latency.samples, path.samples.size()));
    }
  }
  return paths;
}

void run(const Options& options) {
  const std::filesystem::path& folder = options.folder;
  const Results results = read_results(folder);
  const std::vector<report::PathSamples> paths = read_samples(folder, results);
  fmt::print("{}", format_table(results));

  write_file(folder / "report.html",
             report::report_page(options.title, results, paths));
  write_file(folder / "cdf.png", report::run_gnuplot(report::cdf_script(
                                     options.title, results, paths)));
  write_file(folder / "histogram.png",
             report::run_gnuplot(
                 report::histogram_script(options.title, results, paths)));
  fmt::print("\nwrote report.html, cdf.png and histogram.png to {}\n",
             folder.string());
}

// As the command line promises: what went wrong, and which status says so.
int run_reporting_errors(const Options& options) {
  const auto complain = [](const std::exception& error, int status) {
    fmt::print(stderr, "hft report: {}\n", error.what());
    return status;
  };
  try {
    run(options);
    return kOk;
  } catch (const ResultsError& error) {
    return complain(error, kDataError);
  } catch (const report::GnuplotMissing& error) {
    return complain(error, kUnavailable);
  } catch (const std::exception& error) {
    return complain(error, kFailed);
  }
}

}  // namespace

void add_report(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  options->title = "Latency of kernel-to-user paths";
  CLI::App* command = app.add_subcommand(
      "report",
      "Turn a folder of results into the table, cdf.png, histogram.png and "
      "report.html");
  command
      ->add_option("DIR", options->folder,
                   "has results.json and a CSV of samples per path")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--title", options->title, "heading of the report")
      ->capture_default_str();
  command->callback(
      [options, &status] { status = run_reporting_errors(*options); });
}

}  // namespace hft::tools
