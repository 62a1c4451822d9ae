// SPDX-License-Identifier: MIT
// Records published in a hard interrupt, and how long that took.
//
//   const hft_publish_cost cost = hft::bench::publish_timed(device, 500);
#pragma once

#include <publish_cost.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "hft/device.hpp"

namespace hft::bench {

/// On the simulator's CPU, into the device's ring, of HFT_SOURCE_MANUAL;
/// `count` is 1 to HFT_PUBLISH_COST_MAX. Throws std::system_error.
inline hft_publish_cost publish_timed(const Device& device,
                                      std::uint32_t count) {
  hft_publish_cost cost{};
  cost.count = count;
  if (ioctl(device.fd(), HFT_IOC_PUBLISH_COST, &cost) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "HFT_IOC_PUBLISH_COST");
  }
  return cost;
}

}  // namespace hft::bench
