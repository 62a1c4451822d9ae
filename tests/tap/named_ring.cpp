// SPDX-License-Identifier: MIT
// A process ring for `hft tap` to look on at, a trade a millisecond:
//
//   named_ring NAME drop|overwrite|typed    typed: of a type of our own
//
// Says so on the standard error once the ring is there; goes on until SIGINT.
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <hft/clock.hpp>
#include <hft/ring.hpp>
#include <span>
#include <string_view>
#include <thread>

namespace {

using Records = hft::Ring<hft_record>;

struct Trade {
  std::uint64_t sequence;
};

volatile sig_atomic_t stopped = 0;
void stop(int) { stopped = 1; }

hft_market trade(std::uint64_t sequence) {
  hft_market market{};
  market.sequence = sequence;
  market.price = 1'000'000;
  market.quantity = 100;
  return market;
}

hft_record record_of(const hft_market& market) {
  hft_record record{};
  record.type = HFT_RECORD_MARKET;
  record.length = sizeof(market);
  std::memcpy(record.payload, &market, sizeof(market));
  record.stamp = hft::tsc_now();
  return record;
}

// Calls `publish` with a trade a millisecond.
template <typename Publish>
void tick(Publish&& publish) {
  std::fputs("there\n", stderr);
  for (std::uint64_t sequence = 0; stopped == 0; ++sequence) {
    publish(trade(sequence));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: named_ring NAME drop|overwrite|typed\n", stderr);
    return 64;
  }
  signal(SIGINT, stop);
  if (std::string_view(argv[2]) == "typed") {
    using Trades = hft::Ring<Trade>;
    const auto region = hft::Region::create(argv[1], Trades::geometry(64));
    auto producer = Trades(region).producer();
    auto consumer = Trades(region).consumer();
    tick([&](const hft_market& market) {
      producer.try_publish({.sequence = market.sequence});
      static_cast<void>(consumer.read());
      consumer.release();
    });
    hft::Region::remove(argv[1]);
    return 0;
  }
  const bool drops = std::string_view(argv[2]) == "drop";
  const auto region = hft::Region::create(
      argv[1], Records::geometry(4096, sizeof(hft_market),
                                 drops ? HFT_MODE_DROP : HFT_MODE_OVERWRITE));
  const Records ring(region);
  if (drops) {
    auto producer = ring.producer();
    auto consumer = ring.consumer();
    tick([&](const hft_market& market) {
      producer.try_publish(hft::tsc_now(), HFT_RECORD_MARKET,
                           std::as_bytes(std::span(&market, 1)));
      static_cast<void>(consumer.read());
      consumer.release();
    });
  } else {
    auto producer = ring.overwrite_producer();
    tick(
        [&](const hft_market& market) { producer.publish(record_of(market)); });
  }
  hft::Region::remove(argv[1]);
}
