// SPDX-License-Identifier: MIT
#include "bench/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "bench/sweep.hpp"
#include "lab/files.hpp"
#include "lab/histogram.hpp"
#include "lab/samples.hpp"

namespace hft::bench {
namespace {

void make_folder(const std::filesystem::path& folder) {
  if (folder.empty()) {
    return;
  }
  std::filesystem::create_directories(folder);
  if (access(folder.c_str(), W_OK) != 0) {
    throw std::system_error(
        errno, std::generic_category(),
        "cannot write into the directory " + folder.string());
  }
}

bool is_csv_file(const Options& options) {
  return options.csv.extension() == ".csv";
}

void write_raw(const Options& options, const std::vector<Measured>& all) {
  for (const Measured& measured : all) {
    const std::string name(measured.kind->name);
    if (!options.csv.empty()) {
      lab::write_samples_csv(
          is_csv_file(options) ? options.csv : options.csv / (name + ".csv"),
          measured.latency);
    }
    if (!options.hgrm.empty()) {
      lab::Histogram histogram;
      for (const std::uint64_t latency : measured.latency) {
        histogram.record(latency);
      }
      lab::write_file(options.hgrm / (name + ".hgrm"), histogram.to_hgrm());
    }
  }
}

}  // namespace

void make_folders(const Options& options) {
  make_folder(options.json.parent_path());
  make_folder(is_csv_file(options) ? options.csv.parent_path() : options.csv);
  make_folder(options.hgrm);
}

void write_results(const Options& options, const std::vector<Measured>& all,
                   lab::Results results) {
  for (const Measured& measured : all) {
    results.results.push_back(to_result(measured));
  }
  fmt::print("{}", lab::format_table(results));
  write_raw(options, all);
  if (!options.json.empty()) {
    lab::write_file(options.json, to_json(results));
  }
}

void write_sweep(const Options& options, std::vector<lab::SweepPoint> points,
                 const lab::Results& frame) {
  const SweepKind& kind = *find_sweep(options.sweep);
  const lab::SweepResults sweep{.manifest = frame.manifest,
                                .validity = frame.validity,
                                .unit = frame.unit,
                                .by = std::string(kind.name),
                                .axis = std::string(kind.axis),
                                .points = std::move(points)};
  fmt::print("{}", lab::format_sweep_table(sweep));
  if (!options.csv.empty()) {
    lab::write_file(
        is_csv_file(options) ? options.csv : options.csv / "sweep.csv",
        to_csv(sweep));
  }
  if (!options.json.empty()) {
    lab::write_file(options.json, to_json(sweep));
  }
}

}  // namespace hft::bench
