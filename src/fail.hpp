// SPDX-License-Identifier: MIT
// What the library throws when the kernel refuses.
#pragma once

#include <string>

namespace hft::internal {

/// Throws std::system_error: fail(errno, "open the directory " + name).
[[noreturn]] void fail(int error, const std::string& what);

}  // namespace hft::internal
