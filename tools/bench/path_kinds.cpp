// SPDX-License-Identifier: MIT
#include <linux/membarrier.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "hft/bpf.hpp"
#include "hft/descriptor.hpp"
#include "hft/device.hpp"
#include "path.hpp"

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

std::string bpf_unavailable() {
  std::string why_not = process_unavailable();
  return why_not.empty() ? bpf::unavailable() : why_not;
}

}  // namespace

const std::vector<PathKind>& path_kinds() {
  static const std::vector<PathKind> kinds = {
      {"syscall", "syscall 548/777: there and back, no record", true, true,
       false, driver_unavailable, attach_syscall},
      {"read", "blocking read() of /dev/hft", true, true, false,
       driver_unavailable, attach_read},
      {"shm", "one shared word, polled", true, true, false, driver_unavailable,
       attach_shm},
      {"lamport",
       "indices on two lines, as first written: pause in the loop, mfence "
       "before the clock",
       true, true, false, driver_unavailable, attach_lamport},
      {"lamport-spin", "the same ring, polled without pause or mfence", true,
       false, false, driver_unavailable, attach_lamport_spin},
      {"ring", "slots that publish themselves, polled", true, true, false,
       driver_unavailable, attach_ring},
      {"floor", "one line bounced between two processes, halved; no record",
       false, true, false, process_unavailable, attach_floor},
      {"process", "our ring between two processes, polled", false, true, true,
       process_unavailable, attach_process},
      {"eventfd", "our ring, and an eventfd that the consumer sleeps on", false,
       true, true, eventfd_unavailable, attach_eventfd},
      {"pipe", "write() and blocking read() of a pipe", false, true, true,
       process_unavailable, attach_pipe},
      {"futex", "our ring, whose consumer always sleeps until woken", false,
       true, true, futex_unavailable, attach_futex},
      {"ebpf", "our ring, from a bpf_timer, polled", false, true, false,
       bpf_unavailable, attach_ebpf},
      {"ringbuf-poll", "the BPF ring buffer, from a bpf_timer, in epoll", false,
       true, false, bpf_unavailable, attach_ringbuf_poll},
      {"ringbuf-spin", "the BPF ring buffer, from a bpf_timer, polled", false,
       true, false, bpf_unavailable, attach_ringbuf_spin},
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
