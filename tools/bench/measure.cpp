// SPDX-License-Identifier: MIT
#include "bench/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <stdexcept>

#include "bench/attribution.hpp"
#include "bench/paths/cycles.hpp"
#include "bench/watchdog.hpp"
#include "hft/clock.hpp"

namespace hft::bench {
namespace {

constexpr std::size_t kWorst = 10;

std::uint64_t latency_of(const Arrival& arrival) {
  if (arrival.now < arrival.stamp) {
    throw std::runtime_error(fmt::format(
        "the consumer's clock is {} cycles behind the producer's: the counters "
        "of this machine's CPUs are not synchronised",
        arrival.stamp - arrival.now));
  }
  return arrival.now - arrival.stamp;
}

// The record itself, and every further tick that fell due while it was late:
// had those been published, the consumer would have had them no earlier than
// this.
void add_schedule(const Arrival& arrival, std::uint64_t period_ns,
                  std::uint64_t hz, Measured& measured) {
  const std::uint64_t latency =
      latency_of(arrival) + to_cycles(arrival.late_ns, hz);
  measured.schedule.push_back(latency);
  const std::uint64_t period_cycles = to_cycles(period_ns, hz);
  for (std::uint64_t tick = 1; tick <= arrival.missed; ++tick) {
    if (latency < tick * period_cycles) {
      break;
    }
    measured.schedule.push_back(latency - tick * period_cycles);
  }
}

void keep_worst(std::vector<lab::Outlier>& worst, lab::Outlier outlier) {
  const auto larger = [](const lab::Outlier& a, const lab::Outlier& b) {
    return a.latency > b.latency;
  };
  worst.insert(std::upper_bound(worst.begin(), worst.end(), outlier, larger),
               std::move(outlier));
  worst.resize(std::min(worst.size(), kWorst));
}

// Skip what was published while we looked elsewhere; `sequence` is that of the
// last record skipped. The next record is one that we wait for.
void discard_backlog(Path& path, std::uint64_t& sequence) {
  std::uint64_t begin = 0;
  Arrival arrival;
  do {
    begin = tsc_now();
    arrival = path.next();
    sequence = arrival.sequence;
  } while (arrival.stamp < begin);
}

void measure_round(const Plan& plan, const Subject& subject,
                   std::uint64_t samples, Measured& measured) {
  Setting setting = subject.setting;
  setting.watch = plan.attribute;
  setting.path = subject.kind->name;
  const std::unique_ptr<Path> path = subject.kind->attach(setting);
  std::optional<Attribution> attribution;
  if (plan.attribute) {
    attribution.emplace();
  }

  path->begin();
  Arrival arrival;
  for (std::uint64_t i = 0; i < subject.warmup; ++i) {
    arrival = path->next();
  }
  const std::size_t first = measured.latency.size();
  const std::uint64_t begin = arrival.now;
  std::uint64_t sequence = arrival.sequence;
  Flow& flow = measured.flow.emplace_back();
  for (std::uint64_t i = 0; i < samples; ++i) {
    if (attribution) {
      attribution->before();
      discard_backlog(*path, sequence);
    }
    arrival = path->next();
    const std::uint64_t latency = latency_of(arrival);
    if (attribution) {
      keep_worst(measured.worst, {measured.latency.size(), latency,
                                  attribution->explain(latency, arrival)});
    }
    measured.latency.push_back(latency);
    if (arrival.scheduled) {
      add_schedule(arrival, setting.period_ns, plan.tsc_hz, measured);
      flow.missed += arrival.missed;
    }
    flow.lost += arrival.sequence - sequence - 1;
    sequence = arrival.sequence;
  }
  flow.seen = samples;
  flow.elapsed_cycles = arrival.now - begin;
  const lab::Summary round =
      lab::summarise(std::span(measured.latency).subspan(first));
  measured.rounds.push_back({round.p50, round.p99});
}

// Rounds as equal as whole samples allow.
std::uint64_t samples_in(const Subject& subject, std::uint64_t rounds,
                         std::uint64_t round) {
  return subject.samples / rounds + (round < subject.samples % rounds ? 1 : 0);
}

// Room for all samples, in pages that are there: a page fault between two
// samples delays the second.
void make_room(std::vector<std::uint64_t>& samples, std::uint64_t count) {
  samples.resize(count);
  samples.clear();
}

double expected_seconds(const Plan& plan) {
  double ns = 0;
  for (const Subject& subject : plan.subjects) {
    ns += static_cast<double>(subject.samples + plan.rounds * subject.warmup) *
          static_cast<double>(subject.setting.period_ns);
  }
  return ns / 1e9;
}

}  // namespace

Flow total(const std::vector<Flow>& rounds) {
  Flow sum;
  for (const Flow& flow : rounds) {
    sum.seen += flow.seen;
    sum.lost += flow.lost;
    sum.missed += flow.missed;
    sum.elapsed_cycles += flow.elapsed_cycles;
  }
  return sum;
}

void ClockDoubts::add(const Measured& measured) {
  const std::string_view path = measured.kind->name;
  auto count = std::ranges::find(counts_, path, &Count::path);
  if (count == counts_.end()) {
    count = counts_.insert(count, {.path = path});
  }
  count->timeless +=
      static_cast<std::uint64_t>(std::ranges::count(measured.latency, 0U));
  count->samples += measured.latency.size();
}

std::vector<std::string> ClockDoubts::reasons() const {
  std::vector<std::string> reasons;
  for (const Count& count : counts_) {
    if (count.timeless > 0) {
      reasons.push_back(fmt::format(
          "{} of {} samples of {} took 0 cycles: the counters of the CPUs "
          "differ by more than a record takes",
          count.timeless, count.samples, count.path));
    }
  }
  return reasons;
}

lab::PathResult to_result(const Measured& measured) {
  lab::PathResult result;
  result.path = measured.kind->name;
  result.lost = total(measured.flow).lost;
  result.offered = measured.latency.size() + result.lost;
  result.latency = lab::summarise(measured.latency);
  result.rounds = measured.rounds;
  if (!measured.schedule.empty()) {
    result.schedule = lab::summarise(measured.schedule);
  }
  result.worst = measured.worst;
  return result;
}

std::vector<Measured> measure(const Plan& plan, Progress& progress,
                              ClockDoubts& doubts) {
  std::vector<Measured> all(plan.subjects.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].kind = plan.subjects[i].kind;
    make_room(all[i].latency, plan.subjects[i].samples);
    make_room(all[i].schedule, plan.subjects[i].samples);
  }
  progress.expect(expected_seconds(plan));
  for (std::uint64_t round = 0; round < plan.rounds; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::size_t turn = (i + round) % all.size();
      const Subject& subject = plan.subjects[turn];
      const std::uint64_t samples = samples_in(subject, plan.rounds, round);
      if (samples == 0) {
        continue;
      }
      progress.tell(fmt::format("round {} of {}, path {}", round + 1,
                                plan.rounds, subject.kind->name));
      const Watchdog watchdog(*subject.kind, (samples + subject.warmup) *
                                                 subject.setting.period_ns);
      try {
        measure_round(plan, subject, samples, all[turn]);
      } catch (const std::exception& error) {
        throw std::runtime_error(
            fmt::format("path {}: {}", subject.kind->name, error.what()));
      }
    }
  }
  for (const Measured& measured : all) {
    doubts.add(measured);
  }
  return all;
}

}  // namespace hft::bench
