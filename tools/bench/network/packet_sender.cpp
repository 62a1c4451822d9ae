// SPDX-License-Identifier: MIT
#include "bench/network/packet_sender.hpp"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <span>
#include <system_error>
#include <vector>

#include "net/frame.hpp"

namespace hft::bench {
namespace {

Descriptor frame_socket() {
  const Visit visit(Veth::shared().sender());
  // Without a protocol it receives nothing.
  Descriptor packets(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll from{};
  from.sll_family = AF_PACKET;
  from.sll_ifindex = static_cast<int>(if_nametoindex(Veth::kSenderName));
  if (!packets || bind(packets.get(), reinterpret_cast<const sockaddr*>(&from),
                       sizeof(from)) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "bind a packet socket");
  }
  return packets;
}

Descriptor udp_socket() {
  const Visit visit(Veth::shared().sender());
  Descriptor udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in to = net::to_sockaddr(Veth::destination());
  if (!udp || connect(udp.get(), reinterpret_cast<const sockaddr*>(&to),
                      sizeof(to)) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "connect a UDP socket");
  }
  return udp;
}

std::vector<std::byte> frame_of(std::size_t payload) {
  std::vector<std::byte> frame;
  net::write_frame(Veth::destination(), std::vector<std::byte>(payload), frame);
  return frame;
}

}  // namespace

PacketSender::PacketSender(const Setting& setting)
    : socket_(setting.sender == Sender::kFrame ? frame_socket() : udp_socket()),
      producer_(setting.path, setting.producer_cpu,
                [&](const ProducerProcess::Ready& ready) {
                  produce(setting, ready);
                }) {}

void PacketSender::produce(const Setting& setting,
                           const ProducerProcess::Ready& ready) const {
  std::vector<std::byte> frame = frame_of(packet_size(setting));
  const std::span<std::byte> payload =
      std::span(frame).last(packet_size(setting));
  const std::span<const std::byte> sent =
      setting.sender == Sender::kFrame ? frame : payload;
  ready();
  keep_schedule(
      TickReader(setting.period_ns).period_cycles(), [] {},
      [&](std::uint64_t stamp, const Tick& tick) {
        const PacketStart start = {.stamp = stamp, .tick = tick.pack()};
        std::memcpy(payload.data(), &start, sizeof(start));
        // No room on the way is a loss like any other.
        if (send(socket_.get(), sent.data(), sent.size(), 0) < 0 &&
            errno != ENOBUFS) {
          throw std::system_error(errno, std::generic_category(),
                                  "send a datagram");
        }
      });
}

}  // namespace hft::bench
