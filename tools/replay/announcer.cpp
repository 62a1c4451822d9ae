// SPDX-License-Identifier: MIT
#include "replay/announcer.hpp"

#include <cstring>

namespace hft::feed {

void Announcer::event(char event) {
  SystemEvent message;
  message.event = event;
  say(message, 0);
}

// No book depends on it, so it has no struct: stock, then its state.
void Announcer::trading_action(std::uint16_t locate, const Stock& stock) {
  std::array<std::byte, itch_length('H')> bytes{};
  ItchMessage header;
  stamp(header, locate);
  write_itch_header('H', header, bytes.data());
  std::memcpy(&bytes[kItchHeaderSize], stock.data(), stock.size());
  bytes[kItchHeaderSize + sizeof(Stock)] = std::byte{'T'};
  add(bytes);
}

std::vector<net::Packet> Announcer::finish() {
  packer_.heartbeat(time_);
  return packer_.finish(time_);
}

void Announcer::stamp(ItchMessage& message, std::uint16_t locate) const {
  message.locate = locate;
  message.tracking = static_cast<std::uint16_t>(said_);
  message.time = time_;
}

void Announcer::add(net::Bytes message) {
  packer_.add(message, time_);
  ++said_;
}

}  // namespace hft::feed
