// SPDX-License-Identifier: MIT
// A skeleton of bpftool's that destroys itself.
//
//   Skeleton<&xdp_bpf__open, &xdp_bpf__destroy> skeleton =
//       open_skeleton<&xdp_bpf__open, &xdp_bpf__destroy>();
#pragma once

#include <cerrno>
#include <memory>
#include <system_error>
#include <type_traits>

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

}  // namespace hft::bpf::internal
