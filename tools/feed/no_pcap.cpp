// SPDX-License-Identifier: MIT
// For programs without libpcap: those that are linked statically, for a guest.
#include "feed/pcap.hpp"

namespace hft::feed {
namespace {

[[noreturn]] void refuse() {
  throw std::runtime_error(
      "this hft was built without libpcap: build one with libpcap-dev "
      "installed, and not statically");
}

}  // namespace

Capture read_pcap(const std::filesystem::path&) { refuse(); }

void write_pcap(const std::filesystem::path&, std::span<const Packet>,
                const Endpoint&) {
  refuse();
}

}  // namespace hft::feed
