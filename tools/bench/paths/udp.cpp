// SPDX-License-Identifier: MIT
// What most people receive packets with: a UDP socket and recv(), blocking or
// polled.
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "bench/network/packet_sender.hpp"
#include "bench/paths/pause_watch.hpp"
#include "bench/paths/unavailable.hpp"

namespace hft::bench {
namespace {

void set(const Descriptor& udp, int option, int value, const char* name) {
  if (setsockopt(udp.get(), SOL_SOCKET, option, &value, sizeof(value)) != 0) {
    throw std::system_error(errno, std::generic_category(), name);
  }
}

// The kernel takes twice what is asked for, and needs for a datagram some 800
// bytes more than its payload.
int buffer_bytes(const Setting& setting) {
  constexpr std::size_t kOverhead = 512;
  return static_cast<int>(setting.capacity *
                          (packet_size(setting) + kOverhead));
}

Descriptor bound_socket(const Setting& setting) {
  const Visit visit(Veth::shared().receiver());
  Descriptor udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in here = net::to_sockaddr(Veth::destination());
  if (!udp || bind(udp.get(), reinterpret_cast<const sockaddr*>(&here),
                   sizeof(here)) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "bind a UDP socket");
  }
  set(udp, SO_RCVBUFFORCE, buffer_bytes(setting), "SO_RCVBUFFORCE");
  return udp;
}

enum class Wait { kBlock, kSpin };

class UdpPath : public Path {
 public:
  UdpPath(const Setting& setting, Wait wait)
      : wait_(wait),
        watch_(setting.watch),
        reader_(setting),
        size_(static_cast<ssize_t>(packet_size(setting))),
        socket_(bound_socket(setting)),
        sender_(setting) {}

  void begin() override { sender_.start(); }

  Arrival next() override {
    if (wait_ == Wait::kSpin) {
      spin_until(watch_, [&] { return receive(MSG_DONTWAIT); });
    } else {
      receive(0);
    }
    Arrival arrival;
    arrival.now = tsc_now();
    reader_.take(packet_.data(), arrival);
    arrival.stall_cycles = watch_.longest();
    return arrival;
  }

 protected:
  [[nodiscard]] const Descriptor& udp() const { return socket_; }

 private:
  bool receive(int flags) {
    const ssize_t bytes =
        recv(socket_.get(), packet_.data(), packet_.size(), flags);
    if (bytes == size_) [[likely]] {
      return true;
    }
    if (bytes < 0 && errno == EAGAIN) {
      return false;
    }
    throw std::system_error(bytes < 0 ? errno : EPROTO, std::generic_category(),
                            "recv");
  }

  Wait wait_;
  PauseWatch watch_;
  PacketReader reader_;
  ssize_t size_;
  PacketBuffer packet_{};
  Descriptor socket_;
  PacketSender sender_;
};

class BusyPollPath : public UdpPath {
 public:
  explicit BusyPollPath(const Setting& setting)
      : UdpPath(setting, Wait::kSpin) {
    constexpr int kMicroseconds = 50;
    set(udp(), SO_BUSY_POLL, kMicroseconds, "SO_BUSY_POLL");
    set(udp(), SO_PREFER_BUSY_POLL, 1, "SO_PREFER_BUSY_POLL");
  }
};

std::string busy_poll_unavailable() {
  std::string why_not = packets_unavailable();
  const Descriptor udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (why_not.empty() && setsockopt(udp.get(), SOL_SOCKET, SO_PREFER_BUSY_POLL,
                                    &on, sizeof(on)) != 0) {
    why_not = "SO_PREFER_BUSY_POLL: " + errno_text() +
              ": it needs Linux 5.11 with CONFIG_NET_RX_BUSY_POLL";
  }
  return why_not;
}

}  // namespace

extern const PathKind kUdpBlock = {
    .name = "udp-block",
    .summary = "UDP over veth, blocking recv()",
    .adapts = Adapts::kToPayload,
    .unavailable = packets_unavailable,
    .attach = attach_as<UdpPath, Wait::kBlock>,
    .largest = Veth::kPayloadMax,
    .packets = true,
};

extern const PathKind kUdpSpin = {
    .name = "udp-spin",
    .summary = "UDP over veth, recv() in a loop",
    .adapts = Adapts::kToPayload,
    .unavailable = packets_unavailable,
    .attach = attach_as<UdpPath, Wait::kSpin>,
    .largest = Veth::kPayloadMax,
    .packets = true,
};

extern const PathKind kUdpBusyPoll = {
    .name = "udp-busy-poll",
    .summary = "the same with SO_BUSY_POLL, though veth has no queue to poll",
    .adapts = Adapts::kToPayload,
    .unavailable = busy_poll_unavailable,
    .attach = attach_as<BusyPollPath>,
    .largest = Veth::kPayloadMax,
    .packets = true,
};

}  // namespace hft::bench
