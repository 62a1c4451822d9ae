// SPDX-License-Identifier: MIT
// Writes a folder of results as `hft bench` would, from a fixed seed: five
// paths with the shapes that real ones have, one of them with a burst.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "lab/files.hpp"
#include "lab/results.hpp"
#include "lab/samples.hpp"

namespace {

struct Shape {
  const char* path;
  double typical;     // median, cycles
  double width;       // of the logarithm
  double tail_share;  // of samples that meet an interrupt
  double tail;        // how many times longer those take
};

constexpr Shape kShapes[] = {{"syscall", 2400, 0.10, 0.004, 20},
                             {"read", 38'000, 0.22, 0.020, 5},
                             {"shm", 1900, 0.12, 0.006, 9},
                             {"lamport", 27'000, 0.16, 0.015, 4},
                             {"ring", 1600, 0.14, 0.005, 12}};
constexpr int kRounds = 5;

std::vector<std::uint64_t> draw(const Shape& shape, std::size_t count,
                                std::mt19937_64& random) {
  std::normal_distribution<double> noise(0, shape.width);
  std::exponential_distribution<double> interrupt(1);
  std::uniform_real_distribution<double> chance(0, 1);
  std::vector<std::uint64_t> samples(count);
  for (std::size_t i = 0; i < count; ++i) {
    double latency = shape.typical * std::exp(noise(random));
    if (chance(random) < shape.tail_share) {
      latency *= 1 + shape.tail * interrupt(random);
    }
    // One burst, six tenths into the run.
    const bool burst = i >= count * 6 / 10 && i < count * 6 / 10 + 12;
    if (burst && shape.path == std::string("read")) latency *= 12;
    samples[i] = static_cast<std::uint64_t>(latency);
  }
  return samples;
}

hft::lab::PathResult summarise_path(const Shape& shape,
                                    const std::vector<std::uint64_t>& samples) {
  hft::lab::PathResult result;
  result.path = shape.path;
  result.offered = samples.size();
  result.latency = hft::lab::summarise(samples);
  const std::size_t round = samples.size() / kRounds;
  for (std::size_t i = 0; i < kRounds; ++i) {
    const hft::lab::Summary part =
        hft::lab::summarise(std::span(samples).subspan(i * round, round));
    result.rounds.push_back({part.p50, part.p99});
  }
  std::vector<std::size_t> order(samples.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, std::greater{},
                    [&](std::size_t i) { return samples[i]; });
  for (std::size_t i = 0; i < 3; ++i) {
    result.worst.push_back({order[i], samples[order[i]],
                            i == 0 ? "timer interrupt & <softirq>" : ""});
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: make_fixture DIR SAMPLES\n");
    return 64;
  }
  const std::filesystem::path folder = argv[1];
  const std::size_t count = std::stoul(argv[2]);
  std::mt19937_64 random{20'240'506};

  hft::lab::Results results;
  results.manifest = {.kernel = "6.1.99-hft",
                      .config_hash = "5f3a90c1",
                      .command_line =
                          "console=ttyS0 nokaslr isolcpus=1 "
                          "<script>document.title='hit'</script>",
                      .cpu_model = "QEMU Virtual CPU \"max\"",
                      .isolated_cpus = "1",
                      .accelerator = "tcg",
                      .qemu = "7.2.0",
                      .tsc_hz = 2'600'000'000,
                      .clock_cost_cycles = 60,
                      .commit = "0123456789ab",
                      .time = "2024-05-06T07:08:09Z",
                      .hostname = {},
                      .extra = {{"period", "1 ms"}}};
  results.validity = {"emulated", {"made up from a fixed seed, not measured"}};
  results.unit = "cycles";
  std::filesystem::create_directories(folder);
  for (const Shape& shape : kShapes) {
    const std::vector<std::uint64_t> samples = draw(shape, count, random);
    results.results.push_back(summarise_path(shape, samples));
    hft::lab::write_samples_csv(folder / fmt::format("{}.csv", shape.path),
                                samples);
  }
  std::vector<std::uint64_t> late = draw(kShapes[4], count, random);
  for (std::uint64_t& latency : late) latency += 300;
  results.results.back().schedule = hft::lab::summarise(late);
  hft::lab::write_file(folder / "results.json", hft::lab::to_json(results));
  return 0;
}
