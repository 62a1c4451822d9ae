// SPDX-License-Identifier: MIT
// For programs without libpcap: those that are linked statically, for a guest.
#include "net/pcap.hpp"

namespace hft::net {
namespace {

[[noreturn]] void refuse() {
  throw tools::Unavailable(
      "this hft was built without libpcap: build one with libpcap-dev "
      "installed, and not statically");
}

}  // namespace

struct CaptureWriter::Open {};

CaptureWriter::CaptureWriter(const std::filesystem::path&) { refuse(); }
CaptureWriter::CaptureWriter(CaptureWriter&&) noexcept = default;
CaptureWriter& CaptureWriter::operator=(CaptureWriter&&) noexcept = default;
CaptureWriter::~CaptureWriter() = default;

void CaptureWriter::write(std::uint64_t, std::span<const std::byte>,
                          std::size_t) {
  refuse();
}
void CaptureWriter::flush() { refuse(); }

Capture read_pcap(const std::filesystem::path&) { refuse(); }

void write_pcap(const std::filesystem::path&, std::span<const Packet>,
                const Endpoint&) {
  refuse();
}

}  // namespace hft::net
