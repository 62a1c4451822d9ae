// SPDX-License-Identifier: MIT
// Two threads, each on its CPU for as long as the program runs: the caller and
// one helper, which takes its work from a flag that it spins on.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

namespace hft::peers {

/// Pins the calling thread. Throws std::system_error for a CPU that cannot be
/// had.
class Crew {
 public:
  Crew(int here, int there);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew();

  /// Both at once; returns when both are done.
  void run(const std::function<void()>& there,
           const std::function<void()>& here);

 private:
  void work();

  alignas(128) std::atomic<std::uint64_t> ordered_{0};
  const std::function<void()>* job_ = nullptr;  // null: go home
  alignas(128) std::atomic<std::uint64_t> done_{0};
  std::thread helper_;
};

}  // namespace hft::peers
