// SPDX-License-Identifier: MIT
#include "hft/geometry.hpp"

#include <algorithm>
#include <bit>

#include "hft/validate.hpp"

namespace hft {

Geometry Geometry::for_records(std::uint32_t record_size,
                               std::uint64_t capacity, hft_mode mode,
                               bool spread) {
  validate_capacity(record_size, capacity, spread);
  Geometry geometry{.record_size = record_size,
                    .slot_size = slot_size_for(record_size, spread),
                    .slot_count = 2,
                    .mode = mode,
                    .spread = spread};
  const std::uint64_t per_slot = geometry.records_per_slot();
  const std::uint64_t slots = (capacity + per_slot - 1) / per_slot;
  geometry.slot_count = std::max(
      geometry.slot_count, std::bit_ceil(static_cast<std::uint32_t>(slots)));
  validate(geometry);
  return geometry;
}

}  // namespace hft
