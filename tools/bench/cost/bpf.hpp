// SPDX-License-Identifier: MIT
// What a record costs the BPF program that publishes it.
#pragma once

#include <string>

namespace hft::bench {

/// A table: our ring and the BPF ring buffer, with consumers that spin, that
/// wait, and without. BPF_PROG_TEST_RUN repeats the program on `producer_cpu`;
/// all but the record is measured apart and taken off. Throws what loading
/// throws.
std::string measure_producer_cost(int producer_cpu, int consumer_cpu);

}  // namespace hft::bench
