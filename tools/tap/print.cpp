// SPDX-License-Identifier: MIT
#include "tap/print.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <ctime>
#include <iterator>
#include <nlohmann/json.hpp>

#include "hft/clock.hpp"

namespace hft::tap {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::size_t kHexColumns = 16;

std::uint64_t time_of_day() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kNsPerSecond +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::string type_name(std::uint16_t type) {
  switch (type) {
    case HFT_RECORD_EMPTY:
      return "empty";
    case HFT_RECORD_MARKET:
      return "market";
    case HFT_RECORD_UDP:
      return "udp";
    case HFT_RECORD_FRAME:
      return "frame";
    case HFT_RECORD_SWITCH:
      return "switch";
    default:
      return fmt::format("{:#x}", type);
  }
}

// The payload as T when the record says that it is one.
template <class T>
const T* payload_as(const TappedRecord& tapped, hft_record_type type,
                    T& storage) {
  if (tapped.record->type != type || tapped.payload.size() < sizeof(T)) {
    return nullptr;
  }
  std::memcpy(&storage, tapped.payload.data(), sizeof(T));
  return &storage;
}

// Whatever a name in shared memory holds: as much of it as is a string.
template <std::size_t N>
std::string name_of(const char (&name)[N]) {
  std::string text(name, strnlen(name, N));
  std::replace_if(
      text.begin(), text.end(),
      [](unsigned char c) { return std::isprint(c) == 0; }, '?');
  return text;
}

std::string describe(const TappedRecord& tapped) {
  hft_market market;
  if (payload_as(tapped, HFT_RECORD_MARKET, market) != nullptr) {
    return fmt::format(
        ", sequence {}, instrument {}, {} {} at {:.4f}, {} ns late",
        market.sequence, market.instrument,
        market.side == HFT_SIDE_BUY ? "buy" : "sell", market.quantity,
        static_cast<double>(market.price) / 1e4, market.late);
  }
  hft_switch change;
  if (payload_as(tapped, HFT_RECORD_SWITCH, change) != nullptr) {
    return fmt::format(", {} [{}] -> {} [{}]", name_of(change.prev_comm),
                       change.prev_pid, name_of(change.next_comm),
                       change.next_pid);
  }
  return {};
}

std::string hex_lines(std::span<const std::byte> bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += kHexColumns) {
    const auto row =
        bytes.subspan(at, std::min(kHexColumns, bytes.size() - at));
    std::string text;
    out += fmt::format("\n\t0x{:04x}: ", at);
    for (const std::byte byte : row) {
      const auto c = static_cast<unsigned char>(byte);
      out += fmt::format(" {:02x}", c);
      text += std::isprint(c) != 0 ? static_cast<char>(c) : '.';
    }
    out += fmt::format("{:{}}{}", "", 3 * (kHexColumns - row.size()) + 2, text);
  }
  return out;
}

}  // namespace

WallClock::WallClock(const hft_info& info)
    : ns_per_tick_(static_cast<double>(kNsPerSecond) /
                   static_cast<double>(info.clock_hz)),
      stamp_(info.clock == HFT_CLOCK_TSC ? tsc_now() : monotonic_now()),
      time_(time_of_day()) {}

std::uint64_t WallClock::at(std::uint64_t stamp) const {
  const double ticks = stamp >= stamp_ ? static_cast<double>(stamp - stamp_)
                                       : -static_cast<double>(stamp_ - stamp);
  return time_ + static_cast<std::uint64_t>(
                     static_cast<std::int64_t>(ticks * ns_per_tick_));
}

std::string to_text(const TappedRecord& tapped, std::uint64_t time, bool hex) {
  const hft_record& record = *tapped.record;
  const std::time_t seconds = static_cast<std::time_t>(time / kNsPerSecond);
  std::string line =
      fmt::format("{:%H:%M:%S}.{:09} {}#{} {} {} bytes{}{}",
                  fmt::localtime(seconds), time % kNsPerSecond,
                  tapped.ring == 0 ? "" : fmt::format("ring {} ", tapped.ring),
                  tapped.position, type_name(record.type), record.length,
                  (record.flags & HFT_RECORD_TRUNCATED) != 0
                      ? fmt::format(" (cut to {})", tapped.payload.size())
                      : "",
                  describe(tapped));
  if (hex) {
    line += hex_lines(tapped.payload);
  }
  return line;
}

std::string to_json(const TappedRecord& tapped, std::uint64_t time) {
  const hft_record& record = *tapped.record;
  nlohmann::ordered_json line{
      {"time", time},
      {"ring", tapped.ring},
      {"position", tapped.position},
      {"stamp", record.stamp},
      {"type", type_name(record.type)},
      {"length", record.length},
      {"truncated", (record.flags & HFT_RECORD_TRUNCATED) != 0}};
  hft_market market;
  hft_switch change;
  if (payload_as(tapped, HFT_RECORD_MARKET, market) != nullptr) {
    line["sequence"] = market.sequence;
    line["instrument"] = market.instrument;
    line["side"] = market.side == HFT_SIDE_BUY ? "buy" : "sell";
    line["price"] = static_cast<double>(market.price) / 1e4;
    line["quantity"] = market.quantity;
    line["late"] = market.late;
    line["ticks_missed"] = market.missed;
  } else if (payload_as(tapped, HFT_RECORD_SWITCH, change) != nullptr) {
    line["prev_pid"] = change.prev_pid;
    line["prev_comm"] = name_of(change.prev_comm);
    line["next_pid"] = change.next_pid;
    line["next_comm"] = name_of(change.next_comm);
  } else {
    std::string hex;
    for (const std::byte byte : tapped.payload) {
      fmt::format_to(std::back_inserter(hex), "{:02x}",
                     static_cast<unsigned>(byte));
    }
    line["payload"] = hex;
  }
  return line.dump();
}

}  // namespace hft::tap
