// SPDX-License-Identifier: MIT
// The price of a mode switch: into the kernel and back, with nothing to do.
#include <hft/abi.h>
#include <unistd.h>

#include "bench/path.hpp"
#include "hft/clock.hpp"
#include "hft/device.hpp"

namespace hft::bench {
namespace {

class SyscallPath : public Path {
 public:
  explicit SyscallPath(const Setting& /*setting*/) {}

  Arrival next() override {
    Arrival arrival;
    arrival.sequence = sequence_++;
    arrival.stamp = tsc_now();
    syscall(HFT_SYSCALL, HFT_SYS_CYCLES);
    arrival.now = tsc_now();
    return arrival;
  }

 private:
  std::uint64_t sequence_ = 0;
};

std::string syscall_unavailable() {
  std::string why_not = driver_unavailable();
  return why_not.empty() && !has_syscall()
             ? "a module has no syscall 548: run ./sandbox exec -- hft bench"
             : why_not;
}

}  // namespace

extern const PathKind kSyscall = {
    .name = "syscall",
    .summary = "syscall 548/777: there and back, no record",
    .driver = true,
    .standard = true,
    .unavailable = syscall_unavailable,
    .attach = attach_as<SyscallPath>,
};

}  // namespace hft::bench
