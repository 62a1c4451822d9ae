// SPDX-License-Identifier: MIT
#include "udp_sender.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace hft::bench {
namespace {

Descriptor connected_socket() {
  const Visit visit(Veth::shared().sender());
  Descriptor udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in to = Veth::destination();
  if (!udp || connect(udp.get(), reinterpret_cast<const sockaddr*>(&to),
                      sizeof(to)) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "connect a UDP socket");
  }
  return udp;
}

}  // namespace

UdpSender::UdpSender(const Setting& setting)
    : socket_(connected_socket()),
      producer_(setting.path, setting.producer_cpu,
                [&](const ProducerProcess::Ready& ready) {
                  produce(setting, ready);
                }) {}

void UdpSender::produce(const Setting& setting,
                        const ProducerProcess::Ready& ready) const {
  PacketBuffer packet{};
  const std::size_t size = packet_size(setting);
  ready();
  keep_schedule(
      TickReader(setting.period).period(), [] {},
      [&](std::uint64_t stamp, const Tick& tick) {
        const PacketStart start = {.stamp = stamp, .tick = tick.pack()};
        std::memcpy(packet.data(), &start, sizeof(start));
        // No room on the way is a loss like any other.
        if (send(socket_.get(), packet.data(), size, 0) < 0 &&
            errno != ENOBUFS) {
          throw std::system_error(errno, std::generic_category(),
                                  "send a datagram");
        }
      });
}

}  // namespace hft::bench
