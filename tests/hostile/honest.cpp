// SPDX-License-Identifier: MIT
#include "honest.hpp"

#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "hft/consumer.hpp"
#include "vm/driver_test.hpp"

namespace hft::test {
namespace {

constexpr std::uint32_t kSlots = 1024;
constexpr std::uint32_t kBatch = 32;

// Anyone with the privilege may publish to this channel too; each record still
// has the count of those that were offered before it.
class Stream {
 public:
  explicit Stream(Shared& shared)
      : shared_(shared),
        device_(manual_ring(HFT_MODE_DROP, kSlots)),
        ring_(attach(device_)),
        consumer_(ring_.consumer()) {}

  void turn() {
    device_.publish(kBatch);
    consumer_.for_each([this](const hft_record& record) { check(record); });
  }

  /// After the last turn: what was not seen was counted as dropped.
  void settle() {
    consumer_.for_each([this](const hft_record& record) { check(record); });
    const hft_ring_stats stats = device_.ring_stats();
    expect(stats.published + stats.dropped == stats.offered);
    expect(read_ == stats.published);
    expect(skipped_ <= stats.dropped);
  }

 private:
  void check(const hft_record& record) {
    const hft_market market = market_of(record);
    expect(record.type == HFT_RECORD_MARKET);
    expect(record.length == sizeof(hft_market));
    expect(record.flags == 0);
    expect(record.stamp > stamp_);
    expect(market.sequence >= next_);
    expect(market.price == 0 && market.quantity == 0 && market.late == 0);
    skipped_ += market.sequence - next_;
    next_ = market.sequence + 1;
    stamp_ = record.stamp;
    ++read_;
    shared_.records.fetch_add(1, std::memory_order_relaxed);
  }

  void expect(bool true_of_it) {
    if (!true_of_it) {
      shared_.wrong.fetch_add(1, std::memory_order_relaxed);
    }
  }

  Shared& shared_;
  Device device_;
  Attached ring_;
  KernelConsumer consumer_;
  std::uint64_t next_ = 0;
  std::uint64_t stamp_ = 0;
  std::uint64_t read_ = 0;
  std::uint64_t skipped_ = 0;
};

int stream(Shared& shared) {
  try {
    Stream honest(shared);
    while (!shared.stop) {
      honest.turn();
      sched_yield();
    }
    honest.settle();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hostile: the honest ring: %s\n", error.what());
    return 1;
  }
}

}  // namespace

pid_t start_honest(Shared& shared) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(stream(shared));
  }
  return child;
}

}  // namespace hft::test
