// SPDX-License-Identifier: MIT
// Waiting for the records of several rings at once, by their descriptors.
//
//   if (hft::prepare_wait_all(rings, consumer_of)) {
//     epoll_wait(events, …);  // in which is the wake_fd() of each
//     hft::finish_wait_all(rings, consumer_of);
//   }
#pragma once

#include <concepts>
#include <cstddef>

namespace hft {

/// Ends what prepare_wait_all() began. `consumer_of(ring)` gives the consumer
/// of a ring, 0 to `rings` - 1, by reference.
template <std::invocable<std::size_t> ConsumerOf>
void finish_wait_all(std::size_t rings, ConsumerOf&& consumer_of) {
  for (std::size_t ring = 0; ring < rings; ++ring) {
    consumer_of(ring).finish_wait();
  }
}

/// Consumer::prepare_wait() of each ring. False, and nothing is asked, when any
/// has a record. Throws as that does, and then nothing is asked either.
template <std::invocable<std::size_t> ConsumerOf>
[[nodiscard]] bool prepare_wait_all(std::size_t rings,
                                    ConsumerOf&& consumer_of) {
  std::size_t asked = 0;
  try {
    while (asked < rings && consumer_of(asked).prepare_wait()) {
      ++asked;
    }
  } catch (...) {
    finish_wait_all(asked + 1, consumer_of);
    throw;
  }
  if (asked < rings) {
    finish_wait_all(asked, consumer_of);
  }
  return asked == rings;
}

}  // namespace hft
