// SPDX-License-Identifier: MIT
#include "hft/bpf_sched_switch.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <optional>

#include "bpf/skeleton.hpp"
#include "region_internal.hpp"
#include "sched_switch.skel.h"

namespace hft::bpf {

using hft::internal::fail;

struct SchedSwitch::Loaded {
  internal::Owned<sched_switch_bpf, sched_switch_bpf__destroy> skeleton =
      internal::open_skeleton<sched_switch_bpf__open,
                              sched_switch_bpf__destroy>();
  std::optional<Rings> rings;
};

SchedSwitch::SchedSwitch(const Shape& shape, const std::optional<GoOn>& go_on)
    : loaded_(std::make_unique<Loaded>()) {
  loaded_->rings =
      internal::load_with_rings(*loaded_->skeleton, "switches", shape, go_on);
  if (sched_switch_bpf__attach(loaded_->skeleton.get()) != 0) {
    fail(errno, "attach a BPF program to the tracepoint sched_switch");
  }
}

SchedSwitch::SchedSwitch(SchedSwitch&&) noexcept = default;
SchedSwitch& SchedSwitch::operator=(SchedSwitch&&) noexcept = default;
SchedSwitch::~SchedSwitch() = default;

const Rings& SchedSwitch::rings() const noexcept { return *loaded_->rings; }

void SchedSwitch::stop() {
  sched_switch_bpf__detach(loaded_->skeleton.get());
  internal::await_programs();
}

hft_ring_stats SchedSwitch::stats(std::uint32_t cpu) const {
  return bpf::stats(*loaded_->skeleton->obj, "switches", cpu);
}

}  // namespace hft::bpf
