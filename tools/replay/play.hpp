// SPDX-License-Identifier: MIT
// Packets sent on time: each is due at its own instant, whatever became of
// those before it.
//
//   const auto played = hft::feed::play(
//       packets, {.rate = 10'000}, [&](Bytes bytes) { sender.send(bytes); },
//       [](const Played&) { return !hft::tools::stop_requested(); });
//   std::cout << played.packets << " sent, " << played.latest << " ns late\n";
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "net/bytes.hpp"
#include "net/packet.hpp"

namespace hft::feed {

/// At most one of rate and speed; without either, as fast as it goes.
struct Pace {
  double rate = 0;   // packets a second
  double speed = 0;  // of the packets' own times; 2: twice as fast
  bool loop = false;
};

/// When a packet is due after the first, in ns; 0 where there is no schedule.
class Timetable {
 public:
  Timetable(std::span<const net::Packet> packets, const Pace& pace);

  [[nodiscard]] bool scheduled() const { return rate_ > 0 || speed_ > 0; }
  /// `nth` counts on over the rounds of a loop.
  [[nodiscard]] std::uint64_t due(std::uint64_t nth) const;

 private:
  std::span<const net::Packet> packets_;
  double rate_;
  double speed_;
  std::uint64_t round_ = 0;  // the packets' own time from round to round
};

struct Played {
  std::uint64_t packets = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  // of payload
  double seconds = 0;
  bool scheduled = false;
  std::uint64_t latest = 0;  // ns that the latest packet was late
};

/// Sends until the last packet, or until `go_on`, asked before each, says
/// false. Rounds of a loop are MoldUDP64 sessions of their own.
Played play(std::span<const net::Packet> packets, const Pace& pace,
            const std::function<void(net::Bytes)>& send,
            const std::function<bool(const Played&)>& go_on);

}  // namespace hft::feed
