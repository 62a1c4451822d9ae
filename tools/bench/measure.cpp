// SPDX-License-Identifier: MIT
#include "measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <stdexcept>

#include "attribution.hpp"
#include "hft/clock.hpp"
#include "watchdog.hpp"

namespace hft::bench {
namespace {

constexpr std::size_t kWorst = 10;

std::uint64_t latency_of(const Seen& seen) {
  if (seen.now < seen.stamp) {
    throw std::runtime_error(fmt::format(
        "the consumer's clock is {} cycles behind the producer's: the counters "
        "of this machine's CPUs are not synchronised",
        seen.stamp - seen.now));
  }
  return seen.now - seen.stamp;
}

std::uint64_t to_cycles(std::uint64_t ns, std::uint64_t hz) {
  return static_cast<std::uint64_t>(static_cast<double>(ns) *
                                    static_cast<double>(hz) / 1e9);
}

// The record itself, and every further tick that fell due while it was late:
// had those been published, the consumer would have had them no earlier than
// this.
void add_schedule(const Seen& seen, const Plan& plan, Measured& measured) {
  const std::uint64_t latency =
      latency_of(seen) + to_cycles(seen.late, plan.tsc_hz);
  const std::uint64_t period = to_cycles(plan.period, plan.tsc_hz);
  measured.schedule.push_back(latency);
  for (std::uint64_t tick = 1; tick <= seen.missed; ++tick) {
    if (latency < tick * period) {
      break;
    }
    measured.schedule.push_back(latency - tick * period);
  }
}

void keep_worst(std::vector<Outlier>& worst, Outlier outlier) {
  const auto larger = [](const Outlier& a, const Outlier& b) {
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
  Seen seen;
  do {
    begin = tsc_now();
    seen = path.next();
    sequence = seen.sequence;
  } while (seen.stamp < begin);
}

void measure_round(const Plan& plan, std::uint64_t samples,
                   Measured& measured) {
  const std::unique_ptr<Path> path = measured.kind->attach(plan.attribute);
  std::optional<Attribution> attribution;
  if (plan.attribute) {
    attribution.emplace();
  }

  Seen seen;
  for (std::uint64_t i = 0; i < plan.warmup; ++i) {
    seen = path->next();
  }
  const std::size_t first = measured.latency.size();
  std::uint64_t sequence = seen.sequence;
  for (std::uint64_t i = 0; i < samples; ++i) {
    if (attribution) {
      attribution->before();
      discard_backlog(*path, sequence);
    }
    seen = path->next();
    const std::uint64_t latency = latency_of(seen);
    if (attribution) {
      keep_worst(measured.worst, {measured.latency.size(), latency,
                                  attribution->explain(latency, seen)});
    }
    measured.latency.push_back(latency);
    if (seen.scheduled) {
      add_schedule(seen, plan, measured);
    }
    if (plan.warmup + i > 0) {
      measured.lost += seen.sequence - sequence - 1;
    }
    sequence = seen.sequence;
  }
  const Summary round = summarise(std::span(measured.latency).subspan(first));
  measured.rounds.push_back({round.p50, round.p99});
}

// Rounds as equal as whole samples allow.
std::uint64_t samples_in(const Plan& plan, std::uint64_t round) {
  return plan.samples / plan.rounds +
         (round < plan.samples % plan.rounds ? 1 : 0);
}

}  // namespace

std::vector<Measured> measure(const Plan& plan) {
  std::vector<Measured> all(plan.paths.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].kind = plan.paths[i];
    all[i].latency.reserve(plan.samples);
    all[i].schedule.reserve(plan.samples);
  }
  for (std::uint64_t round = 0; round < plan.rounds; ++round) {
    const std::uint64_t samples = samples_in(plan, round);
    for (std::size_t i = 0; samples > 0 && i < all.size(); ++i) {
      Measured& measured = all[(i + round) % all.size()];
      const Watchdog watchdog(measured.kind->name,
                              (samples + plan.warmup) * plan.period);
      try {
        measure_round(plan, samples, measured);
      } catch (const std::exception& error) {
        throw std::runtime_error(
            fmt::format("path {}: {}", measured.kind->name, error.what()));
      }
    }
  }
  return all;
}

}  // namespace hft::bench
