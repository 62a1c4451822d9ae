// SPDX-License-Identifier: MIT
// A thread that does to /dev/hft whatever a program can do to it, at random.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "hft/device.hpp"
#include "honest.hpp"

namespace hft::test {

/// One thread each; two workers share nothing but `shared`.
class Worker {
 public:
  /// With `first` a worker has a file to begin with, and opens no other.
  Worker(Shared& shared, std::uint64_t seed, std::optional<Device> first = {});
  Worker(Worker&&) noexcept = default;
  ~Worker();

  /// Operations until the total of all workers is `most`.
  void run(std::uint64_t most);

  /// Stores to memory that may be gone are caught from now on.
  static void catch_faults();

 private:
  struct Area {
    char* start;
    std::size_t bytes;
  };

  void operate();
  void scribble();
  void map();
  void unmap();
  void change_mapping();
  void advise();
  void fork_child();
  void open_or_close();
  void known_ioctl();
  void random_ioctl();
  void call_548();
  void read_or_poll();
  void other_calls();

  std::uint64_t random() { return random_(); }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  bool once_in(std::uint64_t n) { return below(n) == 0; }
  /// Zero, small, huge, a power of two, or anything.
  std::uint64_t number();
  /// Memory of ours, or of no one, or the kernel's.
  void* pointer();
  int fd();
  Area* area();
  void forget(Area* at);

  Shared& shared_;
  std::mt19937_64 random_;
  std::vector<Device> files_;
  std::vector<Area> areas_;
  bool opens_;
  std::vector<char> buffer_ = std::vector<char>(8192);
};

}  // namespace hft::test
