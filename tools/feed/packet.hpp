// SPDX-License-Identifier: MIT
// UDP payloads of a feed, kept to be sent or compared, and MoldUDP64 packets
// out of messages.
//
//   hft::feed::MoldPacker packer(session, 1400);
//   packer.add(message, time);  // as often as it takes
//   std::vector<hft::feed::Packet> packets = packer.finish();
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "feed/mold.hpp"

namespace hft::feed {

struct Packet {
  std::uint64_t time = 0;  // ns, since whenever its source begins to count
  std::vector<std::byte> payload;
};

/// Puts messages in order into packets of at most `size` bytes.
class MoldPacker {
 public:
  /// `size` holds the largest message with its header.
  MoldPacker(const SessionName& session, std::size_t size)
      : session_(session), size_(size) {}

  /// A packet takes the time of its first message.
  void add(Bytes message, std::uint64_t time);
  /// What was added so far waits for nothing more.
  void flush();
  /// Flushes; no message, but the sequence to come.
  void heartbeat(std::uint64_t time) { bare(kHeartbeat, time); }
  /// Flushes, and says that the session has ended.
  std::vector<Packet> finish(std::uint64_t time);

 private:
  void bare(std::uint16_t count, std::uint64_t time);

  SessionName session_;
  std::size_t size_;
  std::uint64_t sequence_ = 1;  // of the first message in open_
  std::uint16_t count_ = 0;
  Packet open_;
  std::vector<Packet> packets_;
};

/// Every `every`-th packet goes, but never the last one, that shows what is
/// missing; returns how many went. 0: none.
std::size_t leave_out(std::vector<Packet>& packets, std::uint64_t every);

/// What the header says; 0 where it is none.
std::uint64_t messages_in(const Packet& packet);

}  // namespace hft::feed
