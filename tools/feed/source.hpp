// SPDX-License-Identifier: MIT
// Where `hft feed` gets its packets from: a socket, or a ring.
//
//   while (!done()) {
//     const std::optional<Datagram> datagram = source.next();
//     if (datagram) follower.take(*datagram); else follower.idle();
//   }
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "feed/mold.hpp"

namespace hft::feed {

struct Datagram {
  net::Bytes payload;       // of UDP; valid until the next call of next()
  std::uint64_t stamp = 0;  // when it arrived: CLOCK_MONOTONIC, ns
};

/// Used by one thread.
class PacketSource {
 public:
  PacketSource() = default;
  PacketSource(const PacketSource&) = delete;
  PacketSource& operator=(const PacketSource&) = delete;
  virtual ~PacketSource() = default;

  /// The next datagram; nothing when none came within some 100 ms, or when a
  /// signal did, so that the caller can see to other things.
  virtual std::optional<Datagram> next() = 0;
  /// Datagrams that came but that the source itself could not keep.
  [[nodiscard]] virtual std::uint64_t dropped() const = 0;
  /// What it is, for people: "socket on lo, 239.1.1.1:5000".
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace hft::feed
