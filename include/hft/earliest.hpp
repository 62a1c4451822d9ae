// SPDX-License-Identifier: MIT
// Which of several rings has the record with the earliest stamp.
//
//   Ring* first = hft::earliest(std::span(rings), [](Ring& ring) {
//     return ring.consumer.try_read();
//   });
#pragma once

#include <hft/abi.h>

#include <concepts>
#include <cstdint>
#include <span>

namespace hft {

/// nullptr when none has a record; of equal stamps the first that was seen.
/// `look` gives the next record of a ring, or nullptr, and until that record is
/// taken the same again.
///
/// A record that had been published when the one of the result was first seen
/// is not stamped earlier. While some rings are looked at others go on, so the
/// rings are looked at once more after each find, until there is no earlier
/// one: at most as often as there are rings, and one time more. Not
/// thread-safe.
template <class Ring, std::invocable<Ring&> Look>
Ring* earliest(std::span<Ring> rings, const Look& look) {
  Ring* first = nullptr;
  std::uint64_t stamp = 0;
  for (bool found = true; found;) {
    found = false;
    for (Ring& ring : rings) {
      const hft_record* record = look(ring);
      if (record != nullptr && (first == nullptr || record->stamp < stamp)) {
        first = &ring;
        stamp = record->stamp;
        found = true;
      }
    }
  }
  return first;
}

}  // namespace hft
