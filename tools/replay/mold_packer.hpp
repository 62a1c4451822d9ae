// SPDX-License-Identifier: MIT
// MoldUDP64 packets out of messages.
//
//   hft::feed::MoldPacker packer(session, 1400);
//   packer.add(message, time);  // as often as it takes
//   std::vector<hft::net::Packet> packets = packer.finish();
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "feed/mold.hpp"
#include "net/bytes.hpp"
#include "net/packet.hpp"

namespace hft::feed {

/// Puts messages in order into packets of at most `size` bytes.
class MoldPacker {
 public:
  /// `size` holds the largest message with its header.
  MoldPacker(const SessionName& session, std::size_t size)
      : session_(session), size_(size) {}

  /// A packet takes the time of its first message.
  void add(net::Bytes message, std::uint64_t time);
  /// What was added so far waits for nothing more.
  void flush();
  /// Flushes; no message, but the sequence to come.
  void heartbeat(std::uint64_t time) { bare(kHeartbeat, time); }
  /// Flushes, and says that the session has ended.
  std::vector<net::Packet> finish(std::uint64_t time);

 private:
  void bare(std::uint16_t count, std::uint64_t time);

  SessionName session_;
  std::size_t size_;
  std::uint64_t sequence_ = 1;  // of the first message in open_
  std::uint16_t count_ = 0;
  net::Packet open_;
  std::vector<net::Packet> packets_;
};

/// What the header says; 0 where it is none.
std::uint64_t messages_in(const net::Packet& packet);

}  // namespace hft::feed
