// SPDX-License-Identifier: MIT
#include "feed/itch.hpp"

namespace hft::feed {
namespace {

constexpr std::size_t kLocateAt = 1;
constexpr std::size_t kTrackingAt = 3;
constexpr std::size_t kTimeHighAt = 5;  // 16 of the 48 bits
constexpr std::size_t kTimeLowAt = 7;
constexpr int kTimeLowBits = 32;

}  // namespace

void read_itch_header(const std::byte* from, ItchMessage& message) {
  message.locate = net::load_big<std::uint16_t>(from + kLocateAt);
  message.tracking = net::load_big<std::uint16_t>(from + kTrackingAt);
  const std::uint64_t high = net::load_big<std::uint16_t>(from + kTimeHighAt);
  message.time =
      high << kTimeLowBits | net::load_big<std::uint32_t>(from + kTimeLowAt);
}

void write_itch_header(char type, const ItchMessage& message, std::byte* to) {
  *to = static_cast<std::byte>(type);
  net::store_big(message.locate, to + kLocateAt);
  net::store_big(message.tracking, to + kTrackingAt);
  net::store_big(static_cast<std::uint16_t>(message.time >> kTimeLowBits),
                 to + kTimeHighAt);
  net::store_big(static_cast<std::uint32_t>(message.time), to + kTimeLowAt);
}

bool ItchDecoder::has_its_length(std::span<const std::byte> message) {
  if (message.empty()) {
    ++counts_.wrong_length;
    return false;
  }
  const std::size_t length = itch_length(static_cast<char>(message.front()));
  if (length == 0) {
    ++counts_.unknown;
    return false;
  }
  if (message.size() != length) {
    ++counts_.wrong_length;
    return false;
  }
  return true;
}

}  // namespace hft::feed
