// SPDX-License-Identifier: MIT
// One feed, three reader processes, none of which can slow it down: overwrite
// mode. Who reads too seldom is lapped, and knows by how much.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <hft/ring.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>

namespace {

using std::chrono::milliseconds;

struct Quote {
  std::uint64_t sequence;
  std::int64_t bid;
  std::int64_t ask;
};
using Quotes = hft::Ring<Quote>;

constexpr std::uint64_t kPublished = 50'000;  // 100 each millisecond
constexpr std::uint64_t kCapacity = 1024;     // the last ten milliseconds

// A process, attached read-only; its exit status.
int read_quotes(const std::string& name, milliseconds between_looks) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // no feed, no reader
  const auto ring = hft::attach(name, hft::Role::kObserver);
  auto reader = Quotes(ring).reader(hft::StartAt::kOldest);
  const std::uint64_t joined = reader.position();
  std::uint64_t read = 0;
  Quote quote{};
  while (reader.position() < kPublished) {
    while (reader.try_read(quote)) {
      if (quote.sequence + 1 != reader.position()) {
        return 1;
      }
      ++read;
    }
    std::this_thread::sleep_for(between_looks);  // 0: someone else's turn
  }
  std::printf("looked each %2d ms: read %lu, lapped %lu\n",
              static_cast<int>(between_looks.count()), read, reader.lapped());
  std::fflush(stdout);
  return joined + read + reader.lapped() == kPublished ? 0 : 1;
}

}  // namespace

int main() {
  const std::string name = "market-data-" + std::to_string(getpid());
  const auto region = hft::Region::create(
      name, Quotes::geometry(kCapacity, HFT_MODE_OVERWRITE));
  for (const int between_looks : {0, 1, 50}) {
    if (fork() == 0) {
      _exit(read_quotes(name, milliseconds(between_looks)));
    }
  }

  auto feed = Quotes(region).overwrite_producer();
  while (feed.position() < kPublished) {
    for (int i = 0; i < 100; ++i) {
      const auto price = static_cast<std::int64_t>(feed.position() % 100);
      feed.publish({feed.position(), 10'000 + price, 10'001 + price});
    }
    std::this_thread::sleep_for(milliseconds(1));
  }

  int right = 0;
  for (int status = 0; wait(&status) > 0;) {
    right += status == 0 ? 1 : 0;
  }
  hft::Region::remove(name);  // who is attached would stay so
  std::printf("%d of 3 readers: read + lapped = published since they joined\n",
              right);
  return right == 3 ? 0 : 1;
}
