// SPDX-License-Identifier: MIT
// Where a feed is sent to: an IPv4 address, of one host or of a group, and a
// UDP port.
//
//   const auto to = hft::net::parse_endpoint("239.1.1.1:5000");
//   const sockaddr_in address = hft::net::to_sockaddr(to);
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>

namespace hft::net {

struct Endpoint {
  std::uint32_t address = 0;  // in the machine's order
  std::uint16_t port = 0;

  [[nodiscard]] bool is_group() const { return IN_MULTICAST(address); }
  bool operator==(const Endpoint&) const = default;
};

/// From "ADDRESS:PORT". Throws std::invalid_argument.
Endpoint parse_endpoint(const std::string& text);
std::string to_string(const Endpoint& endpoint);
/// Without the port.
std::string to_address(const Endpoint& endpoint);
sockaddr_in to_sockaddr(const Endpoint& endpoint);

}  // namespace hft::net
