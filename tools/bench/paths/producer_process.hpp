// SPDX-License-Identifier: MIT
// A child process that produces: on a CPU of its own, and never left behind.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "hft/detail/mapping.hpp"

namespace hft::bench {

/// Killed and waited for on destruction; killed by the kernel when this process
/// ends in any other way. Should it end by itself, this process says how and
/// exits with tools::kFailed: a consumer that spins cannot notice. One at a
/// time, in a process of one thread and no other children. Uses SIGCHLD.
class ProducerProcess {
 public:
  /// Call it when all is prepared: returns once start() was called.
  using Ready = std::function<void()>;

  /// Forks; the child runs `body` on `cpu`. Returns when that is ready. `path`
  /// is for the error to name.
  ProducerProcess(std::string_view path, int cpu,
                  const std::function<void(const Ready&)>& body);
  ProducerProcess(const ProducerProcess&) = delete;
  ProducerProcess& operator=(const ProducerProcess&) = delete;
  ~ProducerProcess();

  void start();

 private:
  enum State : std::uint32_t { kPreparing, kReady, kStarted };

  [[nodiscard]] std::atomic<State>& state() const {
    return *state_.as<std::atomic<State>>();
  }
  [[noreturn]] void run_child(
      int cpu, const std::function<void(const Ready&)>& body) const;

  Mapping state_;
  pid_t parent_;
  pid_t pid_;
};

}  // namespace hft::bench
