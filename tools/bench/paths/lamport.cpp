// SPDX-License-Identifier: MIT
// The ring one writes first (Lamport 1977): two indices, each on its own line.
// `Original` polls it as the original sandbox did.
#include "bench/path.hpp"
#include "bench/paths/pause_watch.hpp"
#include "hft/clock.hpp"
#include "hft/cpu.hpp"
#include "hft/detail/mapping.hpp"
#include "hft/device.hpp"

namespace hft::bench {
namespace {

constexpr std::size_t kBytes =
    (HFT_LAMPORT_BYTES + HFT_PAGE - 1) / HFT_PAGE * HFT_PAGE;

enum class Style { kOriginal, kSpin };

template <Style kStyle>
class LamportPath : public Path {
 public:
  explicit LamportPath(const Setting& setting) : watch_(setting.watch) {}

  Arrival next() override {
    spin_until(watch_, [this] {
      if (producer_index() != index_) {
        return true;
      }
      if constexpr (kStyle == Style::kOriginal) {
        cpu_pause();
      }
      return false;
    });
    Arrival arrival;
    if constexpr (kStyle == Style::kOriginal) {
      full_fence();
      arrival.now = cycle_counter();
    } else {
      arrival.now = tsc_now();
    }
    arrival.stamp = ring_.slots[index_].stamp;
    arrival.sequence = ring_.slots[index_].data;
    arrival.stall_cycles = watch_.longest();
    index_ = (index_ + 1) & HFT_LAMPORT_MASK;
    // Release: the slot is read before the producer may write it again.
    __atomic_store_n(&ring_.consumer_index, index_, __ATOMIC_RELEASE);
    return arrival;
  }

 private:
  // Acquire pairs with smp_wmb() between the slot and the index.
  [[nodiscard]] std::uint64_t producer_index() const {
    return __atomic_load_n(&ring_.producer_index, __ATOMIC_ACQUIRE);
  }

  Device device_ = Device::open();
  Mapping mapping_{device_.fd(), HFT_MMAP_LAMPORT, kBytes, Rights::kReadWrite};
  hft_lamport& ring_ = *mapping_.as<hft_lamport>();
  PauseWatch watch_;
  std::uint64_t index_ = 0;  // the first to map it finds both indices 0
};

}  // namespace

extern const PathKind kLamport = {
    .name = "lamport",
    .summary =
        "indices on two lines, as first written: pause in the loop, mfence "
        "before the clock",
    .driver = true,
    .standard = true,
    .unavailable = driver_unavailable,
    .attach = attach_as<LamportPath<Style::kOriginal>>,
};

extern const PathKind kLamportSpin = {
    .name = "lamport-spin",
    .summary = "the same ring, polled without pause or mfence",
    .driver = true,
    .unavailable = driver_unavailable,
    .attach = attach_as<LamportPath<Style::kSpin>>,
};

}  // namespace hft::bench
