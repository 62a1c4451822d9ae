// SPDX-License-Identifier: MIT
// The simulator on an unmodified kernel: market-data packets from BPF.
//
//   hft::bpf::Simulator simulator({.period = 100'000, .cpu = 0});
//   auto ring = simulator.rings().attach(0, hft::Role::kConsumer);
//   auto consumer = ring.consumer();
//   simulator.start();
//   const hft_record& packet = consumer.read();
#pragma once

#include <hft/abi.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hft/bpf.hpp"

namespace hft::bpf {

struct SimulatorOptions {
  /// Where its packets go. The kernel's BPF ring buffer is there to be measured
  /// beside ours; kRingbufSilent wakes no one who waits in epoll.
  /// kNothing is all that a packet costs without its record.
  enum class Output : std::uint32_t {
    kRing,
    kRingbuf,
    kRingbufSilent,
    kNothing
  };
  /// kTimer is a bpf_timer, kPerfEvent the overflows of a CPU's clock. kAuto
  /// takes a bpf_timer where it can be pinned to a CPU (from Linux 6.7 on).
  enum class Driver { kAuto, kTimer, kPerfEvent };

  std::uint64_t period = HFT_SIM_PERIOD_DEFAULT;  // ns, 10 us to 1 s
  int cpu = 0;                                    // that produces
  Output output = Output::kRing;
  Driver driver = Driver::kAuto;
  /// Of its one ring: it produces on one CPU, whatever `rings` says. The BPF
  /// ring buffer, where it is used, holds as many records.
  Shape shape = {.rings = 1};
  /// The pinned rings to go on with, which are then what `shape` would say.
  /// Sequences of packets begin with 0 again.
  std::optional<GoOn> go_on = std::nullopt;
};

/// Loaded on construction, which throws as load() and Rings::go_on() do; gone
/// on destruction. Move-only. Not thread-safe.
class Simulator {
 public:
  using Options = SimulatorOptions;

  explicit Simulator(const Options& options);
  Simulator(Simulator&&) noexcept;
  Simulator& operator=(Simulator&&) noexcept;
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;
  ~Simulator();

  /// One ring of hft_market packets; its consumers may outlive this.
  [[nodiscard]] const Rings& rings() const noexcept;
  /// The BPF ring buffer of records of hft_record.
  [[nodiscard]] int ringbuf_fd() const noexcept;

  /// The first packet comes a period later. Throws std::system_error.
  void start();
  /// From then on nothing is published.
  void stop();
  /// Instead of start(): publish so many packets at once, from the calling CPU.
  /// They keep the schedule of the period: what has fallen due meanwhile is
  /// missed, what is not due yet is early. Throws std::system_error.
  void publish(std::uint32_t packets);
  /// "bpf_timer" or "perf event": what start() took.
  [[nodiscard]] std::string driven_by() const;

  [[nodiscard]] hft_ring_stats stats() const;
  /// The program that publish() runs, one packet a run: a descriptor that holds
  /// until this is destroyed, for what the kernel says of a program.
  [[nodiscard]] int program_fd() const noexcept;

 private:
  struct Loaded;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace hft::bpf
