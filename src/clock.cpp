// SPDX-License-Identifier: MIT
#include "hft/clock.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace hft {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint64_t kCalibrationNs = 50'000'000;

struct Instant {
  std::uint64_t cycles;
  std::uint64_t ns;
};

// Both clocks at one moment: of several readings the one least interrupted.
Instant both_clocks() noexcept {
  Instant best{};
  std::uint64_t narrowest = UINT64_MAX;
  for (int attempt = 0; attempt < 16; ++attempt) {
    timespec ts{};
    const std::uint64_t before = tsc_now();
    clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
    const std::uint64_t width = tsc_now() - before;
    if (width < narrowest) {
      narrowest = width;
      best = {before + width / 2,
              static_cast<std::uint64_t>(ts.tv_sec) * kNsPerSecond +
                  static_cast<std::uint64_t>(ts.tv_nsec)};
    }
  }
  return best;
}

std::uint64_t calibrate() {
  const Instant begin = both_clocks();
  timespec pause{.tv_sec = 0, .tv_nsec = kCalibrationNs};
  while (nanosleep(&pause, &pause) != 0) {
  }
  const Instant end = both_clocks();
  const double hz = static_cast<double>(end.cycles - begin.cycles) *
                    static_cast<double>(kNsPerSecond) /
                    static_cast<double>(end.ns - begin.ns);
  return static_cast<std::uint64_t>(hz);
}

// Cycles that `read` takes, and one reading of the counter.
template <class Clock>
std::uint64_t median_of(const Clock& read) noexcept {
  std::array<std::uint64_t, 1001> costs{};
  for (auto& cost : costs) {
    const std::uint64_t before = tsc_now();
    read();
    cost = tsc_now() - before;
  }
  const auto middle = costs.begin() + costs.size() / 2;
  std::nth_element(costs.begin(), middle, costs.end());
  return *middle;
}

}  // namespace

std::uint64_t tsc_hz() {
  static const std::uint64_t hz = calibrate();
  return hz;
}

bool tsc_is_invariant() noexcept { return counter_is_invariant(); }

std::uint64_t tsc_cost() noexcept {
  return median_of([] {});
}

std::uint64_t tsc_step() noexcept {
  std::uint64_t step = 0;
  std::uint64_t before = tsc_now();
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = tsc_now();
    step = std::gcd(step, now - before);
    before = now;
  }
  return step;
}

std::uint64_t monotonic_cost() noexcept {
  const std::uint64_t both =
      median_of([] { static_cast<void>(monotonic_now()); });
  return both - std::min(both, tsc_cost());
}

}  // namespace hft
