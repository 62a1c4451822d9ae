// SPDX-License-Identifier: MIT
#include "hft/poller.hpp"
#include "hft/descriptor.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "number.hpp"

namespace hft::test {
namespace {

using Tick = Number<16>;

struct Rings {
  explicit Rings(std::size_t count, std::size_t budget) : poller(budget) {
    for (std::size_t i = 0; i < count; ++i) {
      regions.push_back(Region::anonymous(Ring<Tick>::geometry(256)));
    }
    for (const Region& region : regions) {
      producers.push_back(Ring<Tick>(region).producer());
      EXPECT_EQ(poller.add(Ring<Tick>(region).consumer()),
                producers.size() - 1);
    }
  }

  std::vector<Region> regions;
  std::vector<Producer<Tick>> producers;
  Poller<Tick> poller;
};

TEST(Poller, EveryRingIsReadInItsOwnOrder) {
  Rings rings(5, 64);
  for (std::uint64_t i = 0; i < 20; ++i) {
    for (auto& producer : rings.producers) {
      ASSERT_TRUE(producer.try_publish(number<Tick>(i)));
    }
  }
  std::vector<std::uint64_t> next(5);
  EXPECT_EQ(rings.poller.poll([&](std::size_t ring, const Tick& tick) {
    EXPECT_EQ(number_in(tick), next[ring]++);
  }),
            100U);
  EXPECT_EQ(next, std::vector<std::uint64_t>(5, 20));
}

TEST(Poller, BusyRingTakesNoMoreThanItsBudgetATurn) {
  Rings rings(3, 4);
  for (std::uint64_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(rings.producers[0].try_publish(number<Tick>(i)));
  }
  ASSERT_TRUE(rings.producers[2].try_publish(number<Tick>(0)));
  std::vector<std::uint64_t> taken(3);
  const auto count = [&](std::size_t ring, const Tick&) { ++taken[ring]; };
  EXPECT_EQ(rings.poller.poll(count), 5U);
  EXPECT_EQ(taken, (std::vector<std::uint64_t>{4, 0, 1}));
}

TEST(Poller, EveryRingGoesFirstInItsTurn) {
  Rings rings(3, 64);
  for (std::size_t turn = 0; turn < 6; ++turn) {
    for (auto& producer : rings.producers) {
      ASSERT_TRUE(producer.try_publish(number<Tick>(turn)));
    }
    std::vector<std::size_t> order;
    rings.poller.poll(
        [&](std::size_t ring, const Tick&) { order.push_back(ring); });
    ASSERT_EQ(order.size(), 3U);
    EXPECT_EQ(order[0], turn % 3);
  }
}

TEST(Poller, NoRingsHaveNothing) {
  Poller<Tick> poller;
  BusySpin wait;
  EXPECT_EQ(poller.poll([](std::size_t, const Tick&) {}, wait), 0U);
}

TEST(Poller, WaitsForNothingWhileAnyRingHasARecord) {
  Rings rings(3, 64);
  ASSERT_TRUE(rings.producers[1].try_publish(number<Tick>(0)));
  EXPECT_FALSE(rings.poller.prepare_wait());
  for (const Region& region : rings.regions) {
    EXPECT_EQ(region.consumer_page()->waiting, 0U);
  }
}

TEST(Poller, AsksNobodyWhereARingHasNoDoorbell) {
  Rings rings(2, 64);
  const Region region = Region::anonymous(Ring<Tick>::geometry(16));
  ConsumerEnd end = region.consumer_end();
  end.doorbell = {};
  rings.poller.add(Consumer<Tick>(end));
  EXPECT_THROW(static_cast<void>(rings.poller.prepare_wait()),
               std::logic_error);
  for (const Region& asked : rings.regions) {
    EXPECT_EQ(asked.consumer_page()->waiting, 0U);
  }
}

// Each record finds the consumer asleep or about to be: a lost wake-up would
// take for ever.
TEST(Poller, SleepsUntilAnyOfItsRingsHasARecord) {
  constexpr std::uint64_t kRecords = 4000;
  Rings rings(5, 64);
  std::atomic<std::uint64_t> taken{0};
  std::thread thread([&] {
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      while (taken != i) std::this_thread::yield();
      ASSERT_TRUE(rings.producers[i % 5].try_publish(number<Tick>(i)));
    }
  });
  const Descriptor events(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{.events = EPOLLIN, .data = {}};
  for (std::size_t ring = 0; ring < rings.poller.size(); ++ring) {
    ASSERT_EQ(epoll_ctl(events.get(), EPOLL_CTL_ADD,
                        rings.poller.consumer(ring).wake_fd(), &event),
              0);
  }
  const auto take = [&](std::size_t ring, const Tick& tick) {
    EXPECT_EQ(number_in(tick), taken);
    EXPECT_EQ(ring, taken % 5);
    ++taken;
  };
  while (taken < kRecords) {
    if (rings.poller.poll(take) > 0 || !rings.poller.prepare_wait()) continue;
    epoll_wait(events.get(), &event, 1, -1);
    rings.poller.finish_wait();
  }
  thread.join();
  EXPECT_TRUE(std::ranges::any_of(rings.regions, [](const Region& region) {
    return region.producer_page().wakeups > 0;
  }));
}

}  // namespace
}  // namespace hft::test
