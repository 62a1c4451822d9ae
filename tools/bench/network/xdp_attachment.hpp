// SPDX-License-Identifier: MIT
// An XDP program on the receiver of our veth pair, for as long as a path lives.
#pragma once

#include <string_view>

#include "hft/descriptor.hpp"

namespace hft::bench {

/// Detached on destruction, and by the kernel when this process ends in any
/// other way.
class XdpAttachment {
 public:
  /// Native where the driver takes it, generic otherwise, which it says once a
  /// process. `path` is for that. Throws std::system_error.
  XdpAttachment(int program, std::string_view path);

 private:
  Descriptor link_;
};

}  // namespace hft::bench
