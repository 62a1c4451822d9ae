// SPDX-License-Identifier: MIT
// What the simulator's packets say of their own schedule.
#pragma once

#include <hft/abi.h>

#include <cstring>

#include "bench/path.hpp"

namespace hft::bench {

/// Fill in all of `seen` but `now` from a record of the simulator.
inline void take_market(const hft_record& record, Seen& seen) {
  hft_market market;
  std::memcpy(&market, record.payload, sizeof(market));
  seen.stamp = record.stamp;
  seen.sequence = market.sequence;
  seen.scheduled = true;
  seen.late_ns = market.late;
  seen.missed = market.missed;
}

}  // namespace hft::bench
