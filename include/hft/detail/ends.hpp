// SPDX-License-Identifier: MIT
// The two ends of a ring: where each side finds the regions mapped.
//
//   hft::Region region = hft::Region::anonymous(geometry);
//   hft::Producer<Tick> producer(region.producer_end());
//   hft::Consumer<Tick> consumer(region.consumer_end());
#pragma once

#include <hft/abi.h>

#include <cstddef>
#include <cstdint>

namespace hft {

/// What becomes readable when a producer wakes its consumer. Owns nothing.
struct Doorbell {
  int fd = -1;  // -1: there is none
  // Its signals are messages. It is shared with other consumers, who may have
  // made reading from it block.
  bool is_socket = false;
  // Of a BPF ring buffer, where its consumer and its producer stand, the data a
  // page behind the latter. Null: read() takes the signal.
  std::uint64_t* taken = nullptr;
  const std::uint64_t* rung = nullptr;
};

/// What a producer writes to. Owns nothing: the mappings outlive it. Plain
/// pointers: who uses them together says what is thread-safe.
struct ProducerEnd {
  const hft_info* info = nullptr;
  hft_producer_page* page = nullptr;
  hft_consumer_page* consumer = nullptr;
  std::byte* slots = nullptr;
  int doorbell = -1;  // write() rings it; -1: there is none
};

/// What a consumer, a reader or an observer reads from. Owns nothing: the
/// mappings outlive it.
struct ConsumerEnd {
  const hft_info* info = nullptr;
  const hft_producer_page* producer = nullptr;
  hft_consumer_page* page = nullptr;  // null for readers and observers
  const std::byte* slots = nullptr;
  bool slots_writable = false;  // the mapping lets it take ownership of lines
  Doorbell doorbell{};
};

}  // namespace hft
