// SPDX-License-Identifier: MIT
// A producer and a consumer with SpinThenSleep that never gets to sleep, for
// strace to watch: between the two getppid() it must see no system call.
#include <unistd.h>

#include <cstdio>
#include <limits>
#include <thread>

#include "number.hpp"

int main() {
  using Tick = hft::test::Number<16>;
  constexpr std::uint64_t kRecords = 20'000;
  hft::test::TestRing<Tick> ring(1024);
  std::uint64_t wrong = 0;
  std::thread consumer([&] {
    hft::SpinThenSleep wait{.spins = std::numeric_limits<std::uint32_t>::max()};
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      wrong += number_in(ring.consumer.read(wait)) == i ? 0U : 1U;
      ring.consumer.release();
    }
  });
  hft::BusySpin room;
  getppid();
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    ring.producer.publish_when_room(hft::test::number<Tick>(i), room);
  }
  getppid();
  consumer.join();
  std::printf("%llu wrong\n", static_cast<unsigned long long>(wrong));
  return wrong == 0 ? 0 : 1;
}
