// SPDX-License-Identifier: MIT
#include "hft/bpf_xdp_link.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <cerrno>
#include <string>

#include "region_internal.hpp"

namespace hft::bpf {

using hft::internal::fail;

namespace {

// The link goes, and the program with it, when its descriptor is closed.
Descriptor try_attach(int program, unsigned interface, unsigned flags) {
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = flags;
  return Descriptor(
      bpf_link_create(program, static_cast<int>(interface), BPF_XDP, &options));
}

[[noreturn]] void fail_attach(unsigned interface) {
  const int error = errno;
  const char* hint = "";
  if (error == EBUSY) {
    hint = ": another XDP program is attached (ip link show)";
  } else if (error == EOPNOTSUPP || error == EINVAL) {
    hint =
        ": its driver has no native mode, or not for its MTU or its number of "
        "queues: attach in generic mode";
  }
  char name[IF_NAMESIZE] = "";
  const bool named = if_indextoname(interface, name) != nullptr;
  fail(error, fmt::format("attach an XDP program to {}{}",
                          named ? name : fmt::format("interface {}", interface),
                          hint));
}

}  // namespace

XdpLink::XdpLink(int program, unsigned interface, XdpAttach attach) {
  using enum XdpAttach;
  if (attach != kGeneric) {
    link_ = try_attach(program, interface, XDP_FLAGS_DRV_MODE);
  }
  if (!link_ && (attach == kGeneric || (attach == kAuto && errno != EBUSY))) {
    native_ = false;
    link_ = try_attach(program, interface, XDP_FLAGS_SKB_MODE);
  }
  if (!link_) {
    fail_attach(interface);
  }
}

bool XdpLink::attached() const {
  bpf_link_info info{};
  __u32 size = sizeof info;
  if (bpf_obj_get_info_by_fd(link_.get(), &info, &size) != 0) {
    fail(errno, "ask where an XDP program is attached");
  }
  return info.xdp.ifindex != 0;
}

}  // namespace hft::bpf
