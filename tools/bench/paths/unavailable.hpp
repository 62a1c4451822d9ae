// SPDX-License-Identifier: MIT
// Why this machine does not offer a path, for PathKind::unavailable: what
// several paths need. Each is empty where nothing is missing.
#pragma once

#include <string>

namespace hft::bench {

/// What the last system call failed with, in words.
std::string errno_text();

/// A CPU for the producer, one for the consumer.
std::string process_unavailable();
/// These, and the network that packets are sent over.
std::string packets_unavailable();
/// These, and BPF programs of ours.
std::string bpf_unavailable();

}  // namespace hft::bench
