// SPDX-License-Identifier: MIT
// The network that the paths of packets are measured on: two namespaces, and a
// veth pair from the sender's to the receiver's.
#pragma once

#include <cstdint>

#include "bench/network/network_namespace.hpp"
#include "net/endpoint.hpp"
#include "net/frame.hpp"

namespace hft::bench {

/// An Ethernet of 1,500 bytes, IPv4, neighbours known: nothing but the packets
/// of a path is ever on it. One queue each way. As veth comes: without GRO, so
/// that the sender's CPU carries a packet up to the receiving socket, within
/// send(); and with checksums left out, by all paths alike.
class Veth {
 public:
  static constexpr const char* kSenderName = "hft-tx";
  static constexpr const char* kReceiverName = "hft-rx";
  static constexpr std::uint16_t kPort = 26'400;  // paths are measured in turn
  static constexpr std::uint32_t kPayloadMax =
      1'500 - net::kIpSize - net::kUdpSize;

  /// The one of this process: made at the first call, and gone with the
  /// process, however that ends. Throws std::runtime_error saying why this
  /// machine cannot have it.
  static const Veth& shared();

  [[nodiscard]] const NetworkNamespace& sender() const { return sender_; }
  [[nodiscard]] const NetworkNamespace& receiver() const { return receiver_; }
  /// Its number in the receiver's namespace.
  [[nodiscard]] unsigned receiver_index() const { return receiver_index_; }
  /// Where packets are sent to.
  [[nodiscard]] static net::Endpoint destination();

 private:
  Veth();

  NetworkNamespace sender_;
  NetworkNamespace receiver_;
  unsigned receiver_index_;
};

}  // namespace hft::bench
