// SPDX-License-Identifier: MIT
// An XDP program on an interface: native where its driver offers that.
//
//   const hft::bpf::XdpLink link(bpf_program__fd(skeleton->progs.on_packet),
//                                if_nametoindex("eth1"));
#pragma once

#include "hft/descriptor.hpp"

namespace hft::bpf {

/// kNative runs in the interface's driver, kGeneric before the stack, on any
/// interface. kAuto takes what there is.
enum class XdpAttach { kAuto, kNative, kGeneric };

/// Attached until destruction, or until this process ends, unless the interface
/// goes away. Move-only. Not thread-safe.
class XdpLink {
 public:
  /// `program` is the descriptor of one, `interface` a number in the network
  /// namespace of the calling thread. Throws std::system_error when the
  /// interface is taken by another XDP program, or does not offer the mode.
  XdpLink(int program, unsigned interface, XdpAttach attach = XdpAttach::kAuto);

  [[nodiscard]] bool native() const noexcept { return native_; }
  /// False once the interface was removed, or somebody detached the program. A
  /// system call; throws std::system_error.
  [[nodiscard]] bool attached() const;

 private:
  Descriptor link_;
  bool native_ = true;
};

}  // namespace hft::bpf
