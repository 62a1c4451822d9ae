// SPDX-License-Identifier: MIT
#include "feed/udp.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <system_error>
#include <utility>

#include "hft/clock.hpp"
#include "net/frame.hpp"

namespace hft::feed {
namespace {

// For bursts, while the reader prints.
constexpr int kReceiveBuffer = 8 << 20;
constexpr suseconds_t kReceiveTimeout = 100'000;  // µs

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

template <class Value>
void set_option(const Descriptor& socket, int level, int name,
                const Value& value, const std::string& what) {
  if (setsockopt(socket.get(), level, name, &value, sizeof(value)) != 0) {
    fail(what);
  }
}

Descriptor open_socket() {
  Descriptor descriptor(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!descriptor) {
    fail("socket");
  }
  return descriptor;
}

ip_mreqn membership(const net::Endpoint& endpoint,
                    const std::string& interface) {
  ip_mreqn request{};
  request.imr_multiaddr = net::to_sockaddr(endpoint).sin_addr;
  if (!interface.empty()) {
    request.imr_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    if (request.imr_ifindex == 0) {
      fail(fmt::format("interface '{}' (ip link lists them)", interface));
    }
  }
  return request;
}

void bind_to(const Descriptor& socket, const std::string& interface) {
  if (setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.data(),
                 static_cast<socklen_t>(interface.size())) != 0) {
    fail(fmt::format("interface '{}'", interface));
  }
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// What the kernel dropped since the socket was opened, if the message says.
void read_dropped(msghdr& message, std::uint64_t& dropped) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level == SOL_SOCKET &&
        control->cmsg_type == SO_RXQ_OVFL) {
      std::uint32_t count = 0;
      std::memcpy(&count, CMSG_DATA(control), sizeof(count));
      dropped = count;
    }
  }
}

void join(const Descriptor& socket, const net::Endpoint& group,
          const std::string& interface) {
  set_option(
      socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, membership(group, interface),
      fmt::format("joining {}{}", to_string(group),
                  interface.empty() ? " (name an interface with --interface)"
                                    : " on " + interface));
}

}  // namespace

Descriptor join(const net::Endpoint& group, const std::string& interface) {
  Descriptor socket = open_socket();
  join(socket, group, interface);
  return socket;
}

UdpSource::UdpSource(const net::Endpoint& endpoint, std::string interface)
    : endpoint_(endpoint),
      interface_(std::move(interface)),
      socket_(open_socket()),
      buffer_(net::kLongestPayload) {
  const int on = 1;
  set_option(socket_, SOL_SOCKET, SO_REUSEADDR, on, "SO_REUSEADDR");
  set_option(socket_, SOL_SOCKET, SO_RXQ_OVFL, on, "SO_RXQ_OVFL");
  // Beyond net.core.rmem_max with CAP_NET_ADMIN alone; up to it for everyone.
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer,
                 sizeof(kReceiveBuffer)) != 0) {
    set_option(socket_, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer, "SO_RCVBUF");
  }
  const timeval timeout{.tv_sec = 0, .tv_usec = kReceiveTimeout};
  set_option(socket_, SOL_SOCKET, SO_RCVTIMEO, timeout, "SO_RCVTIMEO");
  const sockaddr_in address = net::to_sockaddr(endpoint_);
  if (bind(socket_.get(), generic(address), sizeof(address)) != 0) {
    fail(fmt::format("listening to {}", to_string(endpoint_)));
  }
  if (endpoint_.is_group()) {
    // Without it groups that others on this machine joined would come too.
    const int off = 0;
    set_option(socket_, IPPROTO_IP, IP_MULTICAST_ALL, off, "IP_MULTICAST_ALL");
    join(socket_, endpoint_, interface_);
  } else if (!interface_.empty()) {
    bind_to(socket_, interface_);
  }
}

std::optional<Datagram> UdpSource::next() {
  iovec part{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(std::uint32_t))>
      control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = recvmsg(socket_.get(), &message, 0);
  const std::uint64_t stamp = monotonic_now();
  if (size < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      return std::nullopt;
    }
    fail(describe());
  }
  read_dropped(message, dropped_);
  return Datagram{
      .payload = net::Bytes(buffer_).first(static_cast<std::size_t>(size)),
      .stamp = stamp};
}

std::string UdpSource::describe() const {
  return fmt::format("socket{}{}, {}", interface_.empty() ? "" : " on ",
                     interface_, to_string(endpoint_));
}

UdpSender::UdpSender(const net::Endpoint& endpoint,
                     const UdpSenderOptions& options)
    : where_("sending to " + to_string(endpoint)), socket_(open_socket()) {
  if (endpoint.is_group()) {
    set_option(socket_, IPPROTO_IP, IP_MULTICAST_TTL, options.ttl,
               "IP_MULTICAST_TTL");
    if (!options.interface.empty()) {
      set_option(socket_, IPPROTO_IP, IP_MULTICAST_IF,
                 membership(endpoint, options.interface),
                 fmt::format("{} over {}", where_, options.interface));
    }
  } else {
    set_option(socket_, IPPROTO_IP, IP_TTL, options.ttl, "IP_TTL");
    if (!options.interface.empty()) {
      bind_to(socket_, options.interface);
    }
  }
  const sockaddr_in address = net::to_sockaddr(endpoint);
  if (connect(socket_.get(), generic(address), sizeof(address)) != 0) {
    fail(where_ + (options.interface.empty()
                       ? " (name an interface with --interface)"
                       : " over " + options.interface));
  }
}

void UdpSender::send(net::Bytes payload) {
  while (::send(socket_.get(), payload.data(), payload.size(), 0) < 0) {
    // Said of a datagram before, and not for good: this one was not sent yet.
    if (errno == ECONNREFUSED) {
      ++refused_;
    } else if (errno != EINTR) {
      fail(where_);
    }
  }
}

}  // namespace hft::feed
