// SPDX-License-Identifier: MIT
#include "rounds.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <span>

#include "crew.hpp"
#include "floor.hpp"
#include "hft/clock.hpp"
#include "lab/statistics.hpp"

namespace hft::peers {
namespace {

// Round trips that are not looked at.
constexpr std::size_t kWarmUp = 200;

using Cycles = std::vector<std::uint64_t>;

class Bench {
 public:
  explicit Bench(const Plan& plan) : crew_(plan.here, plan.there) {}

  void round(std::size_t run, std::span<const Cell> cells,
             std::size_t first_cell, Measured& out) {
    std::vector<std::size_t> order(cells.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random_);
    for (const std::size_t at : order) {
      Sample sample = measure_cell(cells[at]);
      sample.cell = first_cell + at;
      sample.run = run;
      out.samples.push_back(sample);
    }
  }

  FloorSample floors(std::size_t run) {
    FloorSample sample;
    sample.run = run;
    OneLine one(random_);
    TwoLines two(random_);
    OneLineRested rested(random_);
    sample.two_lines = compare(two, one);
    sample.rested = compare(rested, one);
    std::sort(one_line_.begin(), one_line_.end());
    sample.one_line = static_cast<double>(lab::percentile(one_line_, 0.5));
    one_line_.clear();
    return sample;
  }

 private:
  void bounce(PingPong& what, std::span<std::uint64_t> cycles) {
    crew_.run([&] { what.pong(cycles.size()); }, [&] { what.ping(cycles); });
  }

  // Records a second. Each way from its own thread, as round trips have it.
  double stream(Rig& rig, Rig::Way way, std::uint64_t records) {
    const std::function<void()> produce = [&] { rig.produce(way, records); };
    const std::function<void()> consume = [&] { rig.consume(way, records); };
    const std::uint64_t start = tsc_now();
    way == Rig::kThere ? crew_.run(consume, produce)
                       : crew_.run(produce, consume);
    return static_cast<double>(records) * static_cast<double>(tsc_hz()) /
           static_cast<double>(tsc_now() - start);
  }

  Ratios compare(PingPong& what, PingPong& floor) {
    Cycles trips(kBlocks * kBlockTrips);
    Cycles floors(kBlocks * kBlockTrips);
    for (std::size_t block = 0; block < kBlocks; ++block) {
      const std::size_t begin = block * kBlockTrips;
      bounce(floor, std::span(floors).subspan(begin, kBlockTrips));
      bounce(what, std::span(trips).subspan(begin, kBlockTrips));
    }
    std::sort(trips.begin(), trips.end());
    std::sort(floors.begin(), floors.end());
    one_line_.push_back(lab::percentile(floors, 0.5));
    const auto ratio = [&](double fraction) {
      return static_cast<double>(lab::percentile(trips, fraction)) /
             static_cast<double>(lab::percentile(floors, fraction));
    };
    return {ratio(0.5), ratio(0.99), ratio(0.999)};
  }

  double floor_now(PingPong& floor) {
    Cycles trips(kBlockTrips);
    bounce(floor, trips);
    std::sort(trips.begin(), trips.end());
    return static_cast<double>(lab::percentile(trips, 0.5));
  }

  Sample measure_cell(const Cell& cell) {
    const Contender& contender = *cell.contender;
    const std::unique_ptr<Rig> rig =
        contender.make(contender.name, cell.bytes, cell.capacity);
    OneLine floor(random_);
    // Once around both rings: no slot is touched for the first time below.
    const std::uint64_t once = std::max(cell.capacity, kStreamedAtLeast);
    stream(*rig, Rig::kBack, once);
    const double rate = stream(*rig, Rig::kThere, once);
    Cycles unused(kWarmUp);
    bounce(*rig, unused);

    Sample sample;
    sample.rtt = compare(*rig, floor);
    sample.floor_before = floor_now(floor);
    const auto records = static_cast<std::uint64_t>(rate * kStreamSeconds);
    sample.mps = stream(*rig, Rig::kThere, std::max(records, once)) / 1e6;
    sample.floor_after = floor_now(floor);
    return sample;
  }

  Crew crew_;
  std::mt19937 random_{1};
  Cycles one_line_;  // medians of this round's blocks
};

}  // namespace

Measured measure(
    const Plan& plan,
    const std::function<void(std::size_t, std::size_t)>& progress) {
  Bench bench(plan);
  Measured out;
  out.cells = plan.cells;
  const std::span<const Cell> cells = plan.cells;
  for (std::size_t run = 0; run < plan.runs; ++run) {
    for (std::size_t round = 0; round < plan.rounds; ++round) {
      progress(run, round);
      for (std::size_t begin = 0; begin < cells.size();) {
        std::size_t end = begin;
        while (end < cells.size() && cells[end].bytes == cells[begin].bytes &&
               cells[end].capacity == cells[begin].capacity) {
          ++end;
        }
        bench.round(run, cells.subspan(begin, end - begin), begin, out);
        begin = end;
      }
      out.floors.push_back(bench.floors(run));
    }
  }
  return out;
}

}  // namespace hft::peers
