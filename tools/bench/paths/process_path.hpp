// SPDX-License-Identifier: MIT
// Our ring between two processes, with whatever the consumer does while the
// ring is empty.
#pragma once

#include "bench/paths/process_ring.hpp"

namespace hft::bench {

/// `Wait` is made from Setting::watch. The producer calls its notify() after
/// each record, the consumer its wait(consumer) for the next one. Its
/// stall_cycles() is the consumer's longest pause in polling.
template <typename Wait>
class ProcessPath : public Path {
 public:
  explicit ProcessPath(const Setting& setting)
      : region_(make_ring(setting)),
        reader_(setting, region_),
        wait_(setting.watch),
        consumer_(RecordRing(region_).consumer()),
        producer_(setting.path, setting.producer_cpu,
                  [&](const ProducerProcess::Ready& ready) {
                    produce(region_, setting, ready, [&] { wait_.notify(); });
                  }) {}

  void begin() override { producer_.start(); }

  Arrival next() override {
    Arrival arrival = reader_.take(wait_.wait(consumer_));
    arrival.stall_cycles = wait_.stall_cycles();
    consumer_.release();
    return arrival;
  }

 private:
  Region region_;
  RecordReader reader_;
  Wait wait_;
  Consumer<hft_record> consumer_;
  ProducerProcess producer_;
};

}  // namespace hft::bench
