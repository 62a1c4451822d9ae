// SPDX-License-Identifier: MIT
// Packets from and to a capture file, by libpcap.
//
//   const auto capture = hft::net::read_pcap("day.pcap");
//   hft::net::write_pcap("copy.pcap", capture.packets, endpoint);
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "error.hpp"
#include "net/endpoint.hpp"
#include "net/packet.hpp"

namespace hft::net {

struct Capture {
  std::vector<Packet> packets;  // UDP payloads; times in ns since 1970
  // Frames that were skipped:
  std::uint64_t other = 0;      // not IPv4, or not UDP in it
  std::uint64_t fragments = 0;  // of a datagram that IP cut up
  std::uint64_t malformed = 0;  // or captured in part only
};

/// A file that is not a capture of what we read, or not a whole one.
struct BadCapture : tools::DataError {
  using DataError::DataError;
};

/// Ethernet or raw IP, of either byte order, with µs or ns. Throws BadCapture.
Capture read_pcap(const std::filesystem::path& file);

/// A capture as it grows: Ethernet, with ns.
class CaptureWriter {
 public:
  /// Throws std::runtime_error, as all here do. "-" is the standard output.
  explicit CaptureWriter(const std::filesystem::path& file);
  CaptureWriter(CaptureWriter&&) noexcept;
  CaptureWriter& operator=(CaptureWriter&&) noexcept;
  CaptureWriter(const CaptureWriter&) = delete;
  CaptureWriter& operator=(const CaptureWriter&) = delete;
  ~CaptureWriter();

  /// `time`: ns since 1970; `length`: of the frame, where `bytes` is not all of
  /// it.
  void write(std::uint64_t time, std::span<const std::byte> bytes,
             std::size_t length);
  /// What was written is in the file.
  void flush();

 private:
  struct Open;
  std::unique_ptr<Open> open_;
};

/// Ethernet, with ns. Throws std::runtime_error.
void write_pcap(const std::filesystem::path& file,
                std::span<const Packet> packets, const Endpoint& to);

}  // namespace hft::net
