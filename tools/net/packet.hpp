// SPDX-License-Identifier: MIT
// UDP payloads with their times, kept to be sent or compared.
//
//   std::vector<hft::net::Packet> packets = capture.read();
//   hft::net::leave_out(packets, 100);
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hft::net {

struct Packet {
  std::uint64_t time = 0;  // ns, since whenever its source begins to count
  std::vector<std::byte> payload;
};

/// Every `every`-th packet goes, but never the last one, that shows what is
/// missing; returns how many went. 0: none.
std::size_t leave_out(std::vector<Packet>& packets, std::uint64_t every);

}  // namespace hft::net
