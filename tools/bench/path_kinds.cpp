// SPDX-License-Identifier: MIT
#include "hft/device.hpp"
#include "path.hpp"

namespace hft::bench {

const std::vector<PathKind>& path_kinds() {
  static const std::vector<PathKind> kinds = {
      {"syscall", "syscall 548/777: there and back, no record", true,
       driver_unavailable, attach_syscall},
      {"read", "blocking read() of /dev/hft", true, driver_unavailable,
       attach_read},
      {"shm", "one shared word, polled", true, driver_unavailable, attach_shm},
      {"lamport",
       "indices on two lines, as first written: pause in the loop, mfence "
       "before the clock",
       true, driver_unavailable, attach_lamport},
      {"lamport-spin", "the same ring, polled without pause or mfence", false,
       driver_unavailable, attach_lamport_spin},
      {"ring", "slots that publish themselves, polled", true,
       driver_unavailable, attach_ring},
  };
  return kinds;
}

}  // namespace hft::bench
