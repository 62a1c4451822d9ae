// SPDX-License-Identifier: MIT
// Every context switch as a record: the example of "any kernel event".
//
//   hft::bpf::SchedSwitch switches;
//   auto ring = switches.rings().attach(cpu, hft::Role::kConsumer);
//   auto consumer = ring.consumer();
//   consumer.for_each([](const hft_record& record) { /* hft_switch */ });
//   report(switches.stats(cpu).dropped);
#pragma once

#include <hft/abi.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "hft/bpf.hpp"

namespace hft::bpf {

/// A ring for each possible CPU, of records of HFT_RECORD_SWITCH. Attached from
/// construction to stop() or destruction; throws as load() does. Move-only. Not
/// thread-safe.
class SchedSwitch {
 public:
  /// With `go_on` the pinned rings are what `shape` would say; throws as
  /// Rings::go_on() does.
  explicit SchedSwitch(const Shape& shape = {},
                       const std::optional<GoOn>& go_on = std::nullopt);
  SchedSwitch(SchedSwitch&&) noexcept;
  SchedSwitch& operator=(SchedSwitch&&) noexcept;
  SchedSwitch(const SchedSwitch&) = delete;
  SchedSwitch& operator=(const SchedSwitch&) = delete;
  ~SchedSwitch();

  [[nodiscard]] const Rings& rings() const noexcept;
  /// Detach: when this returns, nothing more is published and stats() stay as
  /// they are. Without effect the second time.
  void stop();
  [[nodiscard]] hft_ring_stats stats(std::uint32_t cpu) const;

 private:
  struct Loaded;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace hft::bpf
