// SPDX-License-Identifier: MIT
// What the XDP program takes from an interface, byte for byte, and what not:
// frames of our making, in a network namespace of our own, over its loopback in
// generic mode and over a veth pair in native mode.
#include "hft/bpf_xdp.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link/veth.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "bpf_test.hpp"
#include "hft/record.hpp"
#include "net/interface.hpp"

namespace hft::bpf {
namespace {

using Bytes = std::vector<std::byte>;

using Attach = XdpOptions::Attach;

constexpr std::uint16_t kPort = 26400;
constexpr const char* kGroup = "239.1.1.1";
constexpr std::size_t kFrameHeaders =
    sizeof(ether_header) + sizeof(iphdr) + sizeof(udphdr);

Bytes numbered(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i * 7 + size);
  }
  return bytes;
}

/// A datagram on its way, and what can be unusual about it.
struct Frame {
  Bytes payload;
  std::uint16_t port = kPort;
  const char* address = kGroup;
  std::uint8_t protocol = IPPROTO_UDP;
  std::uint16_t fragment = 0;
  std::size_t options = 0;  // bytes of IP options
  bool vlan = false;
  std::size_t cut = 0;  // bytes missing at its end

  [[nodiscard]] Bytes bytes() const {
    Bytes out;
    const auto append = [&](const void* from, std::size_t count) {
      const auto* begin = static_cast<const std::byte*>(from);
      out.insert(out.end(), begin, begin + count);
    };
    const std::uint8_t addresses[12] = {1, 0, 0x5e, 1, 1, 1, 2, 0, 0, 0, 0, 1};
    append(addresses, sizeof addresses);
    if (vlan) {
      const std::uint16_t tag[2] = {htons(ETHERTYPE_VLAN), htons(5)};
      append(tag, sizeof tag);
    }
    const std::uint16_t type = htons(ETHERTYPE_IP);
    append(&type, sizeof type);
    iphdr ip{};
    ip.version = 4;
    ip.ihl = static_cast<unsigned>(5 + options / 4) & 0xfU;
    ip.protocol = protocol;
    ip.frag_off = htons(fragment);
    ip.daddr = inet_addr(address);
    append(&ip, sizeof ip);
    out.resize(out.size() + options);
    udphdr udp{};
    udp.dest = htons(port);
    udp.len = htons(static_cast<std::uint16_t>(sizeof udp + payload.size()));
    append(&udp, sizeof udp);
    append(payload.data(), payload.size());
    out.resize(out.size() - cut);
    return out;
  }
};

constexpr const char* kSender = "hft-tx";
constexpr const char* kReceiver = "hft-rx";
// More, native XDP does not take: a page for each packet.
constexpr int kVethMtu = 3400;

/// What `change` of this namespace's links gives: the error, or an empty
/// string.
template <class Change>
std::string change_links(const Change& change) {
  const std::unique_ptr<nl_sock, decltype(&nl_socket_free)> netlink(
      nl_socket_alloc(), &nl_socket_free);
  int error = nl_connect(netlink.get(), NETLINK_ROUTE);
  if (error == 0) {
    error = change(netlink.get());
  }
  return error == 0 ? "" : nl_geterror(error);
}

/// Make both.
std::string make_veth() {
  return change_links([](nl_sock* netlink) {
    return rtnl_link_veth_add(netlink, kSender, kReceiver, getpid());
  });
}

/// Either goes with the other.
std::string remove_veth() {
  return change_links([](nl_sock* netlink) {
    const std::unique_ptr<rtnl_link, decltype(&rtnl_link_put)> receiver(
        rtnl_link_alloc(), &rtnl_link_put);
    rtnl_link_set_name(receiver.get(), kReceiver);
    return rtnl_link_delete(netlink, receiver.get());
  });
}

class XdpFixture : public PinTest {
 protected:
  void SetUp() override {
    PinTest::SetUp();
    if (IsSkipped()) return;
    before_ = Descriptor(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    if (unshare(CLONE_NEWNET) != 0) {
      GTEST_SKIP() << "needs a network namespace: " << std::strerror(errno);
    }
    socket_ = Descriptor(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    net::bring_up("lo");
  }

  void TearDown() override {
    PinTest::TearDown();
    if (before_) {
      setns(before_.get(), CLONE_NEWNET);
    }
  }

  void send(const Frame& frame) const {
    const Bytes bytes = frame.bytes();
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(sender_));
    ASSERT_EQ(sendto(socket_.get(), bytes.data(), bytes.size(), 0,
                     reinterpret_cast<const sockaddr*>(&to), sizeof to),
              static_cast<ssize_t>(bytes.size()));
  }

  /// All that arrives of these frames, up to the first of a known length.
  struct Taken {
    std::uint32_t length;
    std::uint16_t type;
    std::uint16_t flags;
    Bytes payload;
  };
  std::vector<Taken> take(const XdpOptions& options,
                          const std::vector<Frame>& frames) {
    const Xdp xdp(options);
    const Attached ring = xdp.rings().attach(0, Role::kConsumer);
    auto consumer = ring.consumer();
    for (const Frame& frame : frames) {
      send(frame);
    }
    constexpr std::uint32_t kLast = 333;
    send({.payload = numbered(kLast)});
    std::vector<Taken> taken;
    for (;;) {
      const hft_record& record = consumer.read();
      const auto bytes = payload(record, ring.info().slot_size);
      const bool last = record.length == kLast;
      if (!last) {
        taken.push_back({record.length, record.type, record.flags,
                         Bytes(bytes.begin(), bytes.end())});
      }
      consumer.release();
      if (last) break;
    }
    const hft_ring_stats stats = xdp.stats();
    EXPECT_EQ(stats.offered, taken.size() + 1);
    EXPECT_EQ(stats.dropped, 0U);
    return taken;
  }

  // One ring: all is sent from one thread, on one CPU at a time.
  static XdpOptions on_loopback(std::uint32_t slot_size = 2048) {
    return {.interface = "lo",
            .port = kPort,
            .attach = Attach::kGeneric,
            .shape = {.slot_count = 64, .rings = 1, .slot_size = slot_size}};
  }

  Descriptor before_;
  Descriptor socket_;
  const char* sender_ = "lo";
};

class XdpTest : public XdpFixture, public testing::WithParamInterface<Attach> {
 protected:
  void SetUp() override {
    XdpFixture::SetUp();
    if (IsSkipped() || GetParam() == Attach::kGeneric) return;
    if (const std::string error = make_veth(); !error.empty()) {
      GTEST_SKIP() << "needs a veth pair: " << error;
    }
    sender_ = kSender;
    // The sender last: it then has its carrier, and sends, right away. The
    // kernel tells the first one of it some time later.
    for (const char* end : {kReceiver, kSender}) {
      ifreq request{};
      std::strcpy(request.ifr_name, end);
      request.ifr_mtu = kVethMtu;
      ASSERT_EQ(ioctl(socket_.get(), SIOCSIFMTU, &request), 0);
      net::bring_up(end);
    }
  }

  static XdpOptions here(std::uint32_t slot_size = 2048) {
    XdpOptions options = on_loopback(slot_size);
    if (GetParam() == Attach::kNative) {
      options.interface = kReceiver;
      options.attach = Attach::kNative;
    }
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(, XdpTest,
                         testing::Values(Attach::kGeneric, Attach::kNative),
                         [](const auto& instance) {
                           return instance.param == Attach::kGeneric ? "Generic"
                                                                     : "Native";
                         });

TEST_P(XdpTest, PayloadsOfEveryLengthArriveWhole) {
  std::vector<Frame> frames;
  for (const std::size_t size : std::initializer_list<std::size_t>{
           0,   1,   7,   8,   9,   39,  40,  41,   47,   48,   63,  64,
           103, 104, 105, 127, 128, 167, 168, 1000, 1471, 1472, 2000}) {
    frames.push_back({.payload = numbered(size)});
  }
  const std::vector<Taken> taken = take(here(), frames);
  ASSERT_EQ(taken.size(), frames.size());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    EXPECT_EQ(taken[i].length, frames[i].payload.size());
    EXPECT_EQ(taken[i].type, HFT_RECORD_UDP);
    EXPECT_EQ(taken[i].flags, 0U);
    EXPECT_EQ(taken[i].payload, frames[i].payload) << taken[i].length;
  }
}

TEST_P(XdpTest, SlotsOfEverySizeHoldWhatTheyHaveRoomFor) {
  for (std::uint32_t slot = HFT_SLOT_SIZE_MIN; slot <= HFT_SLOT_SIZE_MAX;
       slot *= 2) {
    const std::size_t room = payload_max(slot);
    std::vector<Frame> frames = {{.payload = numbered(room - 1)},
                                 {.payload = numbered(room)},
                                 {.payload = numbered(room + 1)},
                                 {.payload = numbered(room + 500)}};
    // A page is what a packet may have in XDP: less its head and its tail.
    constexpr std::size_t kLargest = 3000;
    std::erase_if(frames, [](const Frame& frame) {
      return frame.payload.size() > kLargest;
    });
    const std::vector<Taken> taken = take(here(slot), frames);
    ASSERT_EQ(taken.size(), frames.size()) << slot;
    for (std::size_t i = 0; i < taken.size(); ++i) {
      Bytes expected = frames[i].payload;
      EXPECT_EQ(taken[i].length, expected.size());
      EXPECT_EQ(taken[i].flags,
                expected.size() > room ? HFT_RECORD_TRUNCATED : 0U);
      expected.resize(std::min(expected.size(), room));
      EXPECT_EQ(taken[i].payload, expected) << slot;
    }
  }
}

TEST_P(XdpTest, WhatIsLongerThanASlotIsCountedOncePublished) {
  for (const bool frames : {false, true}) {
    XdpOptions options = here(256);
    options.frames = frames;
    options.shape.slot_count = 4;
    const Xdp xdp(options);
    const std::size_t room = payload_max(256) - (frames ? kFrameHeaders : 0);
    // The last one finds the ring full.
    for (const std::size_t size :
         {room, room + 1, room - 1, room + 500, room + 2}) {
      send({.payload = numbered(size)});
    }
    while (xdp.stats().offered < 5) {
    }
    EXPECT_EQ(xdp.stats().published, 4U);
    EXPECT_EQ(xdp.truncated(), 2U);
  }
}

TEST_P(XdpTest, WhatDoesNotMatchIsLeftToTheStack) {
  XdpOptions options = here();
  options.address = kGroup;
  const Bytes payload = numbered(20);
  const std::vector<Taken> taken =
      take(options, {{.payload = payload, .port = kPort + 1},
                     {.payload = payload, .address = "239.1.1.2"},
                     {.payload = payload, .protocol = IPPROTO_TCP},
                     {.payload = payload, .fragment = IP_MF},
                     {.payload = payload, .fragment = 7},
                     {.payload = payload, .cut = 1},
                     {.payload = payload, .cut = 21},
                     {.payload = payload, .cut = 30},
                     {.payload = payload, .cut = 47},
                     {.payload = payload}});
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].payload, payload);
}

TEST_P(XdpTest, TagsAndOptionsAreSkipped) {
  const Bytes payload = numbered(50);
  const std::vector<Taken> taken =
      take(here(), {{.payload = payload, .vlan = true},
                    {.payload = payload, .options = 12},
                    {.payload = payload, .options = 40, .vlan = true}});
  ASSERT_EQ(taken.size(), 3U);
  for (const Taken& one : taken) {
    EXPECT_EQ(one.payload, payload);
  }
}

TEST_P(XdpTest, AnyPortAndAddress) {
  XdpOptions options = here();
  options.port = 0;
  const Bytes payload = numbered(20);
  EXPECT_EQ(take(options, {{.payload = payload, .port = 1},
                           {.payload = payload, .address = "10.0.0.1"}})
                .size(),
            2U);
}

TEST_P(XdpTest, FramesAreWhole) {
  XdpOptions options = here();
  options.frames = true;
  const Frame frame{.payload = numbered(100)};
  const Xdp xdp(options);
  const Attached ring = xdp.rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  send(frame);
  const hft_record& record = consumer.read();
  EXPECT_EQ(record.type, HFT_RECORD_FRAME);
  const auto bytes = payload(record, ring.info().slot_size);
  EXPECT_EQ(Bytes(bytes.begin(), bytes.end()), frame.bytes());
}

TEST_P(XdpTest, FullRingDropsExactly) {
  XdpOptions options = here();
  options.shape.slot_count = 8;
  const Xdp xdp(options);
  const Attached ring = xdp.rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  for (std::size_t size = 0; size < 20; ++size) {
    send({.payload = numbered(size)});
  }
  while (xdp.stats().offered < 20) {
  }
  EXPECT_EQ(xdp.stats().published, 8U);
  EXPECT_EQ(xdp.stats().dropped, 12U);
  std::uint32_t next = 0;
  EXPECT_EQ(consumer.for_each([&](const hft_record& record) {
    EXPECT_EQ(record.length, next++);
  }),
            8U);
}

using XdpOnLoopback = XdpFixture;

/// A socket of the network stack that sends datagrams to itself.
class SelfSender {
 public:
  SelfSender() {
    here_.sin_family = AF_INET;
    here_.sin_port = htons(kPort);
    here_.sin_addr.s_addr = inet_addr("127.0.0.1");
    EXPECT_EQ(bind(udp_.get(), address(), sizeof here_), 0);
  }
  void send(const Bytes& payload) const {
    ASSERT_EQ(sendto(udp_.get(), payload.data(), payload.size(), 0, address(),
                     sizeof here_),
              static_cast<ssize_t>(payload.size()));
  }
  /// How long the next one that arrived is; -1 when there is none.
  [[nodiscard]] ssize_t received() const {
    std::array<char, 64> buffer{};
    return recv(udp_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  }

 private:
  [[nodiscard]] const sockaddr* address() const {
    return reinterpret_cast<const sockaddr*>(&here_);
  }

  Descriptor udp_{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_in here_{};
};

TEST_F(XdpOnLoopback, PassedPacketsReachTheStackToo) {
  for (const bool pass : {true, false}) {
    XdpOptions options = on_loopback();
    options.address = "127.0.0.1";
    options.pass = pass;
    const Xdp xdp(options);
    const Attached ring = xdp.rings().attach(0, Role::kConsumer);
    auto consumer = ring.consumer();
    const SelfSender socket;
    socket.send(numbered(4));
    EXPECT_EQ(consumer.read().length, 4U);
    EXPECT_EQ(socket.received(), pass ? 4 : -1);
  }
}

TEST_F(XdpOnLoopback, OnlyWhatAFullRingHasNoRoomForReachesTheStack) {
  XdpOptions options = on_loopback();
  options.address = "127.0.0.1";
  options.pass_when_full = true;
  options.shape.slot_count = 8;
  const Xdp xdp(options);
  const Attached ring = xdp.rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  const SelfSender socket;
  for (std::size_t size = 1; size <= 12; ++size) {
    socket.send(numbered(size));
  }
  for (ssize_t size = 9; size <= 12; ++size) {
    EXPECT_EQ(socket.received(), size);
  }
  EXPECT_EQ(socket.received(), -1);
  for (std::uint32_t size = 1; size <= 8; ++size) {
    EXPECT_EQ(consumer.read().length, size);
    consumer.release();
  }
  consumer.flush();
  EXPECT_EQ(xdp.stats().published, 8U);
  EXPECT_EQ(xdp.stats().dropped, 4U);
  // There is room again.
  socket.send(numbered(20));
  EXPECT_EQ(consumer.read().length, 20U);
  EXPECT_EQ(socket.received(), -1);
}

TEST_P(XdpTest, OverwriteReadersCountTheirLapsExactly) {
  XdpOptions options = here();
  options.shape.slot_count = 8;
  options.shape.mode = HFT_MODE_OVERWRITE;
  const Xdp xdp(options);
  const Attached ring = xdp.rings().attach(0, Role::kConsumer);
  auto reader = ring.reader();
  constexpr std::size_t kPackets = 20;
  for (std::size_t size = 0; size < kPackets; ++size) {
    send({.payload = numbered(size)});
  }
  while (xdp.stats().published < kPackets) {
  }
  EXPECT_EQ(xdp.stats().dropped, 0U);
  const std::uint64_t read = read_numbered(
      reader, [](const hft_record& record) { return record.length; });
  EXPECT_GT(read, 0U);
  EXPECT_EQ(read + reader.lapped(), kPackets);
}

// Packets go on coming; what is in a ring is whole, and outlives its producer.
TEST_P(XdpTest, AttachesAndDetachesWhilePacketsCome) {
  const std::jthread sender([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      send({.payload = numbered(100)});
    }
  });
  for (int turn = 0; turn < 10; ++turn) {
    auto xdp = std::make_unique<Xdp>(here());
    const Attached ring = xdp->rings().attach(0, Role::kConsumer);
    auto consumer = ring.consumer(StartAt::kOldest);
    const auto expect_whole = [&](const hft_record& record) {
      const auto bytes = payload(record, ring.info().slot_size);
      EXPECT_EQ(Bytes(bytes.begin(), bytes.end()), numbered(100));
    };
    for (int i = 0; i < 5; ++i) {
      expect_whole(consumer.read());
      consumer.release();
    }
    xdp.reset();
    consumer.for_each(expect_whole);
  }
}

TEST_P(XdpTest, InterfacesAreTakenOnceAndGivenBack) {
  {
    const Xdp xdp(here());
    EXPECT_EQ(xdp.native(), GetParam() == Attach::kNative);
    EXPECT_THROW(Xdp second(here()), std::system_error);
  }
  EXPECT_NO_THROW(Xdp again(here()));
}

// A veth pair that is removed under the program, in both modes.
TEST_F(XdpOnLoopback, InterfacesThatGoAwayAreToldAndTheirRecordsStay) {
  for (const Attach attach : {Attach::kGeneric, Attach::kNative}) {
    if (const std::string error = make_veth(); !error.empty()) {
      GTEST_SKIP() << "needs a veth pair: " << error;
    }
    net::bring_up(kReceiver);
    net::bring_up(kSender);
    sender_ = kSender;
    XdpOptions options = on_loopback();
    options.interface = kReceiver;
    options.attach = attach;
    const Xdp xdp(options);
    const Attached ring = xdp.rings().attach(0, Role::kConsumer);
    auto consumer = ring.consumer();
    send({.payload = numbered(20)});
    while (xdp.stats().published < 1) {
    }
    EXPECT_TRUE(xdp.attached());
    EXPECT_EQ(remove_veth(), "");
    EXPECT_FALSE(xdp.attached());
    EXPECT_EQ(consumer.read().length, 20U);
    EXPECT_EQ(xdp.stats().offered, 1U);
  }
}

TEST_F(XdpOnLoopback, ASuccessorGoesOnWithRingsOfAnySlotSize) {
  auto xdp = std::make_unique<Xdp>(on_loopback(512));
  xdp->rings().pin(pin_folder());
  const Attached ring = xdp->rings().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  for (std::uint32_t packet = 0; packet < 4; ++packet) {
    if (packet == 2) {
      xdp.reset();
      XdpOptions options = on_loopback();
      options.go_on = GoOn{.folder = pin_folder(), .alone = true};
      xdp = std::make_unique<Xdp>(options);
    }
    send({.payload = numbered(100 + packet)});
    EXPECT_EQ(consumer.read().length, 100 + packet);
    EXPECT_EQ(consumer.position(), packet);
    consumer.release();
  }
  EXPECT_EQ(xdp->rings().attach(0, Role::kObserver).info().slot_size, 512U);
  EXPECT_EQ(xdp->stats().published, 4U);
}

TEST_F(XdpOnLoopback, MistakesAreNamed) {
  XdpOptions options = on_loopback();
  options.interface = "nothere0";
  EXPECT_THROW(Xdp xdp(options), std::system_error);
  options = on_loopback();
  options.address = "239.1.1";
  EXPECT_THROW(Xdp xdp(options), std::invalid_argument);
  options = on_loopback();
  options.pass = options.pass_when_full = true;
  EXPECT_THROW(Xdp xdp(options), std::invalid_argument);
  options = on_loopback();
  options.attach = Attach::kNative;
  EXPECT_THROW(Xdp xdp(options), std::system_error);
}

}  // namespace
}  // namespace hft::bpf
