// SPDX-License-Identifier: MIT
#include "bench/watchdog.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "exit_status.hpp"

namespace hft::bench {
namespace {

constexpr unsigned kSlackSeconds = 10;
constexpr std::uint64_t kTolerance = 20;  // times what a round should take
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

// Written before the alarm is armed; the handler only reads it.
std::string verdict;

void give_up(int) {
  const ssize_t ignored = write(STDERR_FILENO, verdict.data(), verdict.size());
  static_cast<void>(ignored);
  _exit(tools::kFailed);
}

}  // namespace

Watchdog::Watchdog(const PathKind& path, std::uint64_t expected_ns) {
  const unsigned seconds =
      kSlackSeconds +
      static_cast<unsigned>(expected_ns * kTolerance / kNsPerSecond);
  verdict = fmt::format(
      "hft bench: path {}: no end after {} s: the {} has stopped, or records "
      "do "
      "not arrive{}\n",
      path.name, seconds, path.driver ? "simulator" : "producer process",
      path.driver ? " (hft ctl status)" : "");
  struct sigaction action {};
  action.sa_handler = give_up;
  sigaction(SIGALRM, &action, nullptr);
  alarm(seconds);
}

Watchdog::~Watchdog() { alarm(0); }

}  // namespace hft::bench
