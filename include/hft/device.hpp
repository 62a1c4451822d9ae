// SPDX-License-Identifier: MIT
// The driver from user space: /dev/hft, and syscall 548 where it is built in.
//
//   hft::control(HFT_SYS_CREATE);
//   hft::control(HFT_SYS_SIM_START);
//   hft::Device device = hft::Device::open();
//   hft::Attached ring = hft::attach(device);
//   hft::KernelConsumer consumer = ring.consumer();
#pragma once

#include <hft/abi.h>

#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "hft/attached.hpp"

namespace hft {

/// There is no driver on this machine, or its ring was not created: the text
/// says how to create it.
struct NoDriver : std::system_error {
  using std::system_error::system_error;
};

/// Whether this kernel has syscall 548, and so the driver built in.
bool has_syscall();

/// syscall(548, mode); without it the same by ioctl, of a module that has its
/// ring already. Throws NoDriver, also with ENOSYS for the teardown of a
/// module, and std::system_error EPERM without CAP_SYS_ADMIN.
void control(hft_syscall_mode mode);

/// Why /dev/hft cannot be measured here; empty when it can.
std::string driver_unavailable();

/// An open /dev/hft. Move-only; thread-safe but for moving. Every member throws
/// std::system_error.
class Device {
 public:
  /// Throws NoDriver when the node is absent or nothing is behind it.
  static Device open(int flags = 0);

  explicit Device(int fd) noexcept : fd_(fd) {}
  Device(Device&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Device& operator=(Device&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// Make a ring and have this file use it. Returns its channel.
  std::uint32_t create_ring(hft_ring_params params) const;
  /// Use an existing channel.
  void attach_ring(std::uint32_t channel) const;
  /// Publish `count` records to this file's ring, of HFT_SOURCE_MANUAL.
  void publish(std::uint32_t count) const;
  /// Have the driver signal this eventfd when page->waiting asks for it; -1 for
  /// none. This file becomes the ring's consumer; EINVAL in overwrite mode.
  void wake_through(int eventfd) const;
  /// The cycle counter, read in the kernel.
  [[nodiscard]] std::uint64_t cycles() const;
  /// Nanoseconds a packet, HFT_SIM_PERIOD_MIN to HFT_SIM_PERIOD_MAX.
  void start_simulator(std::uint64_t period) const;
  void stop_simulator() const;
  [[nodiscard]] hft_ring_stats ring_stats() const;
  [[nodiscard]] hft_sim_stats simulator_stats() const;

 private:
  int fd_;
};

/// Attach to a device's ring: as the one consumer of a ring in drop mode, as
/// one of the readers of a ring in overwrite mode, or as an observer, whether
/// the ring has a consumer or not. The mappings keep the file open. `wake_up`
/// is for a consumer. Throws InvalidRing, std::logic_error for a producer, or
/// std::system_error: EBUSY when the ring has a consumer, EINVAL for a wake-up
/// on request in overwrite mode.
Attached attach(const Device& device, Role role = Role::kConsumer,
                WakeUp wake_up = WakeUp::kNever);

}  // namespace hft
