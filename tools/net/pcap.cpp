// SPDX-License-Identifier: MIT
#include "net/pcap.hpp"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>

#include "net/frame.hpp"

namespace hft::net {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr int kLongestFrame = 65'535 + 14;

struct PcapClose {
  void operator()(pcap_t* pcap) const { pcap_close(pcap); }
  void operator()(pcap_dumper_t* dumper) const { pcap_dump_close(dumper); }
};
using Pcap = std::unique_ptr<pcap_t, PcapClose>;
using Dumper = std::unique_ptr<pcap_dumper_t, PcapClose>;

Pcap open_pcap(const std::filesystem::path& file) {
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  Pcap pcap(pcap_open_offline_with_tstamp_precision(
      file.c_str(), PCAP_TSTAMP_PRECISION_NANO, error.data()));
  if (!pcap) {
    throw BadCapture(fmt::format("expected a capture file in {}: {}",
                                 file.string(), error.data()));
  }
  const int link = pcap_datalink(pcap.get());
  if (link != DLT_EN10MB && link != DLT_RAW) {
    const char* const name = pcap_datalink_val_to_name(link);
    throw BadCapture(fmt::format(
        "{}: expected frames of Ethernet or raw IP, found {}; capture on one "
        "interface instead of 'any', or convert it with editcap",
        file.string(), name != nullptr ? name : std::to_string(link)));
  }
  return pcap;
}

void take(const Frame& frame, const pcap_pkthdr& header, Capture& capture) {
  switch (frame.kind) {
    case FrameKind::kUdp:
      capture.packets.push_back(
          {.time = static_cast<std::uint64_t>(header.ts.tv_sec) * kSecond +
                   static_cast<std::uint64_t>(header.ts.tv_usec),  // ns here
           .payload = {frame.payload.begin(), frame.payload.end()}});
      break;
    case FrameKind::kOther:
      ++capture.other;
      break;
    case FrameKind::kFragment:
      ++capture.fragments;
      break;
    case FrameKind::kMalformed:
      ++capture.malformed;
      break;
  }
}

}  // namespace

Capture read_pcap(const std::filesystem::path& file) {
  const Pcap pcap = open_pcap(file);
  const bool raw = pcap_datalink(pcap.get()) == DLT_RAW;
  Capture capture;
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  int status = 0;
  while ((status = pcap_next_ex(pcap.get(), &header, &data)) == 1) {
    const Bytes bytes = std::as_bytes(std::span(data, header->caplen));
    take(raw ? parse_ip(bytes) : parse_ethernet(bytes), *header, capture);
  }
  if (status != PCAP_ERROR_BREAK) {
    throw BadCapture(fmt::format(
        "{}: expected another frame or the end of the file, after "
        "{} datagrams found: {}",
        file.string(), capture.packets.size(), pcap_geterr(pcap.get())));
  }
  return capture;
}

struct CaptureWriter::Open {
  std::filesystem::path file;
  Pcap pcap;
  Dumper dumper;
};

CaptureWriter::CaptureWriter(const std::filesystem::path& file)
    : open_(std::make_unique<Open>()) {
  open_->file = file;
  open_->pcap.reset(pcap_open_dead_with_tstamp_precision(
      DLT_EN10MB, kLongestFrame, PCAP_TSTAMP_PRECISION_NANO));
  if (open_->pcap) {
    open_->dumper.reset(pcap_dump_open(open_->pcap.get(), file.c_str()));
  }
  if (!open_->dumper) {
    throw std::runtime_error(fmt::format(
        "cannot write {}: {}", file.string(),
        open_->pcap ? pcap_geterr(open_->pcap.get()) : "no memory"));
  }
}

CaptureWriter::CaptureWriter(CaptureWriter&&) noexcept = default;
CaptureWriter& CaptureWriter::operator=(CaptureWriter&&) noexcept = default;
CaptureWriter::~CaptureWriter() = default;

void CaptureWriter::write(std::uint64_t time, std::span<const std::byte> bytes,
                          std::size_t length) {
  pcap_pkthdr header{};
  header.ts.tv_sec = static_cast<time_t>(time / kSecond);
  header.ts.tv_usec = static_cast<suseconds_t>(time % kSecond);
  header.caplen = static_cast<bpf_u_int32>(bytes.size());
  header.len = static_cast<bpf_u_int32>(length);
  pcap_dump(reinterpret_cast<u_char*>(open_->dumper.get()), &header,
            reinterpret_cast<const u_char*>(bytes.data()));
}

void CaptureWriter::flush() {
  // pcap_dump() says nothing of what it could not write.
  errno = 0;
  if (pcap_dump_flush(open_->dumper.get()) != 0 ||
      std::ferror(pcap_dump_file(open_->dumper.get())) != 0) {
    const int error = errno != 0 ? errno : EIO;
    throw std::system_error(
        error, std::generic_category(),
        open_->file == "-"
            ? std::string("cannot write the capture to the standard output")
            : fmt::format("cannot write all of {}", open_->file.string()));
  }
}

void write_pcap(const std::filesystem::path& file,
                std::span<const Packet> packets, const Endpoint& to) {
  CaptureWriter writer(file);
  std::vector<std::byte> frame;
  for (const Packet& packet : packets) {
    write_frame(to, packet.payload, frame);
    writer.write(packet.time, frame, frame.size());
  }
  writer.flush();
}

}  // namespace hft::net
