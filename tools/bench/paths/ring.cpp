// SPDX-License-Identifier: MIT
// The ring: one cache line a record.
#include "bench/path.hpp"
#include "bench/paths/market.hpp"
#include "bench/paths/pause_watch.hpp"
#include "hft/clock.hpp"
#include "hft/consumer.hpp"
#include "hft/device.hpp"

namespace hft::bench {
namespace {

class RingPath : public Path {
 public:
  explicit RingPath(const Setting& setting) : watch_(setting.watch) {}

  Arrival next() override {
    const hft_record& record =
        watch_.enabled() ? read_watching(consumer_, watch_) : consumer_.read();
    Arrival arrival;
    arrival.now = tsc_now();
    take_market(record, arrival);
    arrival.stall_cycles = watch_.longest();
    consumer_.release();
    return arrival;
  }

 private:
  Device device_ = Device::open();
  Attached ring_ = attach(device_);
  KernelConsumer consumer_ = ring_.consumer();
  PauseWatch watch_;
};

}  // namespace

extern const PathKind kRing = {
    .name = "ring",
    .summary = "slots that publish themselves, polled",
    .driver = true,
    .standard = true,
    .unavailable = driver_unavailable,
    .attach = attach_as<RingPath>,
};

}  // namespace hft::bench
