// SPDX-License-Identifier: MIT
// Network interfaces of the namespace that the calling thread is in.
#pragma once

namespace hft::net {

/// As `ip link set INTERFACE up`. Throws std::system_error.
void bring_up(const char* interface);

}  // namespace hft::net
