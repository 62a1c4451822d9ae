// SPDX-License-Identifier: MIT
// Where the producers of a ring stand, for those who join.
//
//   std::uint64_t next = hft::recover_position(info, slots);  // from the slots
//   hft::Pending pending = hft::pending_in(end);  // taken, not yet published
#pragma once

#include <hft/abi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hft/detail/ends.hpp"
#include "hft/detail/layout.hpp"

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

/// What the producers of a ring hold: positions that are taken, and neither
/// published nor discarded. Between two looks all may have changed.
struct Pending {
  std::uint64_t taken = 0;   // positions ever taken
  std::uint64_t count = 0;   // of these pending
  std::uint64_t oldest = 0;  // the first of them; `taken` when there is none
};

/// Reads a line of each slot at most; any thread may. A process takes no
/// position before it publishes it. In the kernel, positions a lap or more back
/// are published: it takes none before the one a lap back is.
inline Pending pending_in(const ConsumerEnd& end) noexcept {
  if (end.info->producer_kind == HFT_PRODUCER_PROCESS) {
    const std::uint64_t next = recover_position(*end.info, end.slots);
    return {.taken = next, .count = 0, .oldest = next};
  }
  const std::uint64_t count = end.info->slot_count;
  // Acquire pairs with the compare-and-exchange by which positions are taken.
  const std::uint64_t taken =
      __atomic_load_n(&end.producer->producer_pos, __ATOMIC_ACQUIRE);
  Pending pending{.taken = taken, .count = 0, .oldest = taken};
  for (std::uint64_t p = taken > count ? taken - count : 0; p < taken; ++p) {
    const auto* published = reinterpret_cast<const std::uint64_t*>(
        end.slots + (p & (count - 1)) * end.info->slot_size);
    // Acquire: what is counted as published has been (pairs with the release
    // by which a record is).
    if (__atomic_load_n(published, __ATOMIC_ACQUIRE) <= p) {
      pending.oldest = std::min(pending.oldest, p);
      ++pending.count;
    }
  }
  return pending;
}

/// The first position that is not published yet. Who begins there misses
/// nothing that is published from now on; of a kernel ring some that are
/// published may come with it, if an earlier one is pending.
inline std::uint64_t first_unpublished(const ConsumerEnd& end) noexcept {
  return pending_in(end).oldest;
}

}  // namespace hft
