// SPDX-License-Identifier: MIT
// The paths that `hft bench` measures, in the order in which they are shown:
// the name of each, and the PathKind that its file in bench/paths/ defines. The
// list is not part of bench, so that `hft report`, which draws each path in a
// style of its own, does not link the paths. tests/bench has a test of each.
#pragma once

#include <string_view>

#define HFT_PATHS(PATH)               \
  PATH("syscall", kSyscall)           \
  PATH("read", kRead)                 \
  PATH("shm", kShm)                   \
  PATH("lamport", kLamport)           \
  PATH("lamport-spin", kLamportSpin)  \
  PATH("ring", kRing)                 \
  PATH("floor", kFloor)               \
  PATH("process", kProcess)           \
  PATH("eventfd", kEventfd)           \
  PATH("pipe", kPipe)                 \
  PATH("futex", kFutex)               \
  PATH("udp-block", kUdpBlock)        \
  PATH("udp-spin", kUdpSpin)          \
  PATH("udp-busy-poll", kUdpBusyPoll) \
  PATH("af-xdp", kAfXdp)              \
  PATH("xdp", kXdp)                   \
  PATH("xdp-entry", kXdpEntry)        \
  PATH("ebpf", kEbpf)                 \
  PATH("ebpf-poll", kEbpfPoll)        \
  PATH("ringbuf-poll", kRingbufPoll)  \
  PATH("ringbuf-spin", kRingbufSpin)

namespace hft::lab {

#define HFT_PATH_NAME(name, kind) name,
inline constexpr std::string_view kPathNames[] = {HFT_PATHS(HFT_PATH_NAME)};
#undef HFT_PATH_NAME

}  // namespace hft::lab
