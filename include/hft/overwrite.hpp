// SPDX-License-Identifier: MIT
// The producer of a ring in overwrite mode: a broadcast that waits for no one.
//
//   hft::OverwriteProducer<Quote> producer = ring.overwrite_producer();
//   producer.publish({bid, ask});       // always succeeds
//   Quote& quote = producer.reserve();  // or filled in place, then
//   producer.publish();
#pragma once

#include <hft/abi.h>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>

#include "hft/cpu.hpp"
#include "hft/detail/ends.hpp"
#include "hft/detail/layout.hpp"
#include "hft/detail/owner.hpp"
#include "hft/detail/recover.hpp"
#include "hft/detail/words.hpp"

namespace hft {

/// Not thread-safe: one thread produces. Never fails, blocks, makes a system
/// call or looks at a consumer. Each slot is a seqlock whose sequence is
/// `published`: 0 while the producer writes the first record of a lap, so that
/// no reader accepts a torn record (Boehm, MSPC 2012; detail/words.hpp).
///
/// Memory order: what this thread did before publish() happens before what a
/// reader does with the copy it has accepted.
template <Record T, Policy P = Latency>
class OverwriteProducer {
 public:
  /// Continues where the slots say that the last producer stopped. `end` is of
  /// a validated ring in overwrite mode; its mappings outlive this. `claim`
  /// keeps others out for as long as this lives. Ring::overwrite_producer()
  /// checks and claims.
  explicit OverwriteProducer(const ProducerEnd& end, Claim claim = {}) noexcept
      : cursor_(*end.info, end.slots, recover_position(*end.info, end.slots)),
        page_(end.page),
        claim_(std::move(claim)) {
    assert(end.info->mode == HFT_MODE_OVERWRITE);
  }

  /// Publish a copy of `record` over the oldest one. The first of a slot takes
  /// all that the slot held with it.
  void publish(const T& record) noexcept {
    if (cursor_.at_slot_start()) {
      // Pairs with Reader's second look: store_words' release keeps the mark
      // before the first new word, so who copied one sees the mark or later
      // (model: "each accepted record is whole and in its place").
      __atomic_store_n(cursor_.published(), 0, __ATOMIC_RELAXED);
    }
    store_words(cursor_.record(), record);
    std::uint64_t* const published = cursor_.published();
    std::byte* const slot = cursor_.slot();
    cursor_.advance();
    // Release pairs with Reader's acquire load of `published`: no old word
    // passes as the new record (model: the same property).
    __atomic_store_n(published, cursor_.position(), __ATOMIC_RELEASE);
    if constexpr (P::kOwnAndDemote) {
      for (std::size_t line = 0; line < cursor_.lines(); ++line) {
        demote_line(slot + line * HFT_CACHE_LINE);
      }
    }
    __atomic_store_n(&page_->producer_pos, cursor_.position(),
                     __ATOMIC_RELAXED);
  }

  /// A record to fill in, then publish(). It is the producer's own, and holds
  /// what was last in it: filling the slot itself would race with the readers.
  [[nodiscard]] T& reserve() noexcept {
    return *std::launder(reinterpret_cast<T*>(staged_.data()));
  }
  void publish() noexcept { publish(reserve()); }

  /// Publish records in order.
  template <RecordsOf<T> Several>
  void publish(const Several& records) noexcept {
    for (const T& record : std::span<const T>(records)) {
      publish(record);
    }
  }

  /// Position of the next record: how many were ever published.
  [[nodiscard]] std::uint64_t position() const noexcept {
    return cursor_.position();
  }

 private:
  Cursor<T, P, std::byte> cursor_;
  hft_producer_page* page_;
  // Bytes, in which there is a T without any constructor of its own.
  alignas(T) std::array<std::byte, sizeof(T)> staged_{};
  Claim claim_;
};

}  // namespace hft
