// SPDX-License-Identifier: MIT
// A path: one way to get a record from the kernel to this thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hft::bench {

/// One record as the consumer saw it.
struct Seen {
  std::uint64_t now = 0;       // consumer's clock right after, cycles
  std::uint64_t stamp = 0;     // producer's clock right before, cycles
  std::uint64_t sequence = 0;  // counts what the producer offered
  bool scheduled = false;      // late and missed are known
  std::uint64_t late = 0;      // ns, scheduled time to stamp
  std::uint64_t missed = 0;    // further ticks that fell due meanwhile
  std::uint64_t stall = 0;  // cycles; the consumer's longest pause in polling
};

class Path {
 public:
  Path() = default;
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;
  virtual ~Path() = default;

  /// Wait for the next record.
  virtual Seen next() = 0;
};

/// A path by name, and how to attach to it.
struct PathKind {
  std::string_view name;
  std::string_view summary;
  bool standard;  // measured when --paths is not given
  /// Why this machine does not offer it; empty when it does.
  std::string (*unavailable)();
  /// Attach: only what is published from now on is seen. With `watch`, polling
  /// paths also report their longest pause, at the price of a clock read each
  /// poll.
  std::unique_ptr<Path> (*attach)(bool watch);
};

/// Every path this build knows, in the order they are shown.
const std::vector<PathKind>& path_kinds();

std::unique_ptr<Path> attach_syscall(bool watch);
std::unique_ptr<Path> attach_read(bool watch);
std::unique_ptr<Path> attach_shm(bool watch);
std::unique_ptr<Path> attach_lamport(bool watch);
std::unique_ptr<Path> attach_lamport_spin(bool watch);
std::unique_ptr<Path> attach_ring(bool watch);

}  // namespace hft::bench
