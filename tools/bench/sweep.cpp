// SPDX-License-Identifier: MIT
#include "bench/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "bench/paths/cycles.hpp"
#include "bench/paths/poller.hpp"
#include "hft/record.hpp"

namespace hft::bench {
namespace {

using Values = std::vector<std::uint64_t>;

constexpr double kNsPerSecond = 1e9;
// Of what was due in a round. A CPU that others take for a while costs a few
// per cent at any rate; beyond saturation a step of the rate costs 30.
constexpr double kBehind = 0.9;
constexpr double kLost = 0.01;
// Rounds long enough to fill a ring if the consumer is the slower one.
constexpr std::uint64_t kRatePointsPerSecond = 20;
constexpr std::uint64_t kRateSamplesMax = 1'000'000;
constexpr std::uint64_t kRateWarmupsPerSecond = 500;

Values powers_of_two(std::uint64_t first, std::uint64_t last) {
  Values values;
  for (std::uint64_t value = first; value <= last; value *= 2) {
    values.push_back(value);
  }
  return values;
}

// What a line holds, and what the largest slot holds, instead of 4,096.
Values sizes() {
  Values values = powers_of_two(8, 2048);
  values.push_back(sizeof(hft_record::payload));
  values.push_back(payload_max(HFT_SLOT_SIZE_MAX));
  std::ranges::sort(values);
  return values;
}

void apply_size(std::uint64_t value, Subject& subject) {
  subject.setting.payload = static_cast<std::uint32_t>(value);
}

// A period is whole nanoseconds; a rate is what that makes of it.
std::uint64_t period_of(double rate) {
  return static_cast<std::uint64_t>(std::lround(kNsPerSecond / rate));
}

Values rates() {
  Values values;
  constexpr double kFirst = 10'000;
  constexpr double kLast = 100'000'000;
  for (double rate = kFirst; rate <= kLast; rate *= std::sqrt(2)) {
    values.push_back(static_cast<std::uint64_t>(
        std::lround(kNsPerSecond / static_cast<double>(period_of(rate)))));
  }
  return values;
}

void apply_rate(std::uint64_t value, Subject& subject) {
  subject.setting.period_ns = period_of(static_cast<double>(value));
  subject.samples = std::clamp(value / kRatePointsPerSecond, subject.samples,
                               std::max(subject.samples, kRateSamplesMax));
  subject.warmup = std::max(subject.warmup, value / kRateWarmupsPerSecond);
}

Values ring_counts() { return powers_of_two(1, 256); }

void apply_rings(std::uint64_t value, Subject& subject) {
  subject.setting.rings = static_cast<std::uint32_t>(value);
}

Values capacities() { return powers_of_two(64, 65'536); }

// A lap of the ring comes first: its slots are in the caches, as far as those
// go, and in both page tables.
void apply_capacity(std::uint64_t value, Subject& subject) {
  subject.setting.capacity = value;
  subject.warmup = std::max(subject.warmup, value);
}

lab::SweepPoint to_point(const SweepKind& sweep, std::uint64_t value,
                         const Subject& subject, const Measured& measured,
                         std::uint64_t hz) {
  const Flow flow = total(measured.flow);
  const auto cycles = static_cast<double>(hz);
  lab::SweepPoint point;
  point.value = value;
  point.offered_rate =
      cycles / static_cast<double>(to_cycles(subject.setting.period_ns, hz));
  point.delivered_rate = static_cast<double>(flow.seen) * cycles /
                         static_cast<double>(flow.elapsed_cycles);
  point.missed = flow.missed;
  point.result = to_result(measured);
  point.saturated = sweep.until_saturation && is_saturated(measured.flow);
  if (subject.setting.rings > 0) {
    point.idle_ring = idle_ring_cost(subject.setting);
  }
  return point;
}

std::vector<lab::SweepPoint> all_values(const SweepKind& sweep, Plan plan,
                                        Progress& progress,
                                        ClockDoubts& doubts) {
  const std::vector<Subject> subjects = std::exchange(plan.subjects, {});
  std::vector<std::uint64_t> values;
  for (const Subject& subject : subjects) {
    for (const std::uint64_t value : sweep.values()) {
      Subject varied = subject;
      sweep.apply(value, varied);
      if (varied.setting.payload > varied.kind->largest) {
        continue;
      }
      plan.subjects.push_back(varied);
      values.push_back(value);
    }
  }
  const std::vector<Measured> all = measure(plan, progress, doubts);
  std::vector<lab::SweepPoint> points;
  for (std::size_t i = 0; i < all.size(); ++i) {
    points.push_back(
        to_point(sweep, values[i], plan.subjects[i], all[i], plan.tsc_hz));
  }
  return points;
}

// A path that is being swept, and what it gave so far.
struct Swept {
  Subject subject;
  std::vector<lab::SweepPoint> points;
};

bool holds(const Swept& swept) {
  return swept.points.empty() || !swept.points.back().saturated;
}

// One value, of all paths that held those before: they take turns, so that no
// path has a better moment of the machine than another.
void measure_value(const SweepKind& sweep, std::uint64_t value,
                   std::vector<Swept>& paths, Plan& plan, Progress& progress,
                   ClockDoubts& doubts) {
  std::vector<Swept*> measured;
  plan.subjects.clear();
  for (Swept& path : paths) {
    if (holds(path)) {
      measured.push_back(&path);
      plan.subjects.push_back(path.subject);
      sweep.apply(value, plan.subjects.back());
    }
  }
  const std::vector<Measured> all = measure(plan, progress, doubts);
  for (std::size_t i = 0; i < all.size(); ++i) {
    measured[i]->points.push_back(
        to_point(sweep, value, plan.subjects[i], all[i], plan.tsc_hz));
  }
}

std::vector<lab::SweepPoint> until_saturation(const SweepKind& sweep, Plan plan,
                                              Progress& progress,
                                              ClockDoubts& doubts) {
  std::vector<Swept> paths;
  for (const Subject& subject : plan.subjects) {
    paths.push_back({.subject = subject, .points = {}});
  }
  for (const std::uint64_t value : sweep.values()) {
    if (std::ranges::none_of(paths, holds)) {
      break;
    }
    progress.tell(fmt::format("{} {}", sweep.name, lab::group_digits(value)));
    measure_value(sweep, value, paths, plan, progress, doubts);
  }
  std::vector<lab::SweepPoint> points;
  for (const Swept& path : paths) {
    points.insert(points.end(), path.points.begin(), path.points.end());
  }
  return points;
}

}  // namespace

const std::vector<SweepKind>& sweep_kinds() {
  static const std::vector<SweepKind> kinds = {
      {"size", "payload, bytes", false, Adapts::kToPayload, sizes, apply_size},
      {"rate", "offered rate, records a second", true, Adapts::kToRate, rates,
       apply_rate},
      {"rings", "rings of one consumer, all but one idle", false,
       Adapts::kToRings, ring_counts, apply_rings},
      {"capacity", "capacity, records", false, Adapts::kToRate, capacities,
       apply_capacity},
  };
  return kinds;
}

const SweepKind* find_sweep(std::string_view name) {
  const auto& kinds = sweep_kinds();
  const auto found = std::ranges::find(kinds, name, &SweepKind::name);
  return found == kinds.end() ? nullptr : &*found;
}

bool can_sweep(const SweepKind& sweep, const PathKind& path) {
  return path.adapts >= sweep.needs;
}

bool is_saturated(const std::vector<Flow>& rounds) {
  return std::ranges::none_of(rounds, [](const Flow& flow) {
    const auto due = static_cast<double>(flow.seen + flow.lost + flow.missed);
    return static_cast<double>(flow.lost) <= kLost * due &&
           static_cast<double>(flow.seen) >= kBehind * due;
  });
}

std::vector<lab::SweepPoint> measure_sweep(const SweepKind& sweep,
                                           const Plan& plan, Progress& progress,
                                           ClockDoubts& doubts) {
  return sweep.until_saturation
             ? until_saturation(sweep, plan, progress, doubts)
             : all_values(sweep, plan, progress, doubts);
}

}  // namespace hft::bench
