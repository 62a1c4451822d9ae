// SPDX-License-Identifier: MIT
// UDP payloads out of frames as a capture has them, and frames around payloads.
//
//   const hft::net::Frame frame = hft::net::parse_ethernet(bytes);
//   if (frame.kind == hft::net::FrameKind::kUdp) mold.decode(frame.payload,
//   …);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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

/// The headers before a payload, bytes.
inline constexpr std::size_t kEthernetSize = 14;
inline constexpr std::size_t kIpSize = 20;  // without options
inline constexpr std::size_t kUdpSize = 8;

/// Longer payloads than this do not fit into one datagram.
inline constexpr std::size_t kLongestPayload = 65'535 - kIpSize - kUdpSize;

/// Where written frames come from: 10.0.0.1.
inline constexpr std::uint32_t kFrameSender = 0x0A000001;

using Mac = std::array<std::byte, 6>;
/// Of a group, what its members listen to (RFC 1112); of a host, one of our
/// own.
Mac mac_of(std::uint32_t address);

/// `to` holds the frame afterwards: Ethernet, IPv4 with its checksum, UDP
/// without one.
void write_frame(const Endpoint& endpoint, Bytes payload,
                 std::vector<std::byte>& to);

}  // namespace hft::net
