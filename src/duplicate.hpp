// SPDX-License-Identifier: MIT
// A second descriptor of the same open file description.
//
//   Descriptor copy = internal::duplicate(folder.get());
#pragma once

#include <fcntl.h>

#include <cerrno>

#include "fail.hpp"
#include "hft/descriptor.hpp"

namespace hft::internal {

/// Closed by exec(). Throws std::system_error.
inline Descriptor duplicate(int fd) {
  Descriptor copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) fail(errno, "duplicate a descriptor of a ring");
  return copy;
}

}  // namespace hft::internal
