// SPDX-License-Identifier: MIT
#include "bench/network/xdp_mode.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace hft::bench {

void report_xdp_mode(bool native, std::string_view path) {
  static bool said = false;
  if (!native && !std::exchange(said, true)) {
    fmt::print(stderr,
               "hft bench: path {}: veth of this kernel has no native XDP: "
               "measured with generic XDP\n",
               path);
  }
}

}  // namespace hft::bench
