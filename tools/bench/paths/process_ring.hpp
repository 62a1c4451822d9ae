// SPDX-License-Identifier: MIT
// Our ring, and the two processes at its ends.
#pragma once

#include <hft/abi.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

#include "bench/path.hpp"
#include "bench/paths/producer_process.hpp"
#include "bench/paths/schedule.hpp"
#include "hft/cpu.hpp"
#include "hft/ring.hpp"

namespace hft::bench {

using RecordRing = Ring<hft_record>;

inline Region make_ring(const Setting& setting) {
  return Region::anonymous(
      RecordRing::geometry(setting.capacity, setting.payload));
}

/// In the producer process: publish each record that falls due, then notify().
/// What finds the ring full is dropped, and missing from the sequence.
template <typename Notify>
[[noreturn]] void produce(const Region& region, const Setting& setting,
                          const ProducerProcess::Ready& ready, Notify notify) {
  auto producer = RecordRing(region).producer();
  const std::array<std::byte, HFT_SLOT_SIZE_MAX> zeros{};
  const std::span bytes = std::span(zeros).first(setting.payload);
  const std::uint64_t period_cycles =
      TickReader(setting.period_ns).period_cycles();
  hft_record* record = nullptr;
  ready();
  keep_schedule(
      period_cycles,
      [&] {
        record = producer.reserve();
        if (record != nullptr) [[likely]] {
          fill_record(*record, region.info().slot_size, 0, 0, bytes);
        }
      },
      [&](std::uint64_t stamp, const Tick& tick) {
        if (record == nullptr) [[unlikely]] {
          return;
        }
        const std::uint64_t word = tick.pack();
        record->stamp = stamp;
        std::memcpy(record->payload, &word, sizeof(word));
        producer.publish();
        notify();
      });
}

/// In the consumer: sees a record when all of it is here. One that is longer
/// than a line is copied; the first line came with `published`.
class RecordReader {
 public:
  RecordReader(const Setting& setting, const Region& region)
      : ticks_(setting.period_ns), slot_size_(region.info().slot_size) {}

  Arrival take(const hft_record& record) {
    const std::span<const std::byte> bytes = payload(record, slot_size_);
    if (bytes.size() > sizeof(record.payload)) {
      std::memcpy(copy_.data(), bytes.data(), bytes.size());
      compiler_barrier();
    }
    Arrival arrival;
    arrival.now = tsc_now();
    ticks_.take(record.stamp, bytes.data(), arrival);
    return arrival;
  }

 private:
  TickReader ticks_;
  std::size_t slot_size_;
  std::array<std::byte, HFT_SLOT_SIZE_MAX> copy_{};
};

}  // namespace hft::bench
