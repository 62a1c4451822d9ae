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

#include "net/interface.hpp"

namespace hft::bench {
namespace {

/// One end of the pair.
struct End {
  const char* name;
  std::uint32_t address;
};
// The sender is where net::write_frame() says that frames come from.
constexpr End kSender = {Veth::kSenderName, net::kFrameSender};
constexpr End kReceiver = {Veth::kReceiverName, net::kFrameSender + 1};
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

Address ip_of(const End& end) {
  const std::uint32_t address = htonl(end.address);
  return Address(nl_addr_build(AF_INET, &address, sizeof address));
}

Address mac_of(const End& end) {
  const net::Mac mac = net::mac_of(end.address);
  return Address(nl_addr_build(AF_LLC, mac.data(), mac.size()));
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
  rtnl_link_set_addr(link, mac_of(end).get());
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

/// Address, up, neighbour: in the namespace that the caller is in. Returns the
/// interface's number.
unsigned join(const End& here, const End& there) {
  const Socket socket = route_socket();
  const unsigned number = if_nametoindex(here.name);
  const auto index = static_cast<int>(number);

  const LocalAddress address(rtnl_addr_alloc());
  rtnl_addr_set_ifindex(address.get(), index);
  check(rtnl_addr_set_local(address.get(), ip_of(here).get()),
        "describe an address");
  rtnl_addr_set_prefixlen(address.get(), kPrefix);
  check(rtnl_addr_add(socket.get(), address.get(), 0),
        "give a veth interface its address");

  net::bring_up(here.name);

  const Neighbour neighbour(rtnl_neigh_alloc());
  rtnl_neigh_set_ifindex(neighbour.get(), index);
  check(rtnl_neigh_set_dst(neighbour.get(), ip_of(there).get()),
        "describe a neighbour");
  rtnl_neigh_set_lladdr(neighbour.get(), mac_of(there).get());
  rtnl_neigh_set_state(neighbour.get(), NUD_PERMANENT);
  check(rtnl_neigh_add(socket.get(), neighbour.get(), NLM_F_CREATE),
        "tell a veth interface its neighbour");
  return number;
}

/// Returns the number of the receiver's interface.
unsigned make_network(const NetworkNamespace& sender,
                      const NetworkNamespace& receiver) {
  {
    const Visit visit(receiver);
    disable_ipv6();
  }
  make_pair(sender, receiver);
  {
    const Visit visit(sender);
    join(kSender, kReceiver);
  }
  const Visit visit(receiver);
  return join(kReceiver, kSender);
}

}  // namespace

Veth::Veth() : receiver_index_(make_network(sender_, receiver_)) {}

const Veth& Veth::shared() {
  static const Veth veth;
  return veth;
}

net::Endpoint Veth::destination() {
  return {.address = kReceiver.address, .port = kPort};
}

}  // namespace hft::bench
