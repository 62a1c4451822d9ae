// SPDX-License-Identifier: MIT
// What a record costs the driver that publishes it.
#pragma once

#include <string>

namespace hft::bench {

/// A table of cycles a record in a hard interrupt of the simulator's CPU: with
/// no consumer, one that spins on `consumer_cpu`, one that may sleep, a full
/// ring, and with every channel in use. Needs a /dev/hft with its ring and
/// CAP_SYS_ADMIN; throws std::system_error.
std::string measure_publish_cost(int consumer_cpu);

}  // namespace hft::bench
