// SPDX-License-Identifier: MIT
#include "hft/affinity.hpp"

#include <sched.h>
#include <sys/mman.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace hft {

void pin_to_cpu(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (cpu >= 0 && cpu < CPU_SETSIZE) {
    CPU_SET(static_cast<unsigned>(cpu), &set);
  }
  if (sched_setaffinity(0, sizeof(set), &set) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "pin to CPU " + std::to_string(cpu) +
                                ": use one of /sys/devices/system/cpu/online");
  }
}

void lock_memory() {
  if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
    throw std::system_error(
        errno, std::generic_category(),
        "mlockall: run as root or raise RLIMIT_MEMLOCK (ulimit -l)");
  }
}

}  // namespace hft
