// SPDX-License-Identifier: MIT
// What subcommands do with the driver, on a machine that may have none.
//
//   const Device device = hft::tools::open_device();
//   hft::tools::with_driver([] { control(HFT_SYS_CREATE); });
#pragma once

#include <concepts>
#include <system_error>
#include <utility>

#include "error.hpp"
#include "hft/device.hpp"

namespace hft::tools {

/// act(), which opens /dev/hft or calls the driver's system call. Throws
/// Unavailable where this machine has no driver, or its ring was not created.
template <std::invocable Act>
decltype(auto) with_driver(Act&& act) {
  try {
    return std::forward<Act>(act)();
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::no_such_file_or_directory ||
        error.code() == std::errc::no_such_device ||
        error.code() == std::errc::no_such_device_or_address ||
        error.code() == std::errc::function_not_supported) {
      throw Unavailable(error.what());
    }
    throw;
  }
}

inline Device open_device() {
  return with_driver([] { return Device::open(); });
}

}  // namespace hft::tools
