// SPDX-License-Identifier: MIT
// A piece of a packet or of a file.
#pragma once

#include <cstddef>
#include <span>

namespace hft::net {

using Bytes = std::span<const std::byte>;

}  // namespace hft::net
