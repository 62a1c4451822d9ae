// SPDX-License-Identifier: MIT
// The price of a mode switch: into the kernel and back, with nothing to do.
#include <hft/abi.h>
#include <unistd.h>

#include "bench/path.hpp"
#include "hft/clock.hpp"

namespace hft::bench {
namespace {

class SyscallPath : public Path {
 public:
  Seen next() override {
    Seen seen;
    seen.sequence = sequence_++;
    seen.stamp = tsc_now();
    syscall(HFT_SYSCALL, HFT_SYS_CYCLES);
    seen.now = tsc_now();
    return seen;
  }

 private:
  std::uint64_t sequence_ = 0;
};

}  // namespace

std::unique_ptr<Path> attach_syscall(const Setting&) {
  return std::make_unique<SyscallPath>();
}

}  // namespace hft::bench
