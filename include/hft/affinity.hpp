// SPDX-License-Identifier: MIT
// Keep a thread on its CPU and its memory in RAM.
//
//   hft::pin_to_cpu(1);
//   hft::lock_memory();
#pragma once

namespace hft {

/// Run the calling thread on `cpu` only. Throws std::system_error when the CPU
/// does not exist or is not allowed to this process.
void pin_to_cpu(int cpu);

/// Lock present and future pages and fault them in. Throws std::system_error
/// when RLIMIT_MEMLOCK forbids it.
void lock_memory();

}  // namespace hft
