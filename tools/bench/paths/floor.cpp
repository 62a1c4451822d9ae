// SPDX-License-Identifier: MIT
// The floor: one line bounced between two processes, without anything around
// it. No stamp crosses, so a sample is half a round trip.
#include <hft/abi.h>

#include <atomic>

#include "bench/path.hpp"
#include "bench/paths/producer_process.hpp"
#include "bench/paths/unavailable.hpp"
#include "hft/clock.hpp"
#include "hft/detail/mapping.hpp"
#include "hft/wait.hpp"

namespace hft::bench {
namespace {

class FloorPath : public Path {
 public:
  explicit FloorPath(const Setting& setting)
      : page_(Mapping::anonymous(HFT_PAGE)),
        echo_(setting.path, setting.producer_cpu,
              [this](const ProducerProcess::Ready& ready) {
                ready();
                for (std::uint64_t value = 1;; value += 2) {
                  wait_for(value);
                  word().store(value + 1, std::memory_order_release);
                }
              }) {}

  void begin() override { echo_.start(); }

  Arrival next() override {
    Arrival arrival;
    arrival.sequence = sequence_++;
    arrival.stamp = tsc_now();
    word().store(2 * arrival.sequence + 1, std::memory_order_release);
    wait_for(2 * arrival.sequence + 2);
    arrival.now = arrival.stamp + (tsc_now() - arrival.stamp) / 2;
    return arrival;
  }

 private:
  [[nodiscard]] std::atomic<std::uint64_t>& word() const {
    return *page_.as<std::atomic<std::uint64_t>>();
  }
  // Acquire pairs with the release stores of the other side. Between two looks
  // it does what a ring's consumer does: the quickest on this machine.
  void wait_for(std::uint64_t value) const {
    BusySpin wait;
    while (word().load(std::memory_order_acquire) != value) {
      wait.rest();
    }
  }

  Mapping page_;
  ProducerProcess echo_;
  std::uint64_t sequence_ = 0;
};

}  // namespace

extern const PathKind kFloor = {
    .name = "floor",
    .summary = "one line bounced between two processes, halved; no record",
    .standard = true,
    .unavailable = process_unavailable,
    .attach = attach_as<FloorPath>,
};

}  // namespace hft::bench
