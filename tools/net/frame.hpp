// SPDX-License-Identifier: MIT
// UDP payloads out of frames as a capture has them, and frames around payloads.
//
//   const hft::net::Frame frame = hft::net::parse_ethernet(bytes);
//   if (frame.kind == hft::net::FrameKind::kUdp) mold.decode(frame.payload,
//   …);
#pragma once

#include <cstddef>
#include <vector>

#include "net/bytes.hpp"
#include "net/endpoint.hpp"

namespace hft::net {

enum class FrameKind {
  kUdp,
  kOther,     // not IPv4, or not UDP in it
  kFragment,  // of a datagram that IP cut up: not put together here
  kMalformed  // ends before its headers say
};

struct Frame {
  FrameKind kind = FrameKind::kMalformed;
  Endpoint to;    // of UDP only
  Bytes payload;  // a part of what was parsed
};

/// With any number of 802.1Q tags up to two. Reads nothing outside `frame`.
Frame parse_ethernet(Bytes frame);
/// From the IP header on.
Frame parse_ip(Bytes packet);

/// Longer payloads than this do not fit into one datagram.
inline constexpr std::size_t kLongestPayload = 65'507;

/// `to` holds the frame afterwards: Ethernet, IPv4 with its checksum, UDP
/// without one.
void write_frame(const Endpoint& endpoint, Bytes payload,
                 std::vector<std::byte>& to);

}  // namespace hft::net
