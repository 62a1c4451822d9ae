// SPDX-License-Identifier: MIT
#include "summary.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace hft::peers {
namespace {

// Closer than this are no two distances.
constexpr double kDistinct = 1.25;

// The median over runs of the medians over their rounds.
template <class S>
double over_runs(const std::vector<S>& samples, std::size_t runs,
                 const std::function<double(const S&)>& value) {
  std::vector<double> medians;
  for (std::size_t run = 0; run < runs; ++run) {
    std::vector<double> values;
    for (const S& sample : samples) {
      if (sample.run == run) {
        values.push_back(value(sample));
      }
    }
    if (!values.empty()) {
      medians.push_back(median(values));
    }
  }
  return median(medians);
}

template <class S>
Ratios ratios_over_runs(const std::vector<S>& samples, std::size_t runs,
                        Ratios S::*which) {
  const auto one = [&](double Ratios::*percentile) {
    return over_runs<S>(samples, runs, [&](const S& sample) {
      return sample.*which.*percentile;
    });
  };
  return {one(&Ratios::p50), one(&Ratios::p99), one(&Ratios::p999)};
}

AtDistance at_distance(const std::vector<Sample>& samples,
                       const std::function<bool(double)>& belongs) {
  std::vector<double> mps;
  for (const Sample& sample : samples) {
    if (belongs(sample.floor())) {
      mps.push_back(sample.mps);
    }
  }
  return {mps.size(), median(mps)};
}

Row make_row(const Measured& measured, std::size_t cell, std::size_t runs,
             const Distances& distances) {
  std::vector<Sample> all;
  std::vector<Sample> kept;
  for (const Sample& sample : measured.samples) {
    if (sample.cell == cell) {
      all.push_back(sample);
      if (!sample.moved()) {
        kept.push_back(sample);
      }
    }
  }
  Row row;
  row.cell = measured.cells[cell];
  row.rtt = ratios_over_runs(all, runs, &Sample::rtt);
  row.discarded = all.size() - kept.size();
  // A doubtful figure is better than none, and the count says that it is.
  row.mps = over_runs<Sample>(kept.empty() ? all : kept, runs,
                              [](const Sample& sample) { return sample.mps; });
  row.near =
      at_distance(kept, [&](double floor) { return floor < distances.border; });
  row.far = at_distance(
      kept, [&](double floor) { return floor >= distances.border; });
  return row;
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle]
                                : (values[middle - 1] + values[middle]) / 2;
}

Distances classify(std::vector<double> floors) {
  std::sort(floors.begin(), floors.end());
  const std::size_t count = floors.size();
  double sum = 0;
  for (const double floor : floors) {
    sum += std::log(floor);
  }
  // The least variance within is the greatest between.
  std::size_t split = 0;
  double best = 0;
  double below = 0;
  for (std::size_t i = 1; i < count; ++i) {
    below += std::log(floors[i - 1]);
    const auto n = static_cast<double>(i);
    const auto m = static_cast<double>(count - i);
    const double apart = below / n - (sum - below) / m;
    if (n * m * apart * apart > best) {
      best = n * m * apart * apart;
      split = i;
    }
  }
  const auto cut = floors.begin() + static_cast<std::ptrdiff_t>(split);
  Distances distances;
  distances.near = median({floors.begin(), cut});
  distances.far = median({cut, floors.end()});
  distances.distinct = split > 0 && distances.far > kDistinct * distances.near;
  if (distances.distinct) {
    distances.border = floors[split];
  } else {
    distances.near = median(floors);
    distances.far = 0;
    distances.border = std::numeric_limits<double>::infinity();
  }
  return distances;
}

Summary summarise(const Measured& measured, std::size_t runs) {
  Summary summary;
  summary.one_line = over_runs<FloorSample>(
      measured.floors, runs,
      [](const FloorSample& sample) { return sample.one_line; });
  summary.two_lines =
      ratios_over_runs(measured.floors, runs, &FloorSample::two_lines);
  summary.rested =
      ratios_over_runs(measured.floors, runs, &FloorSample::rested);
  std::vector<double> floors;
  for (const Sample& sample : measured.samples) {
    if (!sample.moved()) {
      floors.push_back(sample.floor());
    }
  }
  summary.distances = classify(std::move(floors));
  for (std::size_t cell = 0; cell < measured.cells.size(); ++cell) {
    summary.rows.push_back(make_row(measured, cell, runs, summary.distances));
    summary.discarded += summary.rows.back().discarded;
  }
  return summary;
}

}  // namespace hft::peers
