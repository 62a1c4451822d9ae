// SPDX-License-Identifier: MIT
// The consumer of a pinned ring of market packets, whoever fills it:
//
//   pinned_consumer FOLDER COUNT
//
// Says so on the standard error once it is attached, and prints position and
// sequence of COUNT records.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <hft/bpf.hpp>
#include <hft/wait.hpp>

namespace {

void consume(const char* folder, std::uint64_t count) {
  const hft::bpf::Rings rings =
      hft::bpf::Rings::open(folder, hft::Role::kConsumer);
  const hft::Attached ring = rings.attach(0, hft::Role::kConsumer);
  hft::KernelConsumer consumer = ring.consumer();
  std::fputs("attached\n", stderr);
  hft::SpinThenSleep wait;
  for (std::uint64_t taken = 0; taken < count; ++taken) {
    hft_market market{};
    std::memcpy(&market, consumer.read(wait).payload, sizeof market);
    std::printf("%" PRIu64 " %" PRIu64 "\n", consumer.position(),
                static_cast<std::uint64_t>(market.sequence));
    consumer.release();
  }
  consumer.flush();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: pinned_consumer FOLDER COUNT\n", stderr);
    return 64;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  try {
    consume(argv[1], std::strtoull(argv[2], nullptr, 10));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pinned_consumer: %s\n", error.what());
    return 1;
  }
}
