// SPDX-License-Identifier: MIT
// A driver with its default ring, gone again after each test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "hft/affinity.hpp"
#include "hft/descriptor.hpp"
#include "hft/detail/mapping.hpp"
#include "hft/device.hpp"

namespace hft::test {

/// The file of the driver as a module; null where it is built in.
inline const char* module_file() {
  return has_syscall() ? nullptr : std::getenv("HFT_MODULE");
}

/// Load a module with `parameters`, as insmod does. Returns an errno.
inline int load_module(const char* path, const char* parameters = "") {
  const Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
  return syscall(SYS_finit_module, file.get(), parameters, 0) == 0 ? 0 : errno;
}

/// EWOULDBLOCK while it is in use.
inline int unload_module(const char* name) {
  return syscall(SYS_delete_module, name, O_NONBLOCK) == 0 ? 0 : errno;
}

/// The driver with its default ring, and without.
inline void bring_up() {
  if (module_file() == nullptr) {
    control(HFT_SYS_CREATE);
  } else if (const int error = load_module(module_file()); error != 0) {
    throw std::system_error(error, std::generic_category(), module_file());
  }
}

inline void take_down() {
  if (module_file() == nullptr) {
    control(HFT_SYS_TEARDOWN);
  } else if (const int error = unload_module("hft"); error != 0) {
    throw std::system_error(error, std::generic_category(), "rmmod hft");
  }
}

class DriverTest : public ::testing::Test {
 protected:
  void SetUp() override { bring_up(); }
  // Fails when a test, or the driver, has leaked a file.
  void TearDown() override {
    control(HFT_SYS_SIM_STOP);
    take_down();
  }
};

/// Of what only a driver that is built in has.
class SyscallTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    if (!has_syscall()) {
      GTEST_SKIP() << "a module has no syscall 548";
    }
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

/// A thread on the guest's other CPU. It is isolated: left to the scheduler,
/// all threads would share the first.
inline std::jthread on_other_cpu(std::function<void()> body) {
  return std::jthread([body = std::move(body)] {
    pin_to_cpu(1);
    body();
  });
}

/// Run `check` in a child process; true when it returned true.
inline bool in_child(const std::function<bool()>& check) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(check() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// The same as a user without privileges.
inline bool as_nobody(const std::function<bool()>& check) {
  constexpr uid_t kNobody = 65534;
  return in_child(
      [&] { return setgid(kNobody) == 0 && setuid(kNobody) == 0 && check(); });
}

/// Have a file of the kernel's take `text`; false when it refuses.
inline bool write_to(const std::filesystem::path& file,
                     const std::string& text) {
  std::ofstream out(file);
  out << text << std::flush;
  return out.good();
}

inline hft_market market_of(const hft_record& record) {
  hft_market market;
  std::memcpy(&market, record.payload, sizeof(market));
  return market;
}

}  // namespace hft::test
