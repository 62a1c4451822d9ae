// SPDX-License-Identifier: MIT
// Says ITCH messages one after the other, at made-up times, into packets.
//
//   hft::feed::Announcer announcer(session, 1400);
//   announcer.event('O');
//   announcer.say(order, locate);
//   std::vector<hft::net::Packet> packets = announcer.finish();
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "feed/itch.hpp"
#include "replay/mold_packer.hpp"

namespace hft::feed {

class Announcer {
 public:
  Announcer(const SessionName& session, std::size_t packet_size)
      : packer_(session, packet_size) {}

  /// Takes care of locate, tracking number and time.
  template <class Message>
  void say(Message message, std::uint16_t locate) {
    stamp(message, locate);
    std::array<std::byte, kItchLongest> bytes{};
    const std::size_t length = write_itch(message, bytes.data());
    add(std::span(bytes).first(length));
  }
  void event(char event);
  void trading_action(std::uint16_t locate, const Stock& stock);
  /// The next message comes so much later.
  void pause(std::uint64_t ns) { time_ += ns; }

  [[nodiscard]] std::uint64_t said() const { return said_; }
  void flush() { packer_.flush(); }
  /// With a heartbeat and the end of session.
  std::vector<net::Packet> finish();

 private:
  static constexpr std::uint64_t kOpens = 34'200'000'000'000;  // 09:30, as ns

  void stamp(ItchMessage& message, std::uint16_t locate) const;
  void add(net::Bytes message);

  MoldPacker packer_;
  std::uint64_t time_ = kOpens;
  std::uint64_t said_ = 0;
};

}  // namespace hft::feed
