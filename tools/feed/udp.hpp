// SPDX-License-Identifier: MIT
// Feeds over plain UDP sockets, of one host or a group.
//
//   hft::feed::UdpSource source(to, "lo");
//   hft::feed::UdpSender sender(to, {.interface = "lo"});
//   sender.send(packet.payload);
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "feed/source.hpp"
#include "hft/descriptor.hpp"
#include "net/endpoint.hpp"

namespace hft::feed {

/// A membership, for as long as it is open: the interface lets the group in,
/// and switches send it. Throws std::system_error.
Descriptor join(const net::Endpoint& group, const std::string& interface);

/// Joins the group on that interface, or wherever routing says when it is
/// empty. Throws std::system_error.
class UdpSource final : public PacketSource {
 public:
  UdpSource(const net::Endpoint& endpoint, std::string interface);

  std::optional<Datagram> next() override;
  [[nodiscard]] std::uint64_t dropped() const override { return dropped_; }
  [[nodiscard]] std::string describe() const override;

 private:
  net::Endpoint endpoint_;
  std::string interface_;
  Descriptor socket_;
  std::vector<std::byte> buffer_;
  std::uint64_t dropped_ = 0;
};

struct UdpSenderOptions {
  std::string interface;  // empty: wherever routing says
  int ttl = 1;
};

class UdpSender {
 public:
  /// Throws std::system_error.
  UdpSender(const net::Endpoint& endpoint, const UdpSenderOptions& options);

  /// Throws std::system_error.
  void send(net::Bytes payload);
  /// Datagrams that nobody listened to, as far as the other host said so.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  std::string where_;
  Descriptor socket_;
  std::uint64_t refused_ = 0;
};

}  // namespace hft::feed
