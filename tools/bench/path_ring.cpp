// SPDX-License-Identifier: MIT
// The ring: one cache line a record.
#include "hft/clock.hpp"
#include "hft/consumer.hpp"
#include "hft/device.hpp"
#include "market.hpp"
#include "path.hpp"
#include "pause_watch.hpp"

namespace hft::bench {
namespace {

class RingPath : public Path {
 public:
  explicit RingPath(bool watch) : watch_(watch) {}

  Seen next() override {
    const hft_record& record =
        watch_.enabled() ? wait_watching() : consumer_.read();
    Seen seen;
    seen.now = tsc_now();
    take_market(record, seen);
    seen.stall = watch_.longest();
    consumer_.release();
    return seen;
  }

 private:
  const hft_record& wait_watching() {
    const hft_record* record = nullptr;
    spin_until(watch_, [&] {
      record = consumer_.try_read();
      return record != nullptr;
    });
    return *record;
  }

  Device device_ = Device::open();
  Attached ring_ = attach(device_);
  Consumer<> consumer_{ring_.consumer_end()};
  PauseWatch watch_;
};

}  // namespace

std::unique_ptr<Path> attach_ring(bool watch) {
  return std::make_unique<RingPath>(watch);
}

}  // namespace hft::bench
