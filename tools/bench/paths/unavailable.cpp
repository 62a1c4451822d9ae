// SPDX-License-Identifier: MIT
#include "bench/paths/unavailable.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <system_error>

#include "bench/network/veth.hpp"
#include "hft/bpf.hpp"
#include "hft/descriptor.hpp"

namespace hft::bench {

std::string errno_text() { return std::generic_category().message(errno); }

// Not the CPUs of our affinity mask: isolated ones are not in it, and are the
// ones to take.
std::string process_unavailable() {
  return sysconf(_SC_NPROCESSORS_ONLN) < 2
             ? "it needs two CPUs, one is online: both ends would share it"
             : "";
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
    why_not = "socket(AF_PACKET): " + errno_text() +
              ": it needs CAP_NET_RAW and a kernel with CONFIG_PACKET";
  }
  return why_not;
}

std::string bpf_unavailable() {
  std::string why_not = process_unavailable();
  return why_not.empty() ? bpf::unavailable() : why_not;
}

}  // namespace hft::bench
