// SPDX-License-Identifier: MIT
#include "hft/device.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "attached_parts.hpp"
#include "fail.hpp"
#include "hft/validate.hpp"

namespace hft {
namespace {

constexpr const char* kDevicePath = "/dev/hft";

// For what fails where there is no driver, or no ring of it.
[[noreturn]] void fail_of_driver(const std::string& what) {
  if (errno == ENOENT || errno == ENODEV || errno == ENXIO || errno == ENOSYS) {
    throw NoDriver(
        errno, std::generic_category(),
        what +
            ": the ring of the driver does not exist: where the driver is "
            "built into the kernel, run `hft ctl create`, which calls "
            "syscall(548, 555); elsewhere run `modprobe hft`; without devtmpfs "
            "also mknod /dev/hft c 10 60");
  }
  internal::fail(errno, what);
}

template <typename... Argument>
void request(int fd, const char* name, unsigned long command,
             Argument... argument) {
  if (ioctl(fd, command, argument...) != 0) {
    internal::fail(errno, std::string("ioctl ") + name + " on " + kDevicePath);
  }
}

}  // namespace

bool has_syscall() { return syscall(HFT_SYSCALL, HFT_SYS_CYCLES) >= 0; }

void control(hft_syscall_mode mode) {
  if (has_syscall()) {
    if (syscall(HFT_SYSCALL, mode) < 0) {
      fail_of_driver("syscall(548, " + std::to_string(mode) + ")");
    }
    return;
  }
  if (mode == HFT_SYS_TEARDOWN) {
    throw NoDriver(ENOSYS, std::generic_category(),
                   "teardown: this kernel has no syscall 548; "
                   "unloading the module removes its ring: rmmod hft");
  }
  // Where there is no ring this says so.
  const Device device = Device::open();
  if (mode == HFT_SYS_SIM_START && device.simulator_stats().running == 0) {
    device.start_simulator(HFT_SIM_PERIOD_DEFAULT);
  } else if (mode == HFT_SYS_SIM_STOP) {
    device.stop_simulator();
  }
}

std::string driver_unavailable() {
  if (!has_syscall() && access(kDevicePath, F_OK) != 0) {
    return "this kernel has neither syscall 548 nor the module hft: run it in "
           "the sandbox, ./sandbox exec -- hft bench, or modprobe hft";
  }
  if (geteuid() != 0) {
    return "controlling the driver needs CAP_SYS_ADMIN: run as root";
  }
  return {};
}

Device Device::open(int flags) {
  const int fd = ::open(kDevicePath, O_RDWR | O_CLOEXEC | flags);
  if (fd < 0) {
    fail_of_driver(std::string("open ") + kDevicePath);
  }
  return Device(fd);
}

Device::~Device() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

std::uint32_t Device::create_ring(hft_ring_params params) const {
  request(fd_, "HFT_IOC_RING_CREATE", HFT_IOC_RING_CREATE, &params);
  return params.ring_id;
}

void Device::attach_ring(std::uint32_t channel) const {
  request(fd_, "HFT_IOC_RING_ATTACH", HFT_IOC_RING_ATTACH, &channel);
}

void Device::publish(std::uint32_t count) const {
  request(fd_, "HFT_IOC_PUBLISH", HFT_IOC_PUBLISH, &count);
}

void Device::wake_through(int eventfd) const {
  request(fd_, "HFT_IOC_EVENTFD", HFT_IOC_EVENTFD, &eventfd);
}

std::uint64_t Device::cycles() const {
  std::uint64_t now = 0;
  request(fd_, "HFT_IOC_CYCLES", HFT_IOC_CYCLES, &now);
  return now;
}

void Device::start_simulator(std::uint64_t period) const {
  request(fd_, "HFT_IOC_SIM_START", HFT_IOC_SIM_START, &period);
}

void Device::stop_simulator() const {
  request(fd_, "HFT_IOC_SIM_STOP", HFT_IOC_SIM_STOP);
}

hft_ring_stats Device::ring_stats() const {
  hft_ring_stats stats{};
  request(fd_, "HFT_IOC_RING_STATS", HFT_IOC_RING_STATS, &stats);
  return stats;
}

hft_sim_stats Device::simulator_stats() const {
  hft_sim_stats stats{};
  request(fd_, "HFT_IOC_SIM_STATS", HFT_IOC_SIM_STATS, &stats);
  return stats;
}

Attached attach(const Device& device, Role role, WakeUp wake_up) {
  if (role == Role::kProducer) {
    throw std::logic_error(
        "the driver is the only producer of its rings: attach as a consumer or "
        "as an observer");
  }
  auto parts = std::make_unique<internal::Parts>();
  parts->info_page =
      Mapping(device.fd(), HFT_MMAP_INFO, HFT_PAGE, Rights::kRead);
  parts->info = *parts->info_page.as<const hft_info>();
  validate(parts->info);
  parts->role = role;
  parts->producer =
      Mapping(device.fd(), HFT_MMAP_PRODUCER, HFT_PAGE, Rights::kRead);
  parts->slots = Mapping(device.fd(), HFT_MMAP_SLOTS, parts->info.slots_bytes,
                         Rights::kRead);
  if (role == Role::kConsumer && parts->info.mode == HFT_MODE_DROP) {
    parts->consumer =
        Mapping(device.fd(), HFT_MMAP_CONSUMER, HFT_PAGE, Rights::kReadWrite);
  }
  if (role == Role::kConsumer && wake_up == WakeUp::kOnRequest) {
    parts->hear(Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
    if (!parts->doorbell) {
      internal::fail(errno, "eventfd");
    }
    device.wake_through(parts->doorbell.get());
  }
  return Attached(std::move(parts));
}

}  // namespace hft
