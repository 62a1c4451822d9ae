// SPDX-License-Identifier: MIT
// What a record's way to another thread and back costs.
//
//   ping_pong [CPU CPU]    pinned to two CPUs, where it is given them
#include <hft/affinity.hpp>
#include <hft/clock.hpp>
#include <hft/ring.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Ping {
  std::uint64_t sequence;
  std::uint64_t sent;
};
using Pings = hft::Ring<Ping>;  // hft::Latency: one line moves each way

constexpr std::size_t kRounds = 200'000;
// Two threads that spin on one CPU take a time slice each way: then fewer do.
constexpr auto kLongest = std::chrono::seconds(1);

}  // namespace

int main(int argc, char** argv) {
  const bool pinned = argc == 3;
  // A ring has one direction. Regions outlive what is taken from them.
  const auto there = hft::Region::anonymous(Pings::geometry(64));
  const auto back = hft::Region::anonymous(Pings::geometry(64));
  auto ping = Pings(there).producer();
  auto pong = Pings(back).consumer();

  const std::jthread echo([&](const std::stop_token& stop) {
    if (pinned) {
      hft::pin_to_cpu(std::stoi(argv[2]));
    }
    auto consumer = Pings(there).consumer();
    auto producer = Pings(back).producer();
    hft::BusySpin wait;
    consumer.run([&](const Ping& record) { producer.try_publish(record); },
                 wait, stop);
  });
  if (pinned) {
    hft::pin_to_cpu(std::stoi(argv[1]));
  }

  std::vector<std::uint64_t> cycles;
  cycles.reserve(kRounds);
  const auto deadline = std::chrono::steady_clock::now() + kLongest;
  while (cycles.size() < kRounds &&
         std::chrono::steady_clock::now() < deadline) {
    ping.try_publish({cycles.size(), hft::tsc_now()});
    const Ping& record = pong.read();  // spins; the record is still in its slot
    if (record.sequence != cycles.size()) {
      std::cerr << "expected round trip " << cycles.size() << ", found "
                << record.sequence << '\n';
      return 1;
    }
    cycles.push_back(hft::tsc_now() - record.sent);
    pong.release();  // only now may the producer write it again
  }

  const auto median =
      cycles.begin() + static_cast<std::ptrdiff_t>(cycles.size() / 2);
  std::nth_element(cycles.begin(), median, cycles.end());
  std::cout << cycles.size() << " round trips, all in order: P50 " << *median
            << " cycles\n";
}
