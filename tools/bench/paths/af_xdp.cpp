// SPDX-License-Identifier: MIT
// AF_XDP: frames in memory shared with the kernel, polled without system calls.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_xdp.h>
#include <redirect.skel.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xdp/xsk.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "bench/network/packet_sender.hpp"
#include "bench/network/xdp_mode.hpp"
#include "bench/paths/pause_watch.hpp"
#include "bench/paths/unavailable.hpp"
#include "hft/bpf.hpp"
#include "hft/bpf_xdp_link.hpp"
#include "hft/cpu.hpp"
#include "hft/detail/mapping.hpp"

namespace hft::bench {
namespace {

// Holds a frame of Ethernet and the room that the kernel leaves before it.
constexpr std::uint32_t kFrame = 2048;
constexpr std::size_t kHeaders =
    net::kEthernetSize + net::kIpSize + net::kUdpSize;
constexpr std::uint32_t kQueue = 0;

void check(int result, const char* what) {
  if (result < 0) {
    throw std::system_error(-result, std::generic_category(), what);
  }
}

/// Frames, the ring of those we hand in and of those that come back filled.
class XdpSocket {
 public:
  explicit XdpSocket(std::uint64_t capacity)
      : frames_(std::bit_ceil(static_cast<std::uint32_t>(capacity))),
        memory_(Mapping::anonymous(std::size_t{frames_} * kFrame)) {
    const Visit visit(Veth::shared().receiver());
    // The kernel frees a queue of its last socket a while after that closed.
    int result = open();
    for (int tries = 1'000; result == -EBUSY && tries > 0; --tries) {
      usleep(1'000);
      result = open();
    }
    check(result, "make an AF_XDP socket");
    hand_in_all();
  }
  XdpSocket(const XdpSocket&) = delete;
  XdpSocket& operator=(const XdpSocket&) = delete;
  ~XdpSocket() {
    xsk_socket__delete(socket_);
    xsk_umem__delete(umem_);
  }

  [[nodiscard]] int fd() const { return xsk_socket__fd(socket_); }

  /// The next frame, or null.
  [[nodiscard]] const std::byte* try_read() {
    std::uint32_t index = 0;
    if (xsk_ring_cons__peek(&filled_, 1, &index) == 0) {
      return nullptr;
    }
    address_ = xsk_ring_cons__rx_desc(&filled_, index)->addr;
    return memory_.as<const std::byte>() + address_;
  }

  /// Hand the frame just read in again.
  void release() {
    xsk_ring_cons__release(&filled_, 1);
    hand_in(address_ / kFrame * kFrame);
  }

 private:
  // 0 or an error number, negative.
  int open() {
    // libxdp wants a ring for frames that were sent: the smallest.
    const xsk_umem_config umem = {.fill_size = frames_,
                                  .comp_size = 1,
                                  .frame_size = kFrame,
                                  .frame_headroom = 0,
                                  .flags = 0};
    int result = xsk_umem__create(&umem_, memory_.as<void>(), memory_.bytes(),
                                  &fill_, &completion_, &umem);
    if (result < 0) {
      return result;
    }
    xsk_socket_config config{};
    config.rx_size = frames_;
    config.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD;
    config.bind_flags = XDP_COPY;
    result = xsk_socket__create(&socket_, Veth::kReceiverName, kQueue, umem_,
                                &filled_, nullptr, &config);
    if (result < 0) {
      xsk_umem__delete(umem_);
    }
    return result;
  }
  void hand_in_all() {
    for (std::uint64_t frame = 0; frame < frames_; ++frame) {
      hand_in(frame * kFrame);
    }
  }
  // There is room for every frame that exists.
  void hand_in(std::uint64_t address) {
    std::uint32_t index = 0;
    xsk_ring_prod__reserve(&fill_, 1, &index);
    *xsk_ring_prod__fill_addr(&fill_, index) = address;
    xsk_ring_prod__submit(&fill_, 1);
  }

  std::uint32_t frames_;
  Mapping memory_;
  xsk_umem* umem_ = nullptr;
  xsk_socket* socket_ = nullptr;
  xsk_ring_prod fill_{};
  xsk_ring_cons completion_{};
  xsk_ring_cons filled_{};
  std::uint64_t address_ = 0;
};

/// The program that sends our datagrams to a socket.
class Redirect {
 public:
  explicit Redirect(int socket) : program_(redirect_bpf::open()) {
    check(program_ == nullptr ? -errno : 0, "open a BPF program");
    program_->bss->port = htons(Veth::kPort);
    bpf::load(*program_);
    const std::uint32_t queue = kQueue;
    check(bpf_map_update_elem(bpf_map__fd(program_->maps.sockets), &queue,
                              &socket, BPF_ANY),
          "give an AF_XDP socket to a BPF program");
  }

  [[nodiscard]] int fd() const {
    return bpf_program__fd(program_->progs.redirect);
  }

 private:
  struct Destroy {
    void operator()(redirect_bpf* program) const {
      redirect_bpf::destroy(program);
    }
  };
  std::unique_ptr<redirect_bpf, Destroy> program_;
};

bpf::XdpLink attach(int program) {
  const Visit visit(Veth::shared().receiver());
  return {program, Veth::shared().receiver_index()};
}

class AfXdpPath : public Path {
 public:
  explicit AfXdpPath(const Setting& setting)
      : watch_(setting.watch),
        reader_(setting),
        size_(packet_size(setting)),
        socket_(setting.capacity),
        redirect_(socket_.fd()),
        link_(attach(redirect_.fd())),
        sender_(setting) {
    report_xdp_mode(link_.native(), setting.path);
  }

  void begin() override { sender_.start(); }

  Arrival next() override {
    const std::byte* frame = nullptr;
    spin_until(watch_, [&] {
      frame = socket_.try_read();
      return frame != nullptr;
    });
    // It is seen when all of it is here.
    std::memcpy(packet_.data(), frame + kHeaders, size_);
    compiler_barrier();
    Arrival arrival;
    arrival.now = tsc_now();
    socket_.release();
    reader_.take(packet_.data(), arrival);
    arrival.stall_cycles = watch_.longest();
    return arrival;
  }

 private:
  PauseWatch watch_;
  PacketReader reader_;
  std::size_t size_;
  PacketBuffer packet_{};
  XdpSocket socket_;
  Redirect redirect_;
  bpf::XdpLink link_;
  PacketSender sender_;
};

std::string af_xdp_unavailable() {
  std::string why_not = packets_unavailable();
  if (!why_not.empty()) {
    return why_not;
  }
  if (!Descriptor(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0))) {
    return "socket(AF_XDP): " + errno_text() +
           ": it needs a kernel with CONFIG_XDP_SOCKETS";
  }
  const int found = libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, nullptr);
  if (found <= 0) {
    return "XDP programs: " +
           (found < 0 ? std::generic_category().message(-found)
                      : "unknown to this kernel (CONFIG_BPF_SYSCALL)");
  }
  return "";
}

}  // namespace

extern const PathKind kAfXdp = {
    .name = "af-xdp",
    .summary = "UDP over veth, AF_XDP in copy mode, its ring polled",
    .adapts = Adapts::kToPayload,
    .unavailable = af_xdp_unavailable,
    .attach = attach_as<AfXdpPath>,
    .largest = Veth::kPayloadMax,
    .packets = true,
};

}  // namespace hft::bench
