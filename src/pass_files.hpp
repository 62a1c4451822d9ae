// SPDX-License-Identifier: MIT
// The files of a ring, passed over a Unix socket.
//
//   send_files(socket, Role::kConsumer, std::array{slots.get(), page.get()});
//   auto [role, files] = receive_files(socket, 2, 2);
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hft/descriptor.hpp"
#include "hft/region.hpp"

namespace hft::internal {

/// In as many messages as they take. Throws std::system_error.
void send_files(int unix_socket, Role role, std::span<const int> files);

struct Received {
  Role role;
  std::vector<Descriptor> files;
};

/// Blocks until they have come. Throws std::system_error, and InvalidRing when
/// it is not what send_files() sends with that many files: `least` to `most`.
Received receive_files(int unix_socket, std::size_t least, std::size_t most);

}  // namespace hft::internal
