// SPDX-License-Identifier: MIT
// What the simulator's packets say of their own schedule.
#pragma once

#include <hft/abi.h>

#include <cstring>

#include "bench/path.hpp"

namespace hft::bench {

/// Fill in all of `seen` but `now` from a record of the simulator.
inline void take_market(const hft_record& record, Arrival& arrival) {
  hft_market market;
  std::memcpy(&market, record.payload, sizeof(market));
  arrival.stamp = record.stamp;
  arrival.sequence = market.sequence;
  arrival.scheduled = true;
  arrival.late_ns = market.late;
  arrival.missed = market.missed;
}

}  // namespace hft::bench
