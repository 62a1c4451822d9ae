// SPDX-License-Identifier: MIT
#include "net/endpoint.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

namespace hft::net {

Endpoint parse_endpoint(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string address = text.substr(0, colon);
  const std::string port =
      colon == std::string::npos ? "" : text.substr(colon + 1);
  in_addr parsed{};
  Endpoint endpoint;
  const auto [end, error] =
      std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (inet_pton(AF_INET, address.c_str(), &parsed) != 1 ||
      error != std::errc{} || end != port.data() + port.size() ||
      endpoint.port == 0) {
    throw std::invalid_argument(
        fmt::format("expected an IPv4 address and a port, as in "
                    "239.1.1.1:5000, found '{}'",
                    text));
  }
  endpoint.address = ntohl(parsed.s_addr);
  return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
  return fmt::format("{}:{}", to_address(endpoint), endpoint.port);
}

std::string to_address(const Endpoint& endpoint) {
  const std::uint32_t a = endpoint.address;
  return fmt::format("{}.{}.{}.{}", a >> 24, a >> 16 & 0xFF, a >> 8 & 0xFF,
                     a & 0xFF);
}

sockaddr_in to_sockaddr(const Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(endpoint.address);
  address.sin_port = htons(endpoint.port);
  return address;
}

}  // namespace hft::net
