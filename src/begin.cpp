// SPDX-License-Identifier: MIT
#include "begin.hpp"

#include <cstdint>

#include "hft/detail/layout.hpp"
#include "hft/detail/recover.hpp"
#include "hft/detail/wake.hpp"

namespace hft::internal {

void begin(const ConsumerEnd& end, StartAt start) noexcept {
  // One that died asleep had asked to be woken, and may have been.
  Sleeper(end).withdraw();
  const Pending pending = pending_in(end);
  __u64* const told = &end.page->consumer_pos;
  std::uint64_t first = __atomic_load_n(told, __ATOMIC_RELAXED);
  if (start == StartAt::kNext ||
      pending.taken - first > capacity_of(*end.info)) {
    first = pending.oldest;
  }
  // Release as in Consumer::flush(). Behind it no producer that begins to look
  // believes the last consumer's word.
  __atomic_store_n(told, first, __ATOMIC_SEQ_CST);
  // If that one claimed to have read further, and took it back, producers in
  // the kernel go by the claim and may write where we would begin. No claim is
  // ahead of what is taken by now. A process leaves this word 0.
  const std::uint64_t claimed =
      __atomic_load_n(&end.producer->consumer_pos, __ATOMIC_SEQ_CST);
  if (static_cast<std::int64_t>(claimed - first) > 0) {
    __atomic_store_n(
        told, __atomic_load_n(&end.producer->producer_pos, __ATOMIC_ACQUIRE),
        __ATOMIC_RELEASE);
  }
}

}  // namespace hft::internal
