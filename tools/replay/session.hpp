// SPDX-License-Identifier: MIT
// A trading day as ITCH over MoldUDP64, made up: the same for the same plan, on
// any machine, and without a message that could not be.
//
//   hft::feed::SessionPlan plan{.seed = 7, .instruments = 3};
//   for (const hft::net::Packet& packet : hft::feed::make_session(plan)) {
//     send(packet.payload);
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/packet.hpp"

namespace hft::feed {

struct SessionPlan {
  std::uint64_t seed = 1;
  std::uint16_t instruments = 8;     // locates 1 and up
  std::uint64_t messages = 100'000;  // all, those that open and close the day
                                     // too
  std::size_t packet_size = 1400;    // at most; of the UDP payload
};

/// The fewest messages that a day of so many instruments can have.
std::uint64_t fewest_messages(std::uint16_t instruments);

/// Ends with a heartbeat and the end of session. Books are never crossed.
/// Throws std::invalid_argument when messages are too few or packets too small.
std::vector<net::Packet> make_session(const SessionPlan& plan);

}  // namespace hft::feed
