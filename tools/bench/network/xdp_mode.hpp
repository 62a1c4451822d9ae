// SPDX-License-Identifier: MIT
// What a reader of the figures has to know of XDP on our veth pair.
#pragma once

#include <string_view>

namespace hft::bench {

/// Says, once a process, that `path` is measured with generic XDP where it is
/// not native. A receiver on veth needs nothing of its other end for native
/// XDP; only who forwards to a veth does.
void report_xdp_mode(bool native, std::string_view path);

}  // namespace hft::bench
