// SPDX-License-Identifier: MIT
// Where a producer stopped, from the slots alone.
//
//   std::uint64_t next = hft::recover_position(info, slots);
#pragma once

#include <hft/abi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace hft {

/// The first position that was never published: the largest `published` of all
/// slots. A producer killed while it filled a slot has not published it, so its
/// successor fills it again. The producer page may be one behind, and is not
/// asked (model, recover.pml: "each position is published once and in order").
/// Of a ring whose producer lives: a position that it has reached. Reads
/// slot_count lines; any thread may.
inline std::uint64_t recover_position(const hft_info& info,
                                      const std::byte* slots) noexcept {
  std::uint64_t next = 0;
  for (std::uint32_t i = 0; i < info.slot_count; ++i) {
    const auto* published = reinterpret_cast<const std::uint64_t*>(
        slots + std::size_t{i} * info.slot_size);
    // Acquire pairs with the release store of a producer that is gone, or, for
    // a reader that joins late, of one that goes on.
    next = std::max(next, __atomic_load_n(published, __ATOMIC_ACQUIRE));
  }
  return next;
}

}  // namespace hft
