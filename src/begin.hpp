// SPDX-License-Identifier: MIT
// Where a consumer begins.
//
//   Claim claim = Claim::take(&end.page->owner, std::move(lock), "consumer");
//   begin(end, StartAt::kOldest);
//   KernelConsumer consumer(end, std::move(claim));
#pragma once

#include "hft/detail/ends.hpp"
#include "hft/reader.hpp"

namespace hft::internal {

/// For who consumes a ring in drop mode next, once nobody else does: takes back
/// what the last consumer asked, and leaves in consumer_pos where to begin. A
/// word there that is ahead of what is taken, or more than a ring behind, can
/// be no honest consumer's; left as it is, the producer would take the ring for
/// full as long as there is one. Reads a line of each slot.
void begin(const ConsumerEnd& end, StartAt start) noexcept;

}  // namespace hft::internal
