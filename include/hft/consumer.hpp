// SPDX-License-Identifier: MIT
// The one consumer of a ring in drop mode: zero copy, no system call.
//
//   hft::Consumer consumer(slots, consumer_page);
//   for (;;) {
//     const hft_record& record = consumer.wait();
//     react(record);
//     consumer.release();
//   }
#pragma once

#include <hft/abi.h>

#include <cstdint>

#include "hft/slots.hpp"

namespace hft {

/// Not thread-safe: one thread consumes. Polls the slot that the producer will
/// publish next, so that an arriving record costs one cache-line transfer
/// (FastForward, Giacomoni et al., PPoPP 2008).
class Consumer {
 public:
  /// `page` is the consumer region; its consumer_pos says where to begin.
  Consumer(const Slots& slots, hft_consumer_page* page) noexcept
      : slots_(slots),
        page_(page),
        pos_(__atomic_load_n(&page->consumer_pos, __ATOMIC_RELAXED)),
        released_(pos_),
        lazy_(slots.count() / 4) {}

  /// The next record, or nullptr when none is published. The record stays
  /// valid until release(). Polling an empty ring gives back all that is owed.
  [[nodiscard]] const hft_record* try_read() noexcept {
    if (slots_.published(pos_) > pos_) {
      return &slots_.record(pos_);
    }
    if (released_ != pos_) {
      flush();
    }
    return nullptr;
  }

  /// Spin until there is a record. No `pause`: under emulation it leaves the
  /// CPU loop, and natively it delays the look that matters.
  [[nodiscard]] const hft_record& wait() noexcept {
    if (const hft_record* record = try_read()) {
      return *record;
    }
    while (slots_.published(pos_) <= pos_) {
    }
    return slots_.record(pos_);
  }

  /// Done with the record. The producer learns of it each quarter of the ring,
  /// or when the ring is found empty.
  void release() noexcept {
    ++pos_;
    if (pos_ - released_ >= lazy_) {
      flush();
    }
  }

  /// Tell the producer now.
  void flush() noexcept {
    // Release pairs with the producer's acquire load of consumer_pos when the
    // ring seems full: our reads of the slots are over.
    __atomic_store_n(&page_->consumer_pos, pos_, __ATOMIC_RELEASE);
    released_ = pos_;
  }

  /// Position of the next record.
  [[nodiscard]] std::uint64_t position() const noexcept { return pos_; }

 private:
  Slots slots_;
  hft_consumer_page* page_;
  std::uint64_t pos_;
  std::uint64_t released_;  // what the producer knows
  std::uint64_t lazy_;      // records between two flushes under load
};

}  // namespace hft
