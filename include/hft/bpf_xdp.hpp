// SPDX-License-Identifier: MIT
// UDP datagrams of an interface, in rings: an XDP program puts them there.
//
//   hft::bpf::Xdp feed({.interface = "eth1", .port = 26400});
//   auto ring = feed.rings().attach(cpu, hft::Role::kConsumer);
//   auto consumer = ring.consumer();
//   decode(hft::payload(consumer.read(), ring.info().slot_size));
#pragma once

#include <hft/abi.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hft/bpf.hpp"
#include "hft/bpf_xdp_link.hpp"

namespace hft::bpf {

struct XdpOptions {
  using Attach = XdpAttach;

  std::string interface;     // of the calling thread's network namespace
  std::uint16_t port = 0;    // of the destination; 0: any
  std::string address = {};  // of the destination, "239.1.1.1"; empty: any
  bool frames = false;       // whole Ethernet frames instead of payloads
  bool pass = false;         // the network stack gets the packets, too
  /// The network stack gets the packets that a full ring has no room for; they
  /// count as dropped all the same. Not together with `pass`.
  bool pass_when_full = false;
  Attach attach = Attach::kAuto;
  Shape shape{.slot_size = 2048};  // 64 to 4,096
  /// The pinned rings to go on with, which are then what `shape` would say,
  /// whatever the size of their slots.
  std::optional<GoOn> go_on = std::nullopt;
};

/// Attached from construction to stop() or destruction, unless the interface
/// goes away.
/// Records are of HFT_RECORD_UDP or HFT_RECORD_FRAME, stamped when the packet
/// was matched. What does not match (IPv6, fragments, other ports) goes to the
/// network stack. Neither IP nor UDP checksums are looked at. Move-only. Not
/// thread-safe.
///
/// The program runs on the CPU that received the packet, and puts it into that
/// CPU's ring; with Shape::rings = 1 into the one ring of all CPUs.
class Xdp {
 public:
  using Options = XdpOptions;

  /// Throws as load() and Rings::go_on() do; std::invalid_argument for an
  /// address that is none, or for both pass and pass_when_full;
  /// std::system_error when there is no such interface, when it is taken by
  /// another XDP program, or when it does not offer the mode.
  explicit Xdp(const Options& options);
  Xdp(Xdp&&) noexcept;
  Xdp& operator=(Xdp&&) noexcept;
  Xdp(const Xdp&) = delete;
  Xdp& operator=(const Xdp&) = delete;
  ~Xdp();

  /// Their consumers may outlive this.
  [[nodiscard]] const Rings& rings() const noexcept;
  [[nodiscard]] bool native() const noexcept;
  /// Detach: when this returns, nothing more is published and stats() stay as
  /// they are. Without effect the second time.
  void stop();
  /// False once the interface was removed, or somebody detached the program, as
  /// stop() does: no more packets come then. A system call; throws
  /// std::system_error.
  [[nodiscard]] bool attached() const;
  [[nodiscard]] hft_ring_stats stats(std::uint32_t ring = 0) const;
  /// Published records, of all rings, that were longer than their slots: they
  /// are cut off and have HFT_RECORD_TRUNCATED. Throws std::system_error.
  [[nodiscard]] std::uint64_t truncated() const;

 private:
  struct Loaded;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace hft::bpf
