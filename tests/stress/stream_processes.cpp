// SPDX-License-Identifier: MIT
// Streams records from one process to another and says what arrived:
//
//   stream_processes 10000000
//   10000000 records: 0 lost, 0 duplicated or reordered; 210.5 M/s
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "hft/affinity.hpp"
#include "hft/clock.hpp"
#include "hft/ring.hpp"

namespace {

struct Tick {
  std::uint64_t sequence;
  std::uint64_t check;
};
using Ring = hft::Ring<Tick, hft::Throughput>;

constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15;

[[noreturn]] void produce(const hft::Region& region, std::uint64_t count) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  hft::pin_to_cpu(0);
  auto producer = Ring(region).producer();
  hft::BusySpin wait;
  for (std::uint64_t i = 0; i < count; ++i) {
    producer.publish_when_room({i, i * kMix}, wait);
  }
  _exit(producer.dropped() == 0 ? 0 : 1);
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t count =
      argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000;
  const hft::Region region = hft::Region::memfd(Ring::geometry(16'384));
  const pid_t child = fork();
  if (child == 0) {
    produce(region, count);
  }
  hft::pin_to_cpu(1);
  auto consumer = Ring(region).consumer();
  hft::BusySpin wait;
  std::uint64_t next = 0;
  std::uint64_t wrong = 0;
  const std::uint64_t begin = hft::tsc_now();
  while (next < count) {
    const std::size_t taken = consumer.for_each([&](const Tick& tick) {
      wrong += tick.sequence != next || tick.check != next * kMix ? 1U : 0U;
      ++next;
    });
    if (taken == 0) {
      wait.rest();
    }
  }
  const double seconds = static_cast<double>(hft::tsc_now() - begin) /
                         static_cast<double>(hft::tsc_hz());
  int status = 0;
  waitpid(child, &status, 0);
  wrong += consumer.for_each([](const Tick&) {});  // beyond the last
  std::printf(
      "%llu records: %llu lost, %llu duplicated or reordered; %.1f M/s\n",
      static_cast<unsigned long long>(count),
      static_cast<unsigned long long>(region.producer_page().dropped),
      static_cast<unsigned long long>(wrong),
      static_cast<double>(count) / seconds / 1e6);
  return wrong == 0 && status == 0 ? 0 : 1;
}
