// SPDX-License-Identifier: MIT
// Looks on at any ring of hft_record, in either mode, and changes nothing.
//
//   hft::Observer observer = ring.observer();
//   hft_record record;
//   while (observer.try_read(record)) show(record);
//   report(observer.missed());
#pragma once

#include <hft/abi.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "hft/detail/ends.hpp"
#include "hft/reader.hpp"

namespace hft {

/// Not thread-safe: one thread an observer; any number of them. Writes nothing,
/// never throws, makes no system call. The ring's consumer, if it has one, goes
/// on as if no one looked.
///
/// Producers in the kernel mark a slot that they write over. A process does not
/// in drop mode, so a copy counts only when the slot before it holds what it
/// held a lap ago: the producer publishes there before it turns to ours. That
/// its stores are seen in that order is x86's promise (TSO; Intel SDM vol. 3A,
/// 9.2).
class Observer {
 public:
  /// `end` is of a validated ring of hft_record; its mappings outlive this. Its
  /// consumer page may be null. Reads all slots, to find the newest.
  explicit Observer(const ConsumerEnd& end,
                    StartAt start = StartAt::kNext) noexcept
      : Observer(end, Reader<hft_record>(end, start)) {}

  /// Begin with `position`.
  Observer(const ConsumerEnd& end, std::uint64_t position) noexcept
      : Observer(end, Reader<hft_record>(end, position)) {}

  /// Copy the next record: its header and the first 40 bytes of its payload to
  /// `out`, as much of the rest as there is room for to `more`, in whole words.
  /// False when none is published.
  [[nodiscard]] bool try_read(hft_record& out,
                              std::span<std::uint64_t> more = {}) noexcept {
    while (reader_.try_read(out, more)) {
      if (!unmarked_ || !is_passed(reader_.position() - 1)) {
        return true;
      }
      ++passed_;
    }
    return false;
  }

  /// Records that were published and not seen. Exact, but for the oldest one of
  /// a process's full ring in drop mode: that is not copied, for the producer
  /// may have begun to write over it.
  [[nodiscard]] std::uint64_t missed() const noexcept {
    return reader_.lapped() + passed_;
  }

  /// Position of the next record.
  [[nodiscard]] std::uint64_t position() const noexcept {
    return reader_.position();
  }

 private:
  Observer(const ConsumerEnd& end, const Reader<hft_record>& reader) noexcept
      : reader_(reader),
        slots_(end.slots),
        slot_size_(end.info->slot_size),
        slot_count_(end.info->slot_count),
        unmarked_(end.info->mode == HFT_MODE_DROP &&
                  end.info->producer_kind == HFT_PRODUCER_PROCESS) {}

  // Whether the producer may have begun to write over the record of this
  // position.
  [[nodiscard]] bool is_passed(std::uint64_t position) const noexcept {
    const std::uint64_t before = position + slot_count_ - 1;
    const auto* const published = reinterpret_cast<const std::uint64_t*>(
        slots_ + (before & (slot_count_ - 1)) * slot_size_);
    // After the acquire loads of the copy; pairs with the producer's release of
    // the position before the one that it then writes here.
    return __atomic_load_n(published, __ATOMIC_RELAXED) > before;
  }

  Reader<hft_record> reader_;
  const std::byte* slots_;
  std::size_t slot_size_;
  std::uint64_t slot_count_;
  bool unmarked_;
  std::uint64_t passed_ = 0;
};

}  // namespace hft
