// SPDX-License-Identifier: MIT
// Feeds through XDP and rings: the network stack never sees them.
//
//   hft::feed::XdpSource source(endpoint, "eth1");
//   std::optional<hft::feed::Datagram> datagram = source.next();
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "feed/source.hpp"
#include "hft/bpf_xdp.hpp"
#include "hft/descriptor.hpp"
#include "hft/merger.hpp"
#include "net/endpoint.hpp"

namespace hft::feed {

/// Takes what comes to the endpoint on that interface, on whichever CPU. Joins
/// a group, so that the interface lets it in and switches send it. Throws what
/// bpf::Xdp throws.
class XdpSource final : public PacketSource {
 public:
  XdpSource(const net::Endpoint& endpoint, std::string interface);

  /// Polls, and sleeps in between only when nothing has come for a while.
  std::optional<Datagram> next() override;
  [[nodiscard]] std::uint64_t dropped() const override;
  [[nodiscard]] std::string describe() const override;

 private:
  net::Endpoint endpoint_;
  std::string interface_;
  Descriptor membership_;  // none for an address of this host
  bpf::Xdp xdp_;
  std::vector<Attached> rings_;
  Merger merger_;
  bool given_ = false;  // merger_ has a record to be released
};

}  // namespace hft::feed
