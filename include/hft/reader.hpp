// SPDX-License-Identifier: MIT
// A reader of a ring in overwrite mode: any number of them, each read-only.
//
//   hft::Reader reader(slots, producer_pos);
//   hft_record record;
//   while (reader.try_read(record)) react(record);
//   report(reader.lapped());
#pragma once

#include <hft/abi.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "hft/slots.hpp"

namespace hft {

/// Not thread-safe: one thread a reader. Each slot is a seqlock: a record is
/// copied, and the copy kept only if the slot still holds the same position.
/// The copy is of atomic words, so the race with the producer is not one in the
/// language's sense (Boehm, "Can seqlocks get along with programming
/// language memory models?", MSPC 2012).
class Reader {
 public:
  /// `start` is the first position to read: producer_pos for what comes next.
  Reader(const Slots& slots, std::uint64_t start) noexcept
      : slots_(slots), pos_(start) {}

  /// Copy the next record to `out`, at most the 56 bytes of a 64-byte slot.
  /// False when none is published. Skips what was overwritten, and counts it.
  [[nodiscard]] bool try_read(hft_record& out) noexcept {
    for (;;) {
      const std::uint64_t seen = slots_.published(pos_);
      if (seen <= pos_) {
        return false;
      }
      if (seen == pos_ + 1) {
        copy(slots_.record(pos_), out);
        if (slots_.published_again(pos_) == seen) {
          ++pos_;
          return true;
        }
      }
      skip(seen);
    }
  }

  /// Records that were overwritten before they were read; exact.
  [[nodiscard]] std::uint64_t lapped() const noexcept { return lapped_; }

  /// Position of the next record.
  [[nodiscard]] std::uint64_t position() const noexcept { return pos_; }

 private:
  static void copy(const hft_record& from, hft_record& to) noexcept {
    static_assert(sizeof(hft_record) % sizeof(std::uint64_t) == 0);
    const auto* words = reinterpret_cast<const std::uint64_t*>(&from);
    for (std::size_t i = 0; i < sizeof(hft_record) / sizeof(*words); ++i) {
      // Acquire pairs with the producer's write barrier between marking the
      // slot and filling it: whoever sees a word of the next lap sees the mark
      // at the second look. On x86 the same plain load as with one fence after
      // the copy, and ThreadSanitizer, which knows no fences, can judge it.
      const std::uint64_t word = __atomic_load_n(words + i, __ATOMIC_ACQUIRE);
      std::memcpy(reinterpret_cast<std::byte*>(&to) + i * sizeof(word), &word,
                  sizeof(word));
    }
  }

  // To the oldest position that may be intact: the slot showed position
  // seen - 1, so everything a whole ring before that is gone.
  void skip(std::uint64_t seen) noexcept {
    const std::uint64_t oldest =
        std::max(pos_ + 1, seen > slots_.count() ? seen - slots_.count() : 0);
    lapped_ += oldest - pos_;
    pos_ = oldest;
  }

  Slots slots_;
  std::uint64_t pos_;
  std::uint64_t lapped_ = 0;
};

}  // namespace hft
