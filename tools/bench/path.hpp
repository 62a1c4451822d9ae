// SPDX-License-Identifier: MIT
// A path: one way to get a record from a producer to this thread.
#pragma once

#include <hft/abi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hft::bench {

/// A record, as it arrived at the consumer.
struct Arrival {
  std::uint64_t now = 0;           // consumer's clock right after, cycles
  std::uint64_t stamp = 0;         // producer's clock right before, cycles
  std::uint64_t sequence = 0;      // counts what the producer offered
  bool scheduled = false;          // late_ns and missed are known
  std::uint64_t late_ns = 0;       // scheduled time to stamp
  std::uint64_t missed = 0;        // further ticks that fell due meanwhile
  std::uint64_t stall_cycles = 0;  // the consumer's longest pause in polling
};

class Path {
 public:
  Path() = default;
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;
  virtual ~Path() = default;

  /// Everything is in place: records may come. A producer of the path's own
  /// begins its schedule.
  virtual void begin() {}
  /// Wait for the next record.
  virtual Arrival next() = 0;
};

/// Through what the paths of packets send. Frames made in advance go past the
/// sender's UDP and IP: what is compared are receivers.
enum class Sender { kFrame, kUdp };

/// How to attach to a path. What stands below `path` is for those that bring a
/// producer of their own.
struct Setting {
  bool watch = false;  // polling paths also report their longest pause, at the
                       // price of a clock read each poll
  std::uint64_t period_ns = HFT_SIM_PERIOD_DEFAULT;  // between records
  std::string_view path;                             // for errors to name
  int producer_cpu = 0;
  std::uint32_t payload = sizeof(hft_market);  // bytes, kPayloadMin at least
  std::uint64_t capacity = HFT_DEFAULT_SLOT_COUNT;  // records
  std::uint32_t rings = 0;  // polled together, all but one idle; 0: no Poller
  Sender sender = Sender::kFrame;
};

/// What of a setting the producer of a path heeds besides `path` and
/// `producer_cpu`: a period of 10 us and more, any period and the capacity, the
/// payload too, the rings too.
enum class Adapts { kNot, kToRate, kToPayload, kToRings };

/// A path by name, and how to attach to it. Each file in paths/ defines its
/// own, and lab/path_list.hpp lists them.
struct PathKind {
  std::string_view name;
  std::string_view summary;
  bool driver = false;    // its producer is the driver
  bool standard = false;  // measured when --paths is not given
  Adapts adapts = Adapts::kNot;
  /// Why this machine does not offer it; empty when it does.
  std::string (*unavailable)() = nullptr;
  /// Attach: only what is published from now on is seen.
  std::unique_ptr<Path> (*attach)(const Setting& setting) = nullptr;
  std::uint32_t largest = HFT_SLOT_SIZE_MAX;  // payload, bytes
  bool packets = false;                       // its producer heeds the sender
};

/// For PathKind::attach: a path of class `Kind`, made from the setting and
/// `kArguments`.
template <typename Kind, auto... kArguments>
std::unique_ptr<Path> attach_as(const Setting& setting) {
  return std::make_unique<Kind>(setting, kArguments...);
}

/// Every path this build knows, in the order they are shown.
const std::vector<PathKind>& path_kinds();
/// Null when no path is called that.
const PathKind* find_path(std::string_view name);

}  // namespace hft::bench
