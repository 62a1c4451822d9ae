// SPDX-License-Identifier: MIT
// Records of any size that say their position in every word, and rings of them.
//
//   TestRing<Number<64>, Throughput> ring(16);
//   ring.producer.try_publish(number<Number<64>>(0));
//   EXPECT_EQ(number_in(*ring.consumer.try_read()), 0U);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "hft/ring.hpp"

namespace hft::test {

template <std::size_t Size>
struct Number {
  static_assert(Size % 4 == 0);
  std::array<std::uint32_t, Size / 4> words;
};

template <class T>
T number(std::uint64_t value) {
  T record;
  record.words.fill(static_cast<std::uint32_t>(value));
  return record;
}

/// What all its words say; UINT64_MAX when they disagree.
template <class T>
std::uint64_t number_in(const T& record) {
  for (const std::uint32_t word : record.words) {
    if (word != record.words[0]) {
      return std::numeric_limits<std::uint64_t>::max();
    }
  }
  return record.words[0];
}

/// A ring of T between threads, and both its ends.
template <class T, class P = Latency>
struct TestRing {
  explicit TestRing(std::uint64_t capacity)
      : region(Region::anonymous(Ring<T, P>::geometry(capacity))) {}

  Region region;
  Producer<T, P> producer = Ring<T, P>(region).producer();
  Consumer<T, P> consumer = Ring<T, P>(region).consumer();
};

/// The same in overwrite mode.
template <class T, class P = Latency>
struct TestBroadcast {
  explicit TestBroadcast(std::uint64_t capacity)
      : region(Region::anonymous(
            Ring<T, P>::geometry(capacity, HFT_MODE_OVERWRITE))) {}

  Region region;
  OverwriteProducer<T, P> producer = Ring<T, P>(region).overwrite_producer();
  Reader<T, P> reader = Ring<T, P>(region).reader();
};

/// Records a ring of at least this many really holds.
template <class Ring>
std::uint64_t capacity_of(const Ring& ring) {
  return hft::capacity_of(ring.region.info());
}

}  // namespace hft::test
