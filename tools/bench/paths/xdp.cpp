// SPDX-License-Identifier: MIT
// UDP over veth through an XDP program into our ring: from right before send(),
// as the other paths of packets, and from the program's own stamp.
#include "bench/network/packet_sender.hpp"
#include "bench/network/xdp_mode.hpp"
#include "bench/paths/monotonic.hpp"
#include "bench/paths/pause_watch.hpp"
#include "bench/paths/unavailable.hpp"
#include "hft/bpf.hpp"
#include "hft/bpf_xdp.hpp"
#include "hft/consumer.hpp"
#include "hft/cpu.hpp"
#include "hft/record.hpp"

namespace hft::bench {
namespace {

bpf::Xdp attach(const Setting& setting) {
  // Its interface is looked up by name there.
  const Visit visit(Veth::shared().receiver());
  const auto bytes = static_cast<std::uint32_t>(packet_size(setting));
  return bpf::Xdp(
      {.interface = Veth::kReceiverName,
       .port = Veth::kPort,
       .shape = {.slot_count = static_cast<std::uint32_t>(setting.capacity),
                 .rings = 1,
                 .slot_size = default_slot_size(HFT_RECORD_HEADER + bytes)}});
}

// Where a sample begins.
enum class From { kSend, kProgram };

// What is longer than a line is copied, as recv() would: it is not here before.
class XdpPath : public Path {
 public:
  XdpPath(const Setting& setting, From from)
      : from_(from),
        watch_(setting.watch),
        reader_(setting),
        xdp_(attach(setting)),
        sender_(setting) {
    report_xdp_mode(xdp_.native(), setting.path);
  }

  void begin() override { sender_.start(); }

  Arrival next() override {
    const hft_record& record =
        watch_.enabled() ? read_watching(consumer_, watch_) : consumer_.read();
    const std::span<const std::byte> bytes =
        payload(record, ring_.info().slot_size);
    std::memcpy(packet_.data(), bytes.data(),
                std::min(bytes.size(), packet_.size()));
    compiler_barrier();
    Arrival arrival;
    arrival.now = from_ == From::kProgram ? clock_.now() : tsc_now();
    reader_.take(packet_.data(), arrival);
    if (from_ == From::kProgram) {
      arrival.stamp = clock_.at(record.stamp);
    }
    arrival.stall_cycles = watch_.longest();
    consumer_.release();
    return arrival;
  }

 private:
  From from_;
  PauseWatch watch_;
  MonotonicClock clock_;
  PacketReader reader_;
  PacketBuffer packet_{};
  bpf::Xdp xdp_;
  Attached ring_ = xdp_.rings().attach(0, Role::kConsumer);
  KernelConsumer consumer_ = ring_.consumer();
  PacketSender sender_;
};

std::string xdp_unavailable() {
  std::string why_not = packets_unavailable();
  return why_not.empty() ? bpf::unavailable() : why_not;
}

}  // namespace

extern const PathKind kXdp = {
    .name = "xdp",
    .summary = "UDP over veth, an XDP program to our ring, polled",
    .adapts = Adapts::kToPayload,
    .unavailable = xdp_unavailable,
    .attach = attach_as<XdpPath, From::kSend>,
    .largest = Veth::kPayloadMax,
    .packets = true,
};

extern const PathKind kXdpEntry = {
    .name = "xdp-entry",
    .summary = "the same, from the XDP program's stamp",
    .adapts = Adapts::kToPayload,
    .unavailable = xdp_unavailable,
    .attach = attach_as<XdpPath, From::kProgram>,
    .largest = Veth::kPayloadMax,
    .packets = true,
};

}  // namespace hft::bench
