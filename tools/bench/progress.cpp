// SPDX-License-Identifier: MIT
#include "bench/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace hft::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kSilent{2};

}  // namespace

Progress::Progress()
    : next_(begin_ + kSilent), terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (shown_ && terminal_) {
    fmt::print(stderr, "\r\x1b[K");
  }
}

void Progress::expect(double seconds) {
  if (std::chrono::duration<double>(seconds) > kSilent) {
    next_ = Clock::now();
  }
}

void Progress::tell(std::string_view what) {
  const Clock::time_point now = Clock::now();
  if (now < next_) {
    return;
  }
  next_ = now + (terminal_ ? milliseconds(200) : seconds(10));
  fmt::print(stderr, "{}hft bench: {} s: {}{}", terminal_ ? "\r\x1b[K" : "",
             std::chrono::duration_cast<seconds>(now - begin_).count(), what,
             terminal_ ? "" : "\n");
  shown_ = true;
}

}  // namespace hft::bench
