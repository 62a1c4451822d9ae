// SPDX-License-Identifier: MIT
#include "net/packet.hpp"

namespace hft::net {

std::size_t leave_out(std::vector<Packet>& packets, std::uint64_t every) {
  if (every == 0 || packets.empty()) {
    return 0;
  }
  std::uint64_t nth = 0;
  return std::erase_if(packets, [&, last = packets.size()](const Packet&) {
    ++nth;
    return nth % every == 0 && nth != last;
  });
}

}  // namespace hft::net
