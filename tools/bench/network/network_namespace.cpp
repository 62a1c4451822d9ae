// SPDX-License-Identifier: MIT
#include "bench/network/network_namespace.hpp"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace hft::bench {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

Descriptor current() {
  Descriptor here(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!here) {
    fail("/proc/thread-self/ns/net");
  }
  return here;
}

void enter(int there) {
  if (setns(there, CLONE_NEWNET) != 0) {
    fail("enter a network namespace");
  }
}

}  // namespace

NetworkNamespace::NetworkNamespace() {
  const Descriptor home = current();
  if (unshare(CLONE_NEWNET) != 0) {
    fail(errno == EPERM ? "it makes network namespaces, which only root may "
                          "(CAP_SYS_ADMIN)"
                        : "make a network namespace (CONFIG_NET_NS)");
  }
  inside_ = current();
  enter(home.get());
}

Visit::Visit(const NetworkNamespace& there) : home_(current()) {
  enter(there.fd());
}

// Elsewhere, nothing would do what its caller thinks.
Visit::~Visit() {
  if (setns(home_.get(), CLONE_NEWNET) != 0) {
    std::abort();
  }
}

}  // namespace hft::bench
