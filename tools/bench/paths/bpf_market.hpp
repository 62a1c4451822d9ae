// SPDX-License-Identifier: MIT
// The simulator as a BPF program, at any rate.
#pragma once

#include <optional>

#include "bench/path.hpp"
#include "bench/paths/producer_process.hpp"
#include "hft/bpf_simulator.hpp"

namespace hft::bench {

/// Driven by its bpf_timer, or, where that is too slow, by a process.
class BpfMarket {
 public:
  using Output = bpf::Simulator::Options::Output;

  BpfMarket(const Setting& setting, Output output);

  void start();
  [[nodiscard]] Attached ring() const {
    return simulator_.rings().attach(0, Role::kConsumer);
  }
  [[nodiscard]] int ringbuf_fd() const { return simulator_.ringbuf_fd(); }

 private:
  bpf::Simulator simulator_;
  std::optional<ProducerProcess> process_;
};

}  // namespace hft::bench
