// SPDX-License-Identifier: MIT
// What each kind of ring fills in to make an Attached.
//
//   auto parts = std::make_unique<internal::Parts>();
//   parts->info = read_info(files[kInfo].get());
//   parts->slots = Mapping(fd, 0, parts->info.slots_bytes, Rights::kRead);
//   return Attached(std::move(parts));
#pragma once

#include <hft/abi.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "hft/attached.hpp"
#include "hft/descriptor.hpp"
#include "hft/detail/ends.hpp"
#include "hft/detail/mapping.hpp"
#include "hft/region.hpp"

namespace hft::internal {

struct Parts {
  /// A consumer waits for this descriptor; empty when there is none.
  void hear(Descriptor bell, bool is_socket = false) noexcept {
    doorbell = std::move(bell);
    heard = {.fd = doorbell.get(), .is_socket = is_socket};
  }

  hft_info info{};  // validated
  // Of the driver, and unmapped with the rest: munmap() may fail when memory is
  // short, and a page that stayed mapped would keep the driver's ring in use.
  Mapping info_page;
  Role role = Role::kObserver;
  Mapping producer;
  Mapping consumer;  // empty where the role or the mode has none
  Mapping slots;
  bool slots_writable = false;

  Doorbell heard{};     // what a consumer waits for; owned by one of:
  Descriptor doorbell;  // of a process ring, or of one of the driver
  std::shared_ptr<const void> shared_doorbell;  // of a BPF ring
  Descriptor rope;  // rings it, where that is not the doorbell itself

  // Of each end, where the ring's memory has files: whoever has locked its file
  // owns the end. They are opened anew for each owner, from `folder` where it
  // has one.
  std::array<Descriptor, 2> locks;
  Descriptor folder;
  // The driver knows its consumer by the file, and one file may not consume
  // twice either: its consumers claim this word instead of that in their page.
  __u64 driver_owner = 0;
  std::string name;  // for messages: "ring ticks"

  // What Region tells about its memory, and what its send() sends.
  HugePages huge_pages = HugePages::kNone;
  bool locked = false;
  std::array<Descriptor, 6> files;  // of a memfd ring, for its producers
};

}  // namespace hft::internal
