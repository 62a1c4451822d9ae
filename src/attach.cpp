// SPDX-License-Identifier: MIT
// A ring by what a user calls it.
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "hft/device.hpp"
#include "hft/region.hpp"

namespace hft {
namespace {

constexpr std::string_view kDevice = "/dev/hft";

// Nothing when this names no ring of the driver.
std::optional<std::uint32_t> channel_in(std::string_view where) {
  if (where == kDevice) {
    return 0;
  }
  if (!where.starts_with(kDevice) || where[kDevice.size()] != ':') {
    return std::nullopt;
  }
  std::uint32_t channel = 0;
  const char* const end = where.data() + where.size();
  const auto [stop, error] =
      std::from_chars(where.data() + kDevice.size() + 1, end, channel);
  if (error != std::errc{} || stop != end) {
    throw std::invalid_argument(
        fmt::format("unknown ring '{}': expected {} or {}:CHANNEL, such as "
                    "{}:1",
                    where, kDevice, kDevice, kDevice));
  }
  return channel;
}

// Whoever gives one means a pin, and needs to know what opens it.
void expect_no_path(std::string_view where) {
  if (where.find('/') != std::string_view::npos) {
    throw std::invalid_argument(
        fmt::format("unknown ring '{}': expected {}, {}:CHANNEL or the name of "
                    "a ring between processes; rings that a BPF program has "
                    "pinned are opened by hft::bpf::Rings::open()",
                    where, kDevice, kDevice));
  }
}

}  // namespace

Attached attach(std::string_view where, Role role, WakeUp wake_up) {
  const std::optional<std::uint32_t> channel = channel_in(where);
  if (!channel) {
    expect_no_path(where);
    return Region::attach(where, role);
  }
  const Device device = Device::open();
  if (*channel != 0) {
    device.attach_ring(*channel);
  }
  return attach(device, role, wake_up);
}

}  // namespace hft
