// SPDX-License-Identifier: MIT
#include <bpf/libbpf.h>
#include <linux/membarrier.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "bench/network/veth.hpp"
#include "bench/path.hpp"
#include "hft/bpf.hpp"
#include "hft/descriptor.hpp"
#include "hft/device.hpp"

namespace hft::bench {
namespace {

std::string system_error_text() {
  return std::generic_category().message(errno);
}

// Not the CPUs of our affinity mask: isolated ones are not in it, and are the
// ones to take.
std::string process_unavailable() {
  return sysconf(_SC_NPROCESSORS_ONLN) < 2
             ? "it needs two CPUs, one is online: both ends would share it"
             : "";
}

std::string eventfd_unavailable() {
  std::string why_not = process_unavailable();
  if (why_not.empty() && Descriptor(eventfd(0, EFD_CLOEXEC)).get() < 0) {
    why_not = "eventfd(2): " + system_error_text();
  }
  return why_not;
}

std::string futex_unavailable() {
  std::string why_not = process_unavailable();
  const long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  if (why_not.empty() && commands < 0) {
    why_not = "membarrier(2): " + system_error_text() +
              ": a consumer cannot sleep on a ring without it";
  }
  return why_not;
}

// Whether it can be made shows only when it is: those that are measured then
// have it.
std::string packets_unavailable() {
  std::string why_not = process_unavailable();
  if (why_not.empty()) {
    try {
      Veth::shared();
    } catch (const std::exception& error) {
      why_not = error.what();
    }
  }
  if (why_not.empty() &&
      !Descriptor(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0))) {
    why_not = "socket(AF_PACKET): " + system_error_text() +
              ": it needs CAP_NET_RAW and a kernel with CONFIG_PACKET";
  }
  return why_not;
}

std::string busy_poll_unavailable() {
  std::string why_not = packets_unavailable();
  const Descriptor udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (why_not.empty() && setsockopt(udp.get(), SOL_SOCKET, SO_PREFER_BUSY_POLL,
                                    &on, sizeof(on)) != 0) {
    why_not = "SO_PREFER_BUSY_POLL: " + system_error_text() +
              ": it needs Linux 5.11 with CONFIG_NET_RX_BUSY_POLL";
  }
  return why_not;
}

std::string af_xdp_unavailable() {
  std::string why_not = packets_unavailable();
  if (!why_not.empty()) {
    return why_not;
  }
  if (!Descriptor(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0))) {
    return "socket(AF_XDP): " + system_error_text() +
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

std::string syscall_unavailable() {
  std::string why_not = driver_unavailable();
  return why_not.empty() && !has_syscall()
             ? "a module has no syscall 548: run ./sandbox exec -- hft bench"
             : why_not;
}

std::string xdp_unavailable() {
  std::string why_not = packets_unavailable();
  return why_not.empty() ? bpf::unavailable() : why_not;
}

std::string bpf_unavailable() {
  std::string why_not = process_unavailable();
  return why_not.empty() ? bpf::unavailable() : why_not;
}

}  // namespace

const std::vector<PathKind>& path_kinds() {
  static const std::vector<PathKind> kinds = {
      {"syscall", "syscall 548/777: there and back, no record", true, true,
       Adapts::kNot, syscall_unavailable, attach_syscall},
      {"read", "blocking read() of /dev/hft", true, true, Adapts::kNot,
       driver_unavailable, attach_read},
      {"shm", "one shared word, polled", true, true, Adapts::kNot,
       driver_unavailable, attach_shm},
      {"lamport",
       "indices on two lines, as first written: pause in the loop, mfence "
       "before the clock",
       true, true, Adapts::kNot, driver_unavailable, attach_lamport},
      {"lamport-spin", "the same ring, polled without pause or mfence", true,
       false, Adapts::kNot, driver_unavailable, attach_lamport_spin},
      {"ring", "slots that publish themselves, polled", true, true,
       Adapts::kNot, driver_unavailable, attach_ring},
      {"floor", "one line bounced between two processes, halved; no record",
       false, true, Adapts::kNot, process_unavailable, attach_floor},
      {"process", "our ring between two processes, polled", false, true,
       Adapts::kToRings, process_unavailable, attach_process},
      {"eventfd", "our ring, and an eventfd that the consumer sleeps on", false,
       true, Adapts::kToPayload, eventfd_unavailable, attach_eventfd},
      {"pipe", "write() and blocking read() of a pipe", false, true,
       Adapts::kToPayload, process_unavailable, attach_pipe},
      {"futex", "our ring, whose consumer always sleeps until woken", false,
       true, Adapts::kToPayload, futex_unavailable, attach_futex},
      {"udp-block", "UDP over veth, blocking recv()", false, false,
       Adapts::kToPayload, packets_unavailable, attach_udp_block,
       Veth::kPayloadMax, true},
      {"udp-spin", "UDP over veth, recv() in a loop", false, false,
       Adapts::kToPayload, packets_unavailable, attach_udp_spin,
       Veth::kPayloadMax, true},
      {"udp-busy-poll",
       "the same with SO_BUSY_POLL, though veth has no queue to poll", false,
       false, Adapts::kToPayload, busy_poll_unavailable, attach_udp_busy_poll,
       Veth::kPayloadMax, true},
      {"af-xdp", "UDP over veth, AF_XDP in copy mode, its ring polled", false,
       false, Adapts::kToPayload, af_xdp_unavailable, attach_af_xdp,
       Veth::kPayloadMax, true},
      {"xdp", "UDP over veth, an XDP program to our ring, polled", false, false,
       Adapts::kToPayload, xdp_unavailable, attach_xdp, Veth::kPayloadMax,
       true},
      {"xdp-entry", "the same, from the XDP program's stamp", false, false,
       Adapts::kToPayload, xdp_unavailable, attach_xdp_entry, Veth::kPayloadMax,
       true},
      {"ebpf", "our ring, from a bpf_timer, polled", false, true,
       Adapts::kToRate, bpf_unavailable, attach_ebpf},
      {"ebpf-poll", "the same in epoll: it sleeps, and the program wakes it",
       false, false, Adapts::kToRate, bpf_unavailable, attach_ebpf_poll},
      {"ringbuf-poll", "the BPF ring buffer, from a bpf_timer, in epoll", false,
       true, Adapts::kToRate, bpf_unavailable, attach_ringbuf_poll},
      {"ringbuf-spin", "the BPF ring buffer, from a bpf_timer, polled", false,
       true, Adapts::kToRate, bpf_unavailable, attach_ringbuf_spin},
  };
  return kinds;
}

const PathKind* find_path(std::string_view name) {
  const auto& kinds = path_kinds();
  const auto found =
      std::find_if(kinds.begin(), kinds.end(),
                   [&](const PathKind& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

}  // namespace hft::bench
