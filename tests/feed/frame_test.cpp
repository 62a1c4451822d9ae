// SPDX-License-Identifier: MIT
#include "net/frame.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <utility>

#include "net/endpoint.hpp"
#include "packets.hpp"

namespace hft::feed {
namespace {

using test::append;
using test::Buffer;

constexpr std::size_t kEthernet = 14;
const net::Endpoint kTo{.address = 0xEF010203, .port = 5000};

Buffer payload() {
  Buffer bytes;
  append(bytes, "payload");
  return bytes;
}

Buffer frame() {
  Buffer bytes;
  net::write_frame(kTo, payload(), bytes);
  return bytes;
}

Buffer tagged(int tags) {
  Buffer bytes = frame();
  Buffer tag;
  append(tag, 0x8100, 2);
  append(tag, 7, 2);
  for (int i = 0; i < tags; ++i) {
    bytes.insert(bytes.begin() + 12, tag.begin(), tag.end());
  }
  return bytes;
}

void expect_payload(const net::Frame& found) {
  EXPECT_EQ(found.kind, net::FrameKind::kUdp);
  EXPECT_EQ(found.to, kTo);
  EXPECT_EQ(Buffer(found.payload.begin(), found.payload.end()), payload());
}

Buffer with_byte(Buffer bytes, std::size_t at, unsigned value) {
  bytes[at] = static_cast<std::byte>(value);
  return bytes;
}

TEST(Frame, IsWhatTheWireHas) {
  Buffer expected;
  append(expected, 0x01005E010203, 6);  // RFC 1112
  append(expected, 0x020000000001, 6);
  append(expected, 0x0800, 2);
  append(expected, 0x45000023'00000000, 8);
  append(expected, 0x4011, 2);
  append(expected, 0x7FC5, 2);  // added up by hand, RFC 1071
  append(expected, 0x0A000001'EF010203, 8);
  append(expected, 0x1388'1388'000F'0000, 8);
  append(expected, "payload");
  EXPECT_EQ(frame(), expected);
}

TEST(Frame, PayloadsSurvive) {
  expect_payload(net::parse_ethernet(frame()));
  expect_payload(net::parse_ethernet(tagged(1)));
  expect_payload(net::parse_ethernet(tagged(2)));
  const Buffer whole = frame();
  expect_payload(net::parse_ip(net::Bytes(whole).subspan(kEthernet)));
}

TEST(Frame, EveryTruncationIsMalformed) {
  for (const int tags : {0, 1, 2}) {
    const Buffer whole = tagged(tags);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Buffer part(whole.begin(),
                        whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(net::parse_ethernet(part).kind, net::FrameKind::kMalformed)
          << size;
    }
  }
  EXPECT_EQ(net::parse_ip({}).kind, net::FrameKind::kMalformed);
}

TEST(Frame, PaddingIsNoPayload) {
  Buffer padded = frame();
  padded.resize(padded.size() + 20);
  expect_payload(net::parse_ethernet(padded));
}

TEST(Frame, OptionsOfIpAreSkipped) {
  Buffer bytes = with_byte(frame(), kEthernet, 0x46);
  bytes = with_byte(bytes, kEthernet + 3, 0x27);  // 4 bytes more
  const Buffer option(4, std::byte{1});
  bytes.insert(bytes.begin() + kEthernet + 20, option.begin(), option.end());
  expect_payload(net::parse_ethernet(bytes));
}

TEST(Frame, LengthsThatLieAreMalformed) {
  const Buffer good = frame();
  for (const auto& [at, value] :
       {std::pair{kEthernet, 0x44U},        // IP header of 16 bytes
        std::pair{kEthernet, 0x4FU},        // of 60, beyond the packet
        std::pair{kEthernet + 3, 0x13U},    // IP shorter than its header
        std::pair{kEthernet + 3, 0x24U},    // longer than the frame
        std::pair{kEthernet + 3, 0x1BU},    // no room for UDP's header
        std::pair{kEthernet + 25, 0x07U},   // UDP shorter than its header
        std::pair{kEthernet + 25, 0x10U}})  // longer than IP
  {
    EXPECT_EQ(net::parse_ethernet(with_byte(good, at, value)).kind,
              net::FrameKind::kMalformed)
        << at << ' ' << value;
  }
}

TEST(Frame, WhatIsNoUdpOverIpIsOther) {
  EXPECT_EQ(net::parse_ethernet(with_byte(frame(), 12, 0x86)).kind,
            net::FrameKind::kOther);
  EXPECT_EQ(net::parse_ethernet(with_byte(frame(), kEthernet, 0x65)).kind,
            net::FrameKind::kOther);
  EXPECT_EQ(net::parse_ethernet(with_byte(frame(), kEthernet + 9, 6)).kind,
            net::FrameKind::kOther);
  EXPECT_EQ(net::parse_ethernet(tagged(3)).kind, net::FrameKind::kOther);
}

TEST(Frame, FragmentsAreTold) {
  const Buffer good = frame();
  const auto flags = [&](unsigned high, unsigned low) {
    return net::parse_ethernet(with_byte(with_byte(good, kEthernet + 6, high),
                                         kEthernet + 7, low))
        .kind;
  };
  EXPECT_EQ(flags(0x20, 0), net::FrameKind::kFragment);  // more to come
  EXPECT_EQ(flags(0, 1), net::FrameKind::kFragment);     // not the first
  EXPECT_EQ(flags(0x40, 0), net::FrameKind::kUdp);       // must not be cut up
}

TEST(EndpointTest, SurvivesItsText) {
  const net::Endpoint endpoint = net::parse_endpoint("239.1.2.3:5000");
  EXPECT_EQ(endpoint, kTo);
  EXPECT_EQ(to_string(endpoint), "239.1.2.3:5000");
  EXPECT_TRUE(endpoint.is_group());
  EXPECT_FALSE(net::parse_endpoint("127.0.0.1:1").is_group());
}

TEST(EndpointTest, RefusesWhatIsNone) {
  for (const char* const text :
       {"", ":", "239.1.1.1", "239.1.1.1:", "239.1.1.1:0", "239.1.1.1:65536",
        "239.1.1.1:5000x", "239.1.1:5000", "::1:5000", "host:5000",
        "239.1.1.1:-1", "239.1.1.256:1"}) {
    EXPECT_THROW(net::parse_endpoint(text), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace hft::feed
