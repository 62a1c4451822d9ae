// SPDX-License-Identifier: MIT
#include "bench/network/xdp_attachment.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "bench/network/veth.hpp"

namespace hft::bench {
namespace {

Descriptor attach(int program, std::uint32_t mode) {
  const Veth& veth = Veth::shared();
  const Visit visit(veth.receiver());
  bpf_link_create_opts options{};
  options.sz = sizeof(options);
  options.flags = mode;
  return Descriptor(
      bpf_link_create(program, veth.receiver_index(), BPF_XDP, &options));
}

}  // namespace

// A receiver needs no more of veth than that: only who forwards to a veth
// needs XDP or GRO at its other end.
XdpAttachment::XdpAttachment(int program, std::string_view path)
    : link_(attach(program, XDP_FLAGS_DRV_MODE)) {
  if (link_) {
    return;
  }
  const std::error_code refused(errno, std::generic_category());
  link_ = attach(program, XDP_FLAGS_SKB_MODE);
  if (!link_) {
    throw std::system_error(errno, std::generic_category(),
                            "attach an XDP program to a veth interface");
  }
  static bool said = false;
  if (!std::exchange(said, true)) {
    fmt::print(stderr,
               "hft bench: path {}: native XDP on veth: {}: measured with "
               "generic XDP\n",
               path, refused.message());
  }
}

}  // namespace hft::bench
