// SPDX-License-Identifier: MIT
// The doorbells of rings: a BPF ring buffer of one page each, of which only the
// descriptor's readiness counts.
//
//   Doorbells made = make_doorbells(bpf_map__fd(bells), rings);
//   made[0]->end().fd                    // readable once it has been rung
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "hft/descriptor.hpp"
#include "hft/detail/ends.hpp"
#include "hft/detail/mapping.hpp"

namespace hft::bpf {

/// A map of that type, mapped. While it is, nobody can freeze it.
class DoorbellMap {
 public:
  /// Throws InvalidRing when the map is no doorbell, std::system_error.
  explicit DoorbellMap(Descriptor map);

  [[nodiscard]] int fd() const noexcept { return map_.get(); }
  [[nodiscard]] Doorbell end() const noexcept {
    return {.fd = map_.get(),
            .taken = taken_.as<std::uint64_t>(),
            .rung = rung_.as<const std::uint64_t>()};
  }

 private:
  Descriptor map_;
  Mapping taken_;
  Mapping rung_;
};

namespace internal {

/// One for each ring, or none at all.
using Doorbells = std::vector<std::shared_ptr<const DoorbellMap>>;

/// Bytes of kernel memory that one takes.
inline constexpr std::uint64_t kDoorbellBytes = 4 * HFT_PAGE;

/// Make `count` and put them into `bells`, a map of maps. Throws
/// std::system_error.
Doorbells make_doorbells(int bells, std::uint32_t count);

/// Of descriptors that were received or opened. Throws as DoorbellMap does.
Doorbells as_doorbells(std::vector<Descriptor> maps);

}  // namespace internal
}  // namespace hft::bpf
