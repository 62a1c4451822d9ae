// SPDX-License-Identifier: MIT
#include "hft/bpf_xdp.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <net/if.h>

#include <cerrno>
#include <optional>
#include <stdexcept>
#include <type_traits>

#include "bpf/skeleton.hpp"
#include "hft/bpf_xdp_link.hpp"
#include "region_internal.hpp"
#include "xdp.skel.h"

namespace hft::bpf {

using hft::internal::fail;

namespace {

in_addr_t parse_address(const std::string& text) {
  in_addr address{};
  if (!text.empty() && inet_pton(AF_INET, text.c_str(), &address) != 1) {
    throw std::invalid_argument(fmt::format(
        "address is '{}', expected an IPv4 address such as 239.1.1.1", text));
  }
  return address.s_addr;
}

}  // namespace

struct Xdp::Loaded {
  internal::Owned<xdp_bpf, xdp_bpf__destroy> skeleton =
      internal::open_skeleton<xdp_bpf__open, xdp_bpf__destroy>();
  std::optional<Rings> rings;
  std::optional<XdpLink> link;
  bool native = true;
};

Xdp::Xdp(const Options& options) : loaded_(std::make_unique<Loaded>()) {
  const in_addr_t address = parse_address(options.address);
  if (options.pass && options.pass_when_full) {
    throw std::invalid_argument(
        "expected pass or pass_when_full, found both: with pass the network "
        "stack gets every packet, whether the ring is full or not; set one");
  }
  const unsigned index = if_nametoindex(options.interface.c_str());
  if (index == 0) {
    fail(errno, fmt::format("interface '{}'", options.interface));
  }
  auto& constants = *loaded_->skeleton->rodata;
  constants.port = htons(options.port);
  constants.address = address;
  constants.frames = options.frames ? 1 : 0;
  constants.pass = options.pass ? 1 : 0;
  constants.pass_when_full = options.pass_when_full ? 1 : 0;
  std::optional<GoOn> go_on = options.go_on;
  if (go_on) {
    go_on->any_slot_size = true;
  }
  loaded_->rings = internal::load_with_rings(*loaded_->skeleton, "packets",
                                             options.shape, go_on);

  loaded_->link.emplace(bpf_program__fd(loaded_->skeleton->progs.on_packet),
                        index, options.attach);
  loaded_->native = loaded_->link->native();
}

Xdp::Xdp(Xdp&&) noexcept = default;
Xdp& Xdp::operator=(Xdp&&) noexcept = default;
Xdp::~Xdp() = default;

const Rings& Xdp::rings() const noexcept { return *loaded_->rings; }
bool Xdp::native() const noexcept { return loaded_->native; }

void Xdp::stop() {
  loaded_->link.reset();
  internal::await_programs();
}

bool Xdp::attached() const {
  return loaded_->link && loaded_->link->attached();
}

hft_ring_stats Xdp::stats(std::uint32_t ring) const {
  return bpf::stats(*loaded_->skeleton->obj, "packets", ring);
}

std::uint64_t Xdp::truncated() const {
  const __u32 key = 0;
  std::remove_pointer_t<decltype(xdp_bpf::bss)> counters{};
  if (bpf_map_lookup_elem(bpf_map__fd(loaded_->skeleton->maps.bss), &key,
                          &counters) != 0) {
    fail(errno, "read how many packets were longer than a slot");
  }
  return counters.truncated;
}

}  // namespace hft::bpf
