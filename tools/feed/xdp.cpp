// SPDX-License-Identifier: MIT
#include "feed/xdp.hpp"

#include <fmt/format.h>

#include <utility>

#include "default_slots.hpp"
#include "feed/udp.hpp"
#include "hft/record.hpp"
#include "spin_then_nap.hpp"

namespace hft::feed {
namespace {

// Longest datagrams of a feed: MoldUDP64 keeps to one Ethernet frame.
constexpr std::uint32_t kSlotSize = 2048;
// A burst of the market's opening; on many CPUs, of which few receive, less.
constexpr tools::SlotsBound kSlots{.bytes = std::uint64_t{256} << 20U,
                                   .slots = 16'384};
constexpr std::uint64_t kTurn = 100'000'000;  // ns that next() waits

bpf::Xdp attach(const net::Endpoint& endpoint, const std::string& interface) {
  return bpf::Xdp({.interface = interface,
                   .port = endpoint.port,
                   .address = net::to_address(endpoint),
                   .shape = {.slot_count = tools::default_slots(
                                 bpf::possible_cpus(), kSlotSize, kSlots),
                             .slot_size = kSlotSize}});
}

}  // namespace

XdpSource::XdpSource(const net::Endpoint& endpoint, std::string interface)
    : endpoint_(endpoint),
      interface_(std::move(interface)),
      xdp_(attach(endpoint_, interface_)) {
  if (endpoint_.is_group()) {
    membership_ = join(endpoint_, interface_);
  }
  for (std::uint32_t cpu = 0; cpu < xdp_.rings().size(); ++cpu) {
    rings_.push_back(xdp_.rings().attach(cpu, Role::kConsumer));
    merger_.add(rings_.back().consumer());
  }
}

std::optional<Datagram> XdpSource::next() {
  if (std::exchange(given_, false)) {
    merger_.release();
  }
  tools::SpinThenNap wait;
  do {
    if (const hft_record* record = merger_.try_read()) {
      given_ = true;
      return Datagram{.payload = payload(*record, kSlotSize),
                      .stamp = record->stamp};
    }
  } while (wait.rest() < kTurn);
  return std::nullopt;
}

std::uint64_t XdpSource::dropped() const {
  std::uint64_t sum = 0;
  for (const Attached& ring : rings_) {
    sum += ring.producer_page().dropped;
  }
  return sum;
}

std::string XdpSource::describe() const {
  return fmt::format("XDP ({}) on {}, {}", xdp_.native() ? "native" : "generic",
                     interface_, to_string(endpoint_));
}

}  // namespace hft::feed
