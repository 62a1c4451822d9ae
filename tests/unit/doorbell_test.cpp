// SPDX-License-Identifier: MIT
// Consumers that wait by a descriptor, on rings of every kind.
#include "doorbell.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <chrono>
#include <ctime>
#include <thread>

#include "hft/descriptor.hpp"
#include "hft/wait.hpp"
#include "region_test.hpp"

namespace hft {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Doorbell : public EveryRegion {
 protected:
  [[nodiscard]] __u32 waiting() const {
    return __atomic_load_n(&region_.consumer_page()->waiting, __ATOMIC_ACQUIRE);
  }
  [[nodiscard]] __u64 wakeups() const {
    return region_.producer_page().wakeups;
  }
  [[nodiscard]] Consumer<Tick> consume() const {
    return Ticks(region_).consumer();
  }
  void publish() { ASSERT_TRUE(producer_.try_publish(kTick)); }

  // A consumer that asks, and is killed once `then` is done.
  template <class Then>
  void ask_and_die(const Then& then) const {
    Child predecessor([&](const Pipe& pipe) {
      Consumer<Tick> consumer = consume();
      pipe.tell(consumer.prepare_wait());
      pause();
    });
    EXPECT_TRUE(predecessor.pipe().ask<bool>());
    then();
    predecessor.kill();
  }

  Region region_ = make(kDoorbellTicks);
  Producer<Tick> producer_ = Ticks(region_).producer();
};

INSTANTIATE_TEST_SUITE_P(Made, Doorbell, ::testing::ValuesIn(kMakers), kind);

TEST_P(Doorbell, NobodyWaitsWhileARecordIsThere) {
  Consumer<Tick> consumer = consume();
  publish();
  EXPECT_FALSE(consumer.prepare_wait());
  EXPECT_EQ(waiting(), 0U);
  EXPECT_FALSE(is_readable(consumer.wake_fd()));
}

TEST_P(Doorbell, ItIsRungOnceARequest) {
  Consumer<Tick> consumer = consume();
  for (__u64 round = 1; round <= 3; ++round) {
    ASSERT_TRUE(consumer.prepare_wait());
    EXPECT_FALSE(is_readable(consumer.wake_fd()));
    publish();
    EXPECT_TRUE(is_readable(consumer.wake_fd()));
    publish();
    EXPECT_EQ(wakeups(), round);
    consumer.finish_wait();
    EXPECT_FALSE(is_readable(consumer.wake_fd()));
    publish();
    EXPECT_FALSE(is_readable(consumer.wake_fd()));
    EXPECT_EQ(consumer.for_each([](const Tick&) {}), 3U);
  }
}

TEST_P(Doorbell, RequestThatIsTakenBackIsNotGranted) {
  Consumer<Tick> consumer = consume();
  ASSERT_TRUE(consumer.prepare_wait());
  consumer.finish_wait();
  publish();
  EXPECT_FALSE(is_readable(consumer.wake_fd()));
  EXPECT_EQ(wakeups(), 0U);
}

TEST_P(Doorbell, SignalThatComesLateEndsOneWaitAndNoMore) {
  Consumer<Tick> consumer = consume();
  ASSERT_TRUE(consumer.prepare_wait());
  consumer.finish_wait();
  const std::uint64_t late = 1;
  ASSERT_EQ(write(region_.producer_end().doorbell, &late, sizeof late), 8);
  ASSERT_TRUE(consumer.prepare_wait());
  EXPECT_TRUE(is_readable(consumer.wake_fd()));
  consumer.finish_wait();
  ASSERT_TRUE(consumer.prepare_wait());
  EXPECT_FALSE(is_readable(consumer.wake_fd()));
}

TEST_P(Doorbell, ChildIsWokenByItsParent) {
  Child child([&](const Pipe& pipe) { wait_for_one_tick(consume(), pipe); });
  ASSERT_TRUE(child.pipe().ask<bool>());
  publish();
  EXPECT_EQ(child.wait(), 0);
}

TEST_P(Doorbell, SuccessorInheritsNoRequest) {
  ask_and_die([] {});
  EXPECT_EQ(waiting(), HFT_WAITING_FOR_FD);
  Consumer<Tick> consumer = consume();
  EXPECT_EQ(waiting(), HFT_WAITING_FOR_NOTHING);
  publish();
  EXPECT_EQ(wakeups(), 0U);
}

TEST_P(Doorbell, SuccessorInheritsNoSignal) {
  ask_and_die([&] { publish(); });
  Consumer<Tick> consumer = consume();
  EXPECT_FALSE(is_readable(consumer.wake_fd()));
  ASSERT_NE(consumer.try_read(), nullptr);
  consumer.release();
  ASSERT_TRUE(consumer.prepare_wait());
  publish();
  EXPECT_TRUE(is_readable(consumer.wake_fd()));
}

TEST_P(Doorbell, SuccessorSleepsByFutexWhereItsPredecessorPolled) {
  ask_and_die([] {});
  std::thread sleeper([&] {
    Consumer<Tick> consumer = consume();
    SpinThenSleep wait{.spins = 0, .longest = std::chrono::hours(1)};
    EXPECT_EQ(test::number_in(consumer.read(wait)), kValue);
  });
  while (waiting() != HFT_WAITING_ASLEEP) std::this_thread::yield();
  publish();
  sleeper.join();
}

TEST_P(Doorbell, BroadcastsAndObserversHaveNone) {
  const Region broadcast = make(kBroadcast);
  EXPECT_EQ(broadcast.producer_end().doorbell, -1);
  EXPECT_EQ(broadcast.reader_end().doorbell.fd, -1);
  EXPECT_EQ(region_.observer_end().doorbell.fd, -1);
}

// Each record finds the consumer asleep or about to be, by its descriptor and
// by the futex in turns: a lost wake-up would take for ever.
TEST_P(Doorbell, NoWakeUpIsLost) {
  constexpr std::uint64_t kRecords = 4000;
  const Region back_region = make(kDoorbellTicks);
  Producer<Tick> back = Ticks(back_region).producer();
  std::thread thread([&] {
    Consumer<Tick> consumer = consume();
    SpinThenSleep by_futex{.spins = 0, .longest = std::chrono::hours(1)};
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      if (i % 4 == 3) {
        static_cast<void>(consumer.read(by_futex));
      }
      while (consumer.try_read() == nullptr) {
        if (consumer.prepare_wait()) {
          pollfd polled{
              .fd = consumer.wake_fd(), .events = POLLIN, .revents = 0};
          poll(&polled, 1, -1);
          consumer.finish_wait();
        }
      }
      const Tick tick = *consumer.try_read();
      consumer.release();
      ASSERT_TRUE(back.try_publish(tick));
    }
  });
  Consumer<Tick> consumer = Ticks(back_region).consumer();
  const Descriptor events(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{.events = EPOLLIN, .data = {}};
  ASSERT_EQ(epoll_ctl(events.get(), EPOLL_CTL_ADD, consumer.wake_fd(), &event),
            0);
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    ASSERT_TRUE(producer_.try_publish(test::number<Tick>(i)));
    while (consumer.try_read() == nullptr) {
      if (consumer.prepare_wait()) {
        epoll_wait(events.get(), &event, 1, -1);
        consumer.finish_wait();
      }
    }
    ASSERT_EQ(test::number_in(*consumer.try_read()), i);
    consumer.release();
  }
  thread.join();
  EXPECT_GT(wakeups(), 0U);
  EXPECT_GT(back_region.producer_page().wakeups, 0U);
}

std::chrono::nanoseconds cpu_time() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) +
         std::chrono::nanoseconds(used.tv_nsec);
}

TEST_P(Doorbell, ConsumerThatSleepsLeavesTheCpuToOthers) {
  Consumer<Tick> consumer = consume();
  SpinThenSleep wait{.spins = 1000};
  std::stop_source stop;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const std::chrono::nanoseconds used_before = cpu_time();
  consumer.run([](const Tick&) { FAIL(); }, wait, stop.get_token());
  const std::chrono::nanoseconds used = cpu_time() - used_before;
  const std::chrono::nanoseconds slept =
      std::chrono::steady_clock::now() - start;
  stopper.join();
  EXPECT_LE(used.count() * 100, slept.count());
}

TEST(AnonymousDoorbell, RingIsMadeWithoutOneWhereNoDescriptorIsLeft) {
  EXPECT_TRUE(passes_in_child([] {
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit none{0, limit.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const Region region = Region::anonymous(kDoorbellTicks);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    Consumer<Tick> consumer = Ticks(region).consumer();
    EXPECT_THAT([&] { static_cast<void>(consumer.prepare_wait()); },
                ThrowsMessage<std::logic_error>(HasSubstr("ulimit -n")));
    EXPECT_EQ(region.consumer_page()->waiting, 0U);
    EXPECT_TRUE(Ticks(region).producer().try_publish(kTick));
    EXPECT_NE(consumer.try_read(), nullptr);
  }));
}

}  // namespace
}  // namespace hft
