// SPDX-License-Identifier: MIT
// One consumer over many rings: what an idle ring costs it.
#pragma once

#include <memory>

#include "bench/path.hpp"

namespace hft::bench {

/// The path `process` over Setting::rings rings.
std::unique_ptr<Path> attach_poller(const Setting& setting);

/// Cycles that a Poller takes for one idle ring among `setting.rings` of them:
/// the median of 101 batches of 100 turns.
double idle_ring_cost(const Setting& setting);

}  // namespace hft::bench
