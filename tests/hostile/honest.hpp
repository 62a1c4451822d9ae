// SPDX-License-Identifier: MIT
// A ring that is used as it should be, beside those that are not.
//
//   Honest honest = start_honest(shared);
//   …
//   shared.stop = true; finish_honest(honest);
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace hft::test {

/// What the processes of a run share.
struct Shared {
  std::atomic<bool> stop;
  std::atomic<std::uint64_t> operations;  // of all hostile threads
  std::atomic<std::uint64_t> faults;      // stores that were refused
  std::atomic<std::uint64_t> records;     // that the honest consumer verified
  std::atomic<std::uint64_t> wrong;       // that it should not have seen so
};

/// A process of its own: publishes to a ring of its own and reads it, until
/// shared.stop. Returns its pid.
pid_t start_honest(Shared& shared);

}  // namespace hft::test
