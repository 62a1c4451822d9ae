// SPDX-License-Identifier: MIT
// One shared word: as fast as memory is, and what is missed is gone.
#include "bench/path.hpp"
#include "bench/paths/pause_watch.hpp"
#include "hft/clock.hpp"
#include "hft/detail/mapping.hpp"
#include "hft/device.hpp"

namespace hft::bench {
namespace {

class ShmPath : public Path {
 public:
  explicit ShmPath(const Setting& setting)
      : watch_(setting.watch), last_(stamp()) {}

  Arrival next() override {
    Arrival arrival;
    spin_until(watch_, [&] { return (arrival.stamp = stamp()) != last_; });
    arrival.now = tsc_now();
    last_ = arrival.stamp;
    arrival.sequence = word_.sequence;
    arrival.scheduled = true;
    arrival.late_ns = word_.late;
    arrival.missed = word_.missed;
    arrival.stall_cycles = watch_.longest();
    return arrival;
  }

 private:
  // Acquire pairs with the driver's release store, which follows the others.
  [[nodiscard]] std::uint64_t stamp() const {
    return __atomic_load_n(&word_.stamp, __ATOMIC_ACQUIRE);
  }

  Device device_ = Device::open();
  Mapping mapping_{device_.fd(), HFT_MMAP_SHM, HFT_PAGE, Rights::kRead};
  const hft_shm& word_ = *mapping_.as<const hft_shm>();
  PauseWatch watch_;
  std::uint64_t last_;
};

}  // namespace

extern const PathKind kShm = {
    .name = "shm",
    .summary = "one shared word, polled",
    .driver = true,
    .standard = true,
    .unavailable = driver_unavailable,
    .attach = attach_as<ShmPath>,
};

}  // namespace hft::bench
