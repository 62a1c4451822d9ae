// SPDX-License-Identifier: MIT
#include "bench/network/veth.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/neighbour.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace hft::bench {
namespace {

/// One end of the pair.
struct End {
  const char* name;
  const char* ip;
  const char* mac;
};
// As net::write_frame() has them.
constexpr End kSender = {Veth::kSenderName, "10.0.0.1", "02:00:00:00:00:01"};
constexpr End kReceiver = {Veth::kReceiverName, "10.0.0.2",
                           "02:00:00:00:00:02"};
constexpr int kPrefix = 24;

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};
using Socket = std::unique_ptr<nl_sock, Free<nl_socket_free>>;
using Link = std::unique_ptr<rtnl_link, Free<rtnl_link_put>>;
using VethLink = std::unique_ptr<rtnl_link, Free<rtnl_link_veth_release>>;
using Address = std::unique_ptr<nl_addr, Free<nl_addr_put>>;
using LocalAddress = std::unique_ptr<rtnl_addr, Free<rtnl_addr_put>>;
using Neighbour = std::unique_ptr<rtnl_neigh, Free<rtnl_neigh_put>>;

void check(int result, std::string_view what) {
  if (result < 0) {
    throw std::runtime_error(fmt::format("{}: {}", what, nl_geterror(result)));
  }
}

// In the namespace that the caller is in.
Socket route_socket() {
  Socket socket(nl_socket_alloc());
  check(nl_connect(socket.get(), NETLINK_ROUTE), "open an rtnetlink socket");
  return socket;
}

Address parse(const char* text, int family) {
  nl_addr* address = nullptr;
  check(nl_addr_parse(text, family, &address), text);
  return Address(address);
}

// Before there are any interfaces: none announces itself.
void disable_ipv6() {
  const Descriptor file(open("/proc/sys/net/ipv6/conf/default/disable_ipv6",
                             O_WRONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) {
    return;  // a kernel without IPv6
  }
  if (!file || write(file.get(), "1", 1) != 1) {
    throw std::system_error(errno, std::generic_category(),
                            "/proc/sys/net/ipv6/conf/default/disable_ipv6");
  }
}

void describe(rtnl_link* link, const End& end) {
  rtnl_link_set_name(link, end.name);
  rtnl_link_set_addr(link, parse(end.mac, AF_LLC).get());
  // An AF_XDP socket sees one queue.
  rtnl_link_set_num_tx_queues(link, 1);
  rtnl_link_set_num_rx_queues(link, 1);
}

void make_pair(const NetworkNamespace& sender,
               const NetworkNamespace& receiver) {
  const Visit visit(sender);
  disable_ipv6();
  const VethLink link(rtnl_link_veth_alloc());
  rtnl_link* peer = rtnl_link_veth_get_peer(link.get());
  const Link peer_reference(peer);
  describe(link.get(), kSender);
  describe(peer, kReceiver);
  rtnl_link_set_ns_fd(peer, receiver.fd());
  check(rtnl_link_add(route_socket().get(), link.get(),
                      NLM_F_CREATE | NLM_F_EXCL),
        "make a veth pair, which needs CAP_NET_ADMIN and a kernel with "
        "CONFIG_VETH");
}

/// Address, neighbour, up: in the namespace that the caller is in. Returns the
/// interface's number.
unsigned bring_up(const End& here, const End& there) {
  const Socket socket = route_socket();
  const unsigned number = if_nametoindex(here.name);
  const auto index = static_cast<int>(number);

  const LocalAddress address(rtnl_addr_alloc());
  rtnl_addr_set_ifindex(address.get(), index);
  check(rtnl_addr_set_local(address.get(), parse(here.ip, AF_INET).get()),
        here.ip);
  rtnl_addr_set_prefixlen(address.get(), kPrefix);
  check(rtnl_addr_add(socket.get(), address.get(), 0), here.ip);

  const Link as_found(rtnl_link_alloc());
  const Link up(rtnl_link_alloc());
  rtnl_link_set_ifindex(as_found.get(), index);
  rtnl_link_set_flags(up.get(), IFF_UP);
  check(rtnl_link_change(socket.get(), as_found.get(), up.get(), 0), here.name);

  const Neighbour neighbour(rtnl_neigh_alloc());
  rtnl_neigh_set_ifindex(neighbour.get(), index);
  check(rtnl_neigh_set_dst(neighbour.get(), parse(there.ip, AF_INET).get()),
        there.ip);
  rtnl_neigh_set_lladdr(neighbour.get(), parse(there.mac, AF_LLC).get());
  rtnl_neigh_set_state(neighbour.get(), NUD_PERMANENT);
  check(rtnl_neigh_add(socket.get(), neighbour.get(), NLM_F_CREATE), there.mac);
  return number;
}

/// Returns the number of the receiver's interface.
unsigned join(const NetworkNamespace& sender,
              const NetworkNamespace& receiver) {
  {
    const Visit visit(receiver);
    disable_ipv6();
  }
  make_pair(sender, receiver);
  {
    const Visit visit(sender);
    bring_up(kSender, kReceiver);
  }
  const Visit visit(receiver);
  return bring_up(kReceiver, kSender);
}

}  // namespace

Veth::Veth() : receiver_index_(join(sender_, receiver_)) {}

const Veth& Veth::shared() {
  static const Veth veth;
  return veth;
}

sockaddr_in Veth::destination() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  inet_pton(AF_INET, kReceiver.ip, &address.sin_addr);
  return address;
}

}  // namespace hft::bench
