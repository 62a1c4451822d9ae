// SPDX-License-Identifier: MIT
// The producer of every path of packets: datagrams on a fixed schedule, each
// with the time right before its send().
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "bench/network/veth.hpp"
#include "bench/path.hpp"
#include "bench/paths/producer_process.hpp"
#include "bench/paths/schedule.hpp"
#include "hft/descriptor.hpp"

namespace hft::bench {

/// What the payload of a datagram begins with. Zeros follow.
struct PacketStart {
  std::uint64_t stamp = 0;  // cycles
  std::uint64_t tick = 0;   // Tick::pack()
};

using PacketBuffer = std::array<std::byte, Veth::kPayloadMax>;

/// Of the payload, bytes.
inline std::size_t packet_size(const Setting& setting) {
  return std::max<std::size_t>(setting.payload, sizeof(PacketStart));
}

/// Sends from a process of its own to Veth::destination(), through the socket
/// that Setting::sender says. What the receiver has no room for is lost, and
/// missing from the sequence.
class PacketSender {
 public:
  explicit PacketSender(const Setting& setting);

  void start() { producer_.start(); }

 private:
  [[noreturn]] void produce(const Setting& setting,
                            const ProducerProcess::Ready& ready) const;

  Descriptor socket_;
  ProducerProcess producer_;
};

/// The consumer's side of it.
class PacketReader {
 public:
  explicit PacketReader(const Setting& setting) : ticks_(setting.period_ns) {}

  /// Fill in all of `seen` but `now` from a payload.
  void take(const std::byte* payload, Arrival& arrival) {
    PacketStart start;
    std::memcpy(&start, payload, sizeof(start));
    ticks_.take(start.stamp, payload + offsetof(PacketStart, tick), arrival);
  }

 private:
  TickReader ticks_;
};

}  // namespace hft::bench
