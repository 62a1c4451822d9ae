// SPDX-License-Identifier: MIT
#include "net/frame.hpp"

#include <algorithm>
#include <tuple>

#include "net/big_endian.hpp"

namespace hft::net {
namespace {

constexpr std::size_t kMacSize = std::tuple_size_v<Mac>;
constexpr std::size_t kTagSize = 4;
constexpr int kMostTags = 2;
constexpr std::uint16_t kTypeIp = 0x0800;
constexpr std::uint16_t kTypeVlan = 0x8100;
constexpr std::uint16_t kTypeServiceVlan = 0x88A8;

constexpr std::size_t kIpTotalAt = 2;
constexpr std::size_t kIpFragmentAt = 6;
constexpr std::size_t kIpTtlAt = 8;
constexpr std::size_t kIpProtocolAt = 9;
constexpr std::size_t kIpChecksumAt = 10;
constexpr std::size_t kIpFromAt = 12;
constexpr std::size_t kIpToAt = 16;
constexpr std::uint16_t kMoreOrOffset = 0x3FFF;  // not "do not fragment"
constexpr std::uint8_t kUdp = 17;

constexpr std::size_t kUdpToAt = 2;
constexpr std::size_t kUdpLengthAt = 4;

std::uint8_t byte_at(Bytes bytes, std::size_t at) {
  return std::to_integer<std::uint8_t>(bytes[at]);
}

Frame of_kind(FrameKind kind) {
  Frame frame;
  frame.kind = kind;
  return frame;
}

Frame parse_udp(Bytes datagram, std::uint32_t address) {
  if (datagram.size() < kUdpSize) {
    return of_kind(FrameKind::kMalformed);
  }
  const std::size_t length = load_big<std::uint16_t>(&datagram[kUdpLengthAt]);
  if (length < kUdpSize || length > datagram.size()) {
    return of_kind(FrameKind::kMalformed);
  }
  return {.kind = FrameKind::kUdp,
          .to = {.address = address,
                 .port = load_big<std::uint16_t>(&datagram[kUdpToAt])},
          .payload = datagram.first(length).subspan(kUdpSize)};
}

// RFC 1071, over an even number of bytes.
std::uint16_t internet_checksum(Bytes bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    sum += load_big<std::uint16_t>(&bytes[i]);
  }
  sum = (sum >> 16) + (sum & 0xFFFF);
  sum += sum >> 16;
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

// Of a group, the low 23 bits are its own.
Mac mac_of(std::uint32_t address) {
  const bool group = Endpoint{.address = address, .port = 0}.is_group();
  Mac mac{};
  store_big(address & 0x7FFFFF, &mac[2]);
  mac[0] = group ? std::byte{0x01} : std::byte{0x02};
  mac[2] = group ? std::byte{0x5E} : std::byte{0};
  return mac;
}

Frame parse_ethernet(Bytes frame) {
  std::size_t at = kEthernetSize;
  for (int tags = 0; frame.size() >= at; ++tags) {
    const auto type = load_big<std::uint16_t>(&frame[at - sizeof(kTypeIp)]);
    if (type == kTypeIp) {
      return parse_ip(frame.subspan(at));
    }
    if ((type != kTypeVlan && type != kTypeServiceVlan) || tags == kMostTags) {
      return of_kind(FrameKind::kOther);
    }
    at += kTagSize;
  }
  return of_kind(FrameKind::kMalformed);
}

Frame parse_ip(Bytes packet) {
  if (packet.empty()) {
    return of_kind(FrameKind::kMalformed);
  }
  if (byte_at(packet, 0) >> 4 != 4) {
    return of_kind(FrameKind::kOther);
  }
  const std::size_t header = std::size_t{4} * (byte_at(packet, 0) & 0xFU);
  if (header < kIpSize || packet.size() < header) {
    return of_kind(FrameKind::kMalformed);
  }
  // A short frame is padded: what counts is what IP says.
  const std::size_t total = load_big<std::uint16_t>(&packet[kIpTotalAt]);
  if (total < header || total > packet.size()) {
    return of_kind(FrameKind::kMalformed);
  }
  if (byte_at(packet, kIpProtocolAt) != kUdp) {
    return of_kind(FrameKind::kOther);
  }
  if ((load_big<std::uint16_t>(&packet[kIpFragmentAt]) & kMoreOrOffset) != 0) {
    return of_kind(FrameKind::kFragment);
  }
  return parse_udp(packet.first(total).subspan(header),
                   load_big<std::uint32_t>(&packet[kIpToAt]));
}

void write_frame(const Endpoint& endpoint, Bytes payload,
                 std::vector<std::byte>& to) {
  constexpr std::uint8_t kVersionAndSize = 0x45;
  constexpr std::uint8_t kTtl = 64;
  to.assign(kEthernetSize + kIpSize + kUdpSize + payload.size(), std::byte{});
  const Mac mac = mac_of(endpoint.address);
  std::copy(mac.begin(), mac.end(), to.begin());
  const Mac from = mac_of(kFrameSender);
  std::copy(from.begin(), from.end(), to.begin() + kMacSize);
  store_big(kTypeIp, &to[2 * kMacSize]);

  std::byte* const ip = &to[kEthernetSize];
  ip[0] = std::byte{kVersionAndSize};
  store_big(static_cast<std::uint16_t>(kIpSize + kUdpSize + payload.size()),
            ip + kIpTotalAt);
  ip[kIpTtlAt] = std::byte{kTtl};
  ip[kIpProtocolAt] = std::byte{kUdp};
  store_big(kFrameSender, ip + kIpFromAt);
  store_big(endpoint.address, ip + kIpToAt);
  store_big(internet_checksum({ip, kIpSize}), ip + kIpChecksumAt);

  std::byte* const udp = ip + kIpSize;
  store_big(endpoint.port, udp);
  store_big(endpoint.port, udp + kUdpToAt);
  store_big(static_cast<std::uint16_t>(kUdpSize + payload.size()),
            udp + kUdpLengthAt);
  std::copy(payload.begin(), payload.end(), udp + kUdpSize);
}

}  // namespace hft::net
