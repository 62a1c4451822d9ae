// SPDX-License-Identifier: MIT
// The maps that a ring's regions are in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hft/bpf.hpp"
#include "hft/descriptor.hpp"
#include "hft/geometry.hpp"

struct bpf_map;

namespace hft::bpf::internal {

/// NAME_PART of an object. Throws std::logic_error when there is none.
bpf_map* find_map(bpf_object& object, std::string_view name,
                  std::string_view part);

/// The constant NAME_shape of an object's programs: what shape() wrote. Throws
/// std::logic_error when there is none.
hft_bpf_shape& shape_of(bpf_object& object, std::string_view name);

/// What NAME_shape is to say of rings of that geometry.
hft_bpf_shape constants_of(const Geometry& geometry, std::uint32_t rings,
                           bool has_bells);

/// What the maps that only programs use are called, as NAME_turns, and their
/// pins.
inline constexpr const char* kTurns = "turns";
inline constexpr const char* kBells = "bells";

/// The lock of a pin, in its `folder`: held by a loader that goes on with the
/// rings alone, and while they are replaced. It goes with the descriptor.
/// Throws std::system_error: EEXIST while somebody else holds it, beginning
/// with `expected`; ENOENT when there is none.
Descriptor lock_pin(int folder, const std::string& expected);

/// From the start of one ring in the map of slots to the next: its info page,
/// its producer page, its slots.
constexpr std::uint64_t ring_bytes(std::uint64_t slots_bytes) noexcept {
  return 2 * HFT_PAGE + slots_bytes;
}

/// More CPUs than any kernel has been built for, and so more rings of a name.
inline constexpr std::size_t kRingsMax = 8192;

/// What the kernel says of a map, to whoever has its descriptor.
struct MapFacts {
  std::uint64_t bytes = 0;
  bool frozen = false;
};
/// Of an array. From /proc/self/fdinfo, which needs no privilege. Throws
/// InvalidRing when the descriptor is not of one, std::system_error where /proc
/// is not mounted.
MapFacts array_facts(int fd);

/// Throws in the same way when it is not of a BPF ring buffer of `bytes`.
void expect_ringbuf(int fd, std::uint64_t bytes);

}  // namespace hft::bpf::internal
