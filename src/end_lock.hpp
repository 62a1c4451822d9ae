// SPDX-License-Identifier: MIT
// The lock of an end of a ring, as Claim::take() wants it.
//
//   Claim::take(&page->owner, open_lock(parts, kConsumerLock), "the consumer");
#pragma once

#include "attached_parts.hpp"
#include "hft/descriptor.hpp"
#include "region_internal.hpp"

namespace hft::internal {

/// An open file description of its own: a lock keeps out whoever has another,
/// also in this process and in its children. Empty where the ring has no file
/// to lock. Throws std::system_error when it cannot be opened.
Descriptor open_lock(Parts& parts, File lock);

}  // namespace hft::internal
