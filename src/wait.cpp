// SPDX-License-Identifier: MIT
#include "hft/wait.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "hft/clock.hpp"
#include "hft/cpu.hpp"

namespace hft {
namespace {

// Between what was seen of short ones (up to 65) and of long ones (from 140).
constexpr std::uint64_t kShort = 100;

std::uint64_t cycles_of_pause() noexcept {
  constexpr std::uint64_t kPauses = 100;
  std::uint64_t best = std::numeric_limits<std::uint64_t>::max();
  for (int attempt = 0; attempt < 5; ++attempt) {
    const std::uint64_t before = tsc_now();
    for (std::uint64_t i = 0; i < kPauses; ++i) {
      cpu_pause();
    }
    best = std::min(best, (tsc_now() - before) / kPauses);
  }
  return best;
}

}  // namespace

const bool kPauseIsShort = cycles_of_pause() < kShort;

}  // namespace hft
