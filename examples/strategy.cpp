// SPDX-License-Identifier: MIT
// A strategy on a CPU of its own: quotes come in by one ring, orders go out by
// another. In a burst it spins; when the market is quiet it sleeps, and the
// feed wakes it.
//
//   strategy [CPU]    by default the one it starts on; better an isolated one
#include <sched.h>
#include <hft/affinity.hpp>
#include <hft/ring.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <stop_token>
#include <string>
#include <thread>

namespace {

struct Quote {
  std::uint64_t sequence;
  std::int64_t ask;
};
struct Order {
  std::uint64_t quote;  // the sequence of the one it answers
  std::int64_t limit;
};
using Quotes = hft::Ring<Quote>;
using Orders = hft::Ring<Order>;

constexpr std::uint64_t kQuotes = 1000;
constexpr std::int64_t kCheap = 100;

void trade(const hft::Attached& quotes, const hft::Attached& orders, int cpu,
           const std::stop_token& stop) {
  hft::pin_to_cpu(cpu >= 0 ? cpu : sched_getcpu());
  auto feed = Quotes(quotes).consumer();
  auto exchange = Orders(orders).producer();
  hft::SpinThenSleep wait{.spins = 10'000};
  feed.run(
      [&](const Quote& quote) {
        if (quote.ask <= kCheap) {
          // Never waits: an order that finds no room is dropped, and counted.
          exchange.try_publish({quote.sequence, quote.ask});
        }
      },
      wait, stop);
}

}  // namespace

int main(int argc, char** argv) {
  const int cpu = argc > 1 ? std::stoi(argv[1]) : -1;
  const auto quotes = hft::Region::anonymous(Quotes::geometry(1024));
  const auto orders = hft::Region::anonymous(Orders::geometry(1024));
  auto feed = Quotes(quotes).producer();
  auto exchange = Orders(orders).consumer();
  std::jthread strategy(
      [&](const std::stop_token& stop) { trade(quotes, orders, cpu, stop); });

  hft::Yield wait;  // this side has no CPU of its own
  std::uint64_t answered = 0;
  for (std::uint64_t i = 0; i < kQuotes; ++i) {
    const auto ask = kCheap + static_cast<std::int64_t>(i % 4);
    feed.publish_when_room({i, ask}, wait);
    if (i % 10 == 9) {  // a burst is over: longer than the strategy will spin
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  for (std::uint64_t i = 0; i < kQuotes; i += 4) {
    answered += exchange.read(wait).quote == i ? 1 : 0;
    exchange.release();
  }
  std::cout << "woken " << quotes.producer_page().wakeups << " times\n"
            << kQuotes << " quotes, " << answered << " orders, "
            << orders.producer_page().dropped
            << " dropped: each order answers its quote\n";
  return answered == kQuotes / 4 ? 0 : 1;
}
