// SPDX-License-Identifier: MIT
// A skeleton of bpftool's that destroys itself, and its rings.
//
//   Owned<xdp_bpf, xdp_bpf__destroy> skeleton =
//       open_skeleton<xdp_bpf__open, xdp_bpf__destroy>();
//   Rings rings = load_with_rings(*skeleton, "packets", shape, std::nullopt);
#pragma once

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "hft/bpf.hpp"

namespace hft::bpf::internal {

template <auto Destroy>
struct Destroyer {
  template <class T>
  void operator()(T* object) const {
    Destroy(object);
  }
};

template <class T, auto Destroy>
using Owned = std::unique_ptr<T, Destroyer<Destroy>>;

/// Throws std::system_error.
template <auto Open, auto Destroy>
auto open_skeleton() {
  using T = std::remove_pointer_t<decltype(Open())>;
  Owned<T, Destroy> skeleton(Open());
  if (!skeleton) {
    throw std::system_error(errno, std::generic_category(),
                            "open BPF programs: are they of this libbpf?");
  }
  return skeleton;
}

/// Load a skeleton whose ring `name` is of `shape`, or goes on with what is
/// pinned. Throws as load() and Rings::go_on() do.
template <Skeleton T>
Rings load_with_rings(T& skeleton, std::string_view name, const Shape& shape,
                      const std::optional<GoOn>& pinned) {
  bpf_object& object = *skeleton.obj;
  if (pinned) {
    Rings rings = Rings::go_on(object, name, *pinned);
    load(skeleton);
    return rings;
  }
  bpf::shape(object, name, shape);
  load(skeleton);
  return Rings::of(object, name);
}

/// Returns when programs that were detached before have ended on every CPU.
inline void await_programs() {
  constexpr useconds_t kLongRun = 20'000;
  // The kernel refuses it with nohz_full; a program does not run for so long.
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) {
    usleep(kLongRun);
  }
}

}  // namespace hft::bpf::internal
