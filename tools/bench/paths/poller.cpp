// SPDX-License-Identifier: MIT
#include "bench/paths/poller.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "bench/paths/process_ring.hpp"

namespace hft::bench {
namespace {

// The rings of which the first is to get a producer, and who polls them all.
class Rings {
 public:
  explicit Rings(const Setting& setting) {
    for (std::uint32_t i = 0; i < setting.rings; ++i) {
      regions_.push_back(make_ring(setting));
      poller_.add(RecordRing(regions_.back()).consumer());
    }
    disperse();
  }

  [[nodiscard]] const Region& busy() const { return regions_.front(); }
  [[nodiscard]] Poller<>& poller() { return poller_; }

 private:
  // Rings in use stand at positions of their own. All at their first slot, at
  // the start of a page, they would fight for the same few lines of the cache.
  void disperse() {
    for (std::size_t ring = 0; ring < regions_.size(); ++ring) {
      auto producer = RecordRing(regions_[ring]).producer();
      for (std::size_t i = 0; i < ring; ++i) {
        if (producer.reserve() != nullptr) {
          producer.publish();
        }
        poller_.consumer(ring).for_each([](const hft_record&) {});
      }
    }
  }

  std::vector<Region> regions_;
  // One record a turn and ring, as a path gives one at a time.
  Poller<> poller_{1};
};

class PollerPath : public Path {
 public:
  explicit PollerPath(const Setting& setting)
      : rings_(setting),
        reader_(setting, rings_.busy()),
        producer_(setting.path, setting.producer_cpu,
                  [&](const ProducerProcess::Ready& ready) {
                    produce(rings_.busy(), setting, ready, [] {});
                  }) {}

  void begin() override { producer_.start(); }

  Arrival next() override {
    Arrival arrival;
    BusySpin wait;
    const auto take = [&](std::size_t, const hft_record& record) {
      arrival = reader_.take(record);
    };
    while (rings_.poller().poll(take, wait) == 0) {
    }
    return arrival;
  }

 private:
  Rings rings_;
  RecordReader reader_;
  ProducerProcess producer_;
};

}  // namespace

double idle_ring_cost(const Setting& setting) {
  Rings rings(setting);
  constexpr int kTurns = 100;
  std::array<std::uint64_t, 101> batches{};
  for (std::uint64_t& batch : batches) {
    const std::uint64_t begin = tsc_now();
    for (int turn = 0; turn < kTurns; ++turn) {
      rings.poller().poll([](std::size_t, const hft_record&) {});
    }
    batch = tsc_now() - begin;
  }
  std::ranges::sort(batches);
  return static_cast<double>(batches[batches.size() / 2]) / kTurns /
         setting.rings;
}

std::unique_ptr<Path> attach_poller(const Setting& setting) {
  return std::make_unique<PollerPath>(setting);
}

}  // namespace hft::bench
