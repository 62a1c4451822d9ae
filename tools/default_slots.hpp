// SPDX-License-Identifier: MIT
// How many slots a ring has when its user does not say: as many as a burst may
// need, and not so many that a machine of many CPUs runs out of memory.
//
//   Shape{.slot_count = default_slots(possible_cpus(), 2048), ...}
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace hft::tools {

inline constexpr std::uint64_t kDefaultSlotsMin = 64;

struct SlotsBound {
  std::uint64_t bytes = std::uint64_t{64} << 20U;  // of all rings
  std::uint64_t slots = 4096;                      // of a ring
};

/// The power of two whose slots, of all rings, fit into bound.bytes; between
/// kDefaultSlotsMin, even if that is more, and bound.slots.
constexpr std::uint32_t default_slots(std::uint32_t rings,
                                      std::uint32_t slot_size,
                                      const SlotsBound& bound = {}) noexcept {
  const std::uint64_t one_each =
      std::max<std::uint64_t>(std::uint64_t{rings} * slot_size, 1);
  return static_cast<std::uint32_t>(std::clamp(
      std::bit_floor(bound.bytes / one_each), kDefaultSlotsMin, bound.slots));
}

}  // namespace hft::tools
