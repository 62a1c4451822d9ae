// SPDX-License-Identifier: MIT
// The two ends of a ring: where each side finds the regions mapped.
//
//   hft::Region region = hft::Region::anonymous(geometry);
//   hft::Producer<Tick> producer(region.producer_end());
//   hft::Consumer<Tick> consumer(region.consumer_end());
#pragma once

#include <hft/abi.h>

#include <cstddef>

namespace hft {

/// What a producer writes to. Owns nothing: the mappings outlive it. Plain
/// pointers: who uses them together says what is thread-safe.
struct ProducerEnd {
  const hft_info* info = nullptr;
  hft_producer_page* page = nullptr;
  hft_consumer_page* consumer = nullptr;
  std::byte* slots = nullptr;
};

/// What a consumer reads from. Owns nothing: the mappings outlive it.
struct ConsumerEnd {
  const hft_info* info = nullptr;
  const hft_producer_page* producer = nullptr;
  hft_consumer_page* page = nullptr;  // null in overwrite mode
  const std::byte* slots = nullptr;
  bool slots_writable = false;  // the mapping lets it take ownership of lines
  int wake_fd = -1;  // eventfd that wakes it; -1: a futex on page->waiting
};

}  // namespace hft
