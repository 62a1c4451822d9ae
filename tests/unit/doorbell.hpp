// SPDX-License-Identifier: MIT
// A consumer that waits for its descriptor, for tests of doorbells.
//
//   Child child([&](const Pipe& pipe) {
//     wait_for_one_tick(Ticks(region).consumer(), pipe);
//   });
//   child.pipe().ask<bool>();  // now it waits
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <cstdint>

#include "child.hpp"
#include "number.hpp"

namespace hft {

using Tick = test::Number<16>;
using Ticks = Ring<Tick>;
inline constexpr std::uint64_t kValue = 7;
inline const Tick kTick = test::number<Tick>(kValue);
inline const Geometry kDoorbellTicks = Ticks::geometry(64);

inline bool is_readable(int fd) {
  pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&polled, 1, 0) == 1;
}

/// For ever, should it not come. Tells when the producer has been asked.
inline void wait_for_one_tick(Consumer<Tick> consumer, const Pipe& pipe) {
  EXPECT_TRUE(consumer.prepare_wait());
  pipe.tell(true);
  pollfd polled{.fd = consumer.wake_fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&polled, 1, -1), 1);
  consumer.finish_wait();
  const Tick* const tick = consumer.try_read();
  ASSERT_NE(tick, nullptr);
  EXPECT_EQ(test::number_in(*tick), kValue);
}

}  // namespace hft
