// SPDX-License-Identifier: MIT
#include "replay/mold_packer.hpp"

#include <algorithm>
#include <utility>

namespace hft::feed {

void MoldPacker::add(net::Bytes message, std::uint64_t time) {
  if (open_.payload.size() + kMoldLengthSize + message.size() > size_) {
    flush();
  }
  if (count_ == 0) {
    open_.time = time;
    open_.payload.resize(kMoldHeaderSize);
  }
  std::vector<std::byte>& payload = open_.payload;
  const std::size_t at = payload.size();
  payload.resize(at + kMoldLengthSize + message.size());
  net::store_big(static_cast<std::uint16_t>(message.size()), &payload[at]);
  std::copy(
      message.begin(), message.end(),
      payload.begin() + static_cast<std::ptrdiff_t>(at + kMoldLengthSize));
  ++count_;
}

void MoldPacker::flush() {
  if (count_ == 0) {
    return;
  }
  write_mold_header(
      {.session = session_, .sequence = sequence_, .count = count_},
      open_.payload.data());
  sequence_ += std::exchange(count_, std::uint16_t{0});
  packets_.push_back(std::exchange(open_, {}));
}

std::vector<net::Packet> MoldPacker::finish(std::uint64_t time) {
  bare(kSessionEnd, time);
  return std::move(packets_);
}

void MoldPacker::bare(std::uint16_t count, std::uint64_t time) {
  flush();
  net::Packet& packet = packets_.emplace_back();
  packet.time = time;
  packet.payload.resize(kMoldHeaderSize);
  write_mold_header(
      {.session = session_, .sequence = sequence_, .count = count},
      packet.payload.data());
}

std::uint64_t messages_in(const net::Packet& packet) {
  const std::optional<MoldHeader> header = parse_mold_header(packet.payload);
  return header && header->count != kSessionEnd ? header->count : 0;
}

}  // namespace hft::feed
