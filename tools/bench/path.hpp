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

/// One record as the consumer saw it.
struct Seen {
  std::uint64_t now = 0;       // consumer's clock right after, cycles
  std::uint64_t stamp = 0;     // producer's clock right before, cycles
  std::uint64_t sequence = 0;  // counts what the producer offered
  bool scheduled = false;      // late and missed are known
  std::uint64_t late = 0;      // ns, scheduled time to stamp
  std::uint64_t missed = 0;    // further ticks that fell due meanwhile
  std::uint64_t stall = 0;  // cycles; the consumer's longest pause in polling
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
  virtual Seen next() = 0;
};

/// Through what the paths of packets send. Frames made in advance go past the
/// sender's UDP and IP: what is compared are receivers.
enum class Sender { kFrame, kUdp };

/// How to attach to a path. What stands below `path` is for those that bring a
/// producer of their own.
struct Setting {
  bool watch = false;  // polling paths also report their longest pause, at the
                       // price of a clock read each poll
  std::uint64_t period = HFT_SIM_PERIOD_DEFAULT;  // ns between records
  std::string_view path;                          // for errors to name
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

/// A path by name, and how to attach to it.
struct PathKind {
  std::string_view name;
  std::string_view summary;
  bool driver;    // its producer is the driver
  bool standard;  // measured when --paths is not given
  Adapts adapts;
  /// Why this machine does not offer it; empty when it does.
  std::string (*unavailable)();
  /// Attach: only what is published from now on is seen.
  std::unique_ptr<Path> (*attach)(const Setting& setting);
  std::uint32_t largest = HFT_SLOT_SIZE_MAX;  // payload, bytes
  bool packets = false;                       // its producer heeds the sender
};

/// Every path this build knows, in the order they are shown.
const std::vector<PathKind>& path_kinds();
/// Null when no path is called that.
const PathKind* find_path(std::string_view name);

std::unique_ptr<Path> attach_syscall(const Setting& setting);
std::unique_ptr<Path> attach_read(const Setting& setting);
std::unique_ptr<Path> attach_shm(const Setting& setting);
std::unique_ptr<Path> attach_lamport(const Setting& setting);
std::unique_ptr<Path> attach_lamport_spin(const Setting& setting);
std::unique_ptr<Path> attach_ring(const Setting& setting);
std::unique_ptr<Path> attach_floor(const Setting& setting);
std::unique_ptr<Path> attach_process(const Setting& setting);
/// `process` over Setting::rings rings.
std::unique_ptr<Path> attach_poller(const Setting& setting);
std::unique_ptr<Path> attach_eventfd(const Setting& setting);
std::unique_ptr<Path> attach_pipe(const Setting& setting);
std::unique_ptr<Path> attach_futex(const Setting& setting);
std::unique_ptr<Path> attach_udp_block(const Setting& setting);
std::unique_ptr<Path> attach_udp_spin(const Setting& setting);
std::unique_ptr<Path> attach_udp_busy_poll(const Setting& setting);
std::unique_ptr<Path> attach_af_xdp(const Setting& setting);
std::unique_ptr<Path> attach_xdp(const Setting& setting);
std::unique_ptr<Path> attach_xdp_entry(const Setting& setting);
std::unique_ptr<Path> attach_ebpf(const Setting& setting);
std::unique_ptr<Path> attach_ebpf_poll(const Setting& setting);
std::unique_ptr<Path> attach_ringbuf_poll(const Setting& setting);
std::unique_ptr<Path> attach_ringbuf_spin(const Setting& setting);

}  // namespace hft::bench
