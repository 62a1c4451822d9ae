// SPDX-License-Identifier: MIT
// A driver with its default ring, gone again after each test.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <system_error>

#include "hft/device.hpp"

namespace hft::test {

class DriverTest : public ::testing::Test {
 protected:
  void SetUp() override { control(HFT_SYS_CREATE); }
  // Fails with EBUSY when a test, or the driver, has leaked a file.
  void TearDown() override {
    control(HFT_SYS_SIM_STOP);
    control(HFT_SYS_TEARDOWN);
  }
};

/// A file with a ring of its own that only Device::publish() feeds.
inline Device manual_ring(hft_mode mode, std::uint32_t slots,
                          std::uint32_t slot_size = 64) {
  Device device = Device::open();
  hft_ring_params params{};
  params.slot_size = slot_size;
  params.slot_count = slots;
  params.mode = mode;
  params.source = HFT_SOURCE_MANUAL;
  device.create_ring(params);
  return device;
}

/// The errno of the system_error that `call` throws; 0 when it throws none.
inline int error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error.code().value();
  }
  return 0;
}

/// Run `check` as a user without privileges; true when it returned true.
inline bool as_nobody(const std::function<bool()>& check) {
  constexpr uid_t kNobody = 65534;
  const pid_t child = fork();
  if (child == 0) {
    const bool dropped = setgid(kNobody) == 0 && setuid(kNobody) == 0;
    _exit(dropped && check() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

inline hft_market market_of(const hft_record& record) {
  hft_market market;
  std::memcpy(&market, record.payload, sizeof(market));
  return market;
}

}  // namespace hft::test
