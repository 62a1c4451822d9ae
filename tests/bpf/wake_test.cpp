// SPDX-License-Identifier: MIT
// A consumer of a BPF ring sleeps, and the program that publishes wakes it:
// once for a request, nobody else, and never too late.
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bpf_test.hpp"
#include "hft/consumer.hpp"
#include "hft/cpu.hpp"
#include "hft/descriptor.hpp"

namespace hft::bpf {
namespace {

using WakeTest = BpfTest;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

bool is_readable(int fd) {
  pollfd look{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&look, 1, 0) == 1;
}

// Sleeps at once, and so long that a wake-up which is lost ends in the test's
// deadline.
SpinThenSleep sleeper() { return {.spins = 0, .longest = hours(1)}; }

std::uint64_t take_one(KernelConsumer& consumer) {
  const std::uint64_t sequence = sequence_of(*consumer.try_read());
  consumer.release();
  return sequence;
}

nanoseconds time_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

// QEMU's emulator says who it is where a hypervisor does.
bool is_emulated() {
  const auto name = hypervisor_name();
  return name && std::string_view(name->data()) == "TCGTCGTCGTCG";
}

// CPU time of a thread, as a share of the time that passes meanwhile.
double cpu_share(std::jthread& thread, nanoseconds time) {
  clockid_t clock{};
  pthread_getcpuclockid(thread.native_handle(), &clock);
  const nanoseconds cpu = time_of(clock);
  const nanoseconds wall = time_of(CLOCK_MONOTONIC);
  std::this_thread::sleep_for(time);
  return static_cast<double>((time_of(clock) - cpu).count()) /
         static_cast<double>((time_of(CLOCK_MONOTONIC) - wall).count());
}

// One that sleeps a second at a time takes no CPU. An emulated one takes a
// millisecond or two to go to sleep again, and far more than this to spin.
void expect_idle(std::jthread& sleeper) {
  EXPECT_LE(cpu_share(sleeper, std::chrono::seconds(3)),
            is_emulated() ? 0.02 : 0.001);
}

// It has spun for as long as it does, and sleeps.
constexpr milliseconds kFallsAsleep(500);
constexpr SpinThenSleep kLongSleeps{.longest = std::chrono::seconds(1)};

TEST_F(WakeTest, OnlyARequestRingsAndOnce) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  KernelConsumer consumer = ring.consumer();
  ASSERT_TRUE(consumer.is_woken());
  publisher.publish_first(0, 1);
  EXPECT_FALSE(is_readable(consumer.wake_fd()));
  EXPECT_EQ(take_one(consumer), 0U);

  for (std::uint64_t round = 1; round <= 1000; ++round) {
    ASSERT_TRUE(consumer.prepare_wait());
    ASSERT_FALSE(is_readable(consumer.wake_fd()));
    publisher.publish_first(2 * round, 2);
    ASSERT_TRUE(is_readable(consumer.wake_fd()));
    ASSERT_EQ(ring.consumer_end().page->waiting, HFT_WAITING_FOR_NOTHING);
    ASSERT_EQ(ring.stats().wakeups, round);
    consumer.finish_wait();
    ASSERT_FALSE(is_readable(consumer.wake_fd()));
    ASSERT_EQ(take_one(consumer), 2 * round);
    ASSERT_EQ(take_one(consumer), 2 * round + 1);
  }
}

TEST_F(WakeTest, NobodyIsToWaitWhereARecordIs) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  KernelConsumer consumer = ring.consumer();
  publisher.publish_first(5, 1);
  EXPECT_FALSE(consumer.prepare_wait());
  EXPECT_EQ(take_one(consumer), 5U);
  publisher.publish_first(6, 1);
  EXPECT_EQ(ring.stats().wakeups, 0U);
}

TEST_F(WakeTest, ADiscardedRecordWakesForTheOneBehindIt) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  KernelConsumer consumer = ring.consumer();
  ASSERT_TRUE(consumer.prepare_wait());
  publisher.discard_first(1);
  EXPECT_TRUE(is_readable(consumer.wake_fd()));
  consumer.finish_wait();
  EXPECT_EQ(consumer.try_read(), nullptr);
}

TEST_F(WakeTest, EachRingWakesItsOwnConsumer) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached first = publisher.first().attach(0, Role::kConsumer);
  const Attached second = publisher.second().attach(0, Role::kConsumer);
  KernelConsumer one = first.consumer();
  KernelConsumer other = second.consumer();
  ASSERT_TRUE(one.prepare_wait());
  ASSERT_TRUE(other.prepare_wait());
  publisher.publish_second(0, 1);
  EXPECT_FALSE(is_readable(one.wake_fd()));
  EXPECT_TRUE(is_readable(other.wake_fd()));
  publisher.publish_first(0, 1);
  EXPECT_TRUE(is_readable(one.wake_fd()));
}

TEST_F(WakeTest, ASleeperOfEachCpuIsWoken) {
  const Publisher publisher({.slot_count = 16});
  std::vector<Attached> rings;
  std::vector<KernelConsumer> consumers;
  for (std::uint32_t cpu = 0; cpu < publisher.first().size(); ++cpu) {
    rings.push_back(publisher.first().attach(cpu, Role::kConsumer));
    consumers.push_back(rings.back().consumer());
    ASSERT_TRUE(consumers.back().prepare_wait());
  }
  cpu_set_t before;
  sched_getaffinity(0, sizeof before, &before);
  for (const int cpu : {1, 0}) {
    pin_to_cpu(cpu);
    publisher.publish_first(0, 1);
    EXPECT_TRUE(
        is_readable(consumers[static_cast<std::size_t>(cpu)].wake_fd()));
  }
  sched_setaffinity(0, sizeof before, &before);
  for (std::size_t ring = 2; ring < consumers.size(); ++ring) {
    EXPECT_FALSE(is_readable(consumers[ring].wake_fd()));
  }
}

// Publish-then-look against ask-then-look, at all distances.
TEST_F(WakeTest, NoneIsLostUnderStress) {
  constexpr std::uint64_t kRecords = 20'000;
  const Publisher publisher({.slot_count = 64, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  KernelConsumer consumer = ring.consumer();
  std::jthread producer([&] {
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      // A full ring drops, and its consumer is awake.
      while (publisher.publish_first(i, 1) == 0) {
      }
      for (volatile std::uint64_t pause = 0; pause < i % 4096;) {
        pause = pause + 1;
      }
    }
  });
  SpinThenSleep wait = sleeper();
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    ASSERT_EQ(sequence_of(consumer.read(wait)), i);
    consumer.release();
  }
  const hft_ring_stats stats = ring.stats();
  EXPECT_GT(stats.wakeups, 0U);
  EXPECT_LE(stats.wakeups, stats.published);
}

TEST_F(WakeTest, NoneIsLostInEpoll) {
  constexpr std::uint64_t kRecords = 20'000;
  const Publisher publisher({.slot_count = 64, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  KernelConsumer consumer = ring.consumer();
  const Descriptor events(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{.events = EPOLLIN, .data = {}};
  ASSERT_EQ(epoll_ctl(events.get(), EPOLL_CTL_ADD, consumer.wake_fd(), &event),
            0);
  std::jthread producer([&] {
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      while (publisher.publish_first(i, 1) == 0) {
      }
      for (volatile std::uint64_t pause = 0; pause < i % 4096;) {
        pause = pause + 1;
      }
    }
  });
  for (std::uint64_t next = 0; next < kRecords;) {
    next +=
        consumer.for_each([&, expected = next](const hft_record& r) mutable {
          ASSERT_EQ(sequence_of(r), expected++);
        });
    if (next < kRecords && consumer.prepare_wait()) {
      ASSERT_EQ(epoll_wait(events.get(), &event, 1, -1), 1);
      consumer.finish_wait();
    }
  }
}

TEST_F(WakeTest, ASleeperTakesNoCpu) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  KernelConsumer consumer = ring.consumer();
  std::jthread sleeps([&](const std::stop_token& stop) {
    SpinThenSleep wait = kLongSleeps;
    consumer.run([](const hft_record&) {}, wait, stop);
  });
  std::this_thread::sleep_for(kFallsAsleep);
  expect_idle(sleeps);
}

TEST_F(WakeTest, WithoutADoorbellItLooksAgainAndTakesNoCpu) {
  const Publisher publisher({.slot_count = 16, .rings = 1, .wake_ups = false});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  KernelConsumer consumer = ring.consumer();
  EXPECT_FALSE(consumer.is_woken());
  EXPECT_THROW(static_cast<void>(consumer.wake_fd()), std::logic_error);
  EXPECT_THROW(static_cast<void>(consumer.prepare_wait()), std::logic_error);
  std::jthread sleeps([&] {
    SpinThenSleep wait = kLongSleeps;
    EXPECT_EQ(sequence_of(consumer.read(wait)), 3U);
  });
  std::this_thread::sleep_for(kFallsAsleep);
  expect_idle(sleeps);
  publisher.publish_first(3, 1);
}

TEST_F(WakeTest, OverwriteRingsHaveNoDoorbell) {
  const Publisher publisher(
      {.slot_count = 16, .mode = HFT_MODE_OVERWRITE, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  EXPECT_EQ(ring.reader_end().doorbell.fd, -1);
}

TEST_F(WakeTest, ASpinningSuccessorAsksNothing) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  {
    KernelConsumer consumer = ring.consumer();
    ASSERT_TRUE(consumer.prepare_wait());
  }
  const KernelConsumer consumer = ring.consumer();
  publisher.publish_first(0, 1);
  EXPECT_EQ(ring.stats().wakeups, 0U);
  EXPECT_FALSE(is_readable(consumer.wake_fd()));
}

TEST_F(WakeTest, WhatAHostileConsumerLeavesDoesNotKeepASuccessorAsleep) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  for (const std::uint64_t garbage :
       {std::uint64_t{7}, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    {
      KernelConsumer consumer = ring.consumer(StartAt::kNext);
      ASSERT_TRUE(consumer.prepare_wait());
      *ring.consumer_end().doorbell.taken = garbage;
      ring.consumer_end().page->waiting = 77;
    }
    KernelConsumer consumer = ring.consumer(StartAt::kNext);
    ASSERT_TRUE(consumer.prepare_wait());
    ASSERT_FALSE(is_readable(consumer.wake_fd()));
    publisher.publish_first(0, 1);
    ASSERT_TRUE(is_readable(consumer.wake_fd()));
    consumer.finish_wait();
    ASSERT_EQ(take_one(consumer), 0U);
  }
}

// Each record asks, and nobody takes what was rung: the buffer is full at last.
TEST_F(WakeTest, AFullDoorbellStaysReadableAndLosesNoRecord) {
  const Publisher publisher({.slot_count = 1024, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  KernelConsumer consumer = ring.consumer();
  ASSERT_TRUE(consumer.prepare_wait());
  for (std::uint64_t i = 0; i < 1000; ++i) {
    __atomic_store_n(&ring.consumer_end().page->waiting, 1U, __ATOMIC_SEQ_CST);
    ASSERT_EQ(publisher.publish_first(i, 1), 1U);
  }
  EXPECT_TRUE(is_readable(consumer.wake_fd()));
  consumer.finish_wait();
  EXPECT_FALSE(is_readable(consumer.wake_fd()));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(take_one(consumer), i);
  }
  ASSERT_TRUE(consumer.prepare_wait());
  publisher.publish_first(0, 1);
  EXPECT_TRUE(is_readable(consumer.wake_fd()));
}

TEST_F(WakeTest, DoorbellsComeOverASocketAndFromAPin) {
  const Publisher publisher({.slot_count = 16});
  int sockets[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
  const Descriptor ours(sockets[0]);
  const Descriptor theirs(sockets[1]);
  publisher.first().send(ours.get(), Role::kConsumer);
  const std::string folder = "/sys/fs/bpf/hft_wake_test";
  publisher.first().pin(folder, {});
  const auto expect_woken = [&](const Rings& rings) {
    pin_to_cpu(0);
    const Attached ring = rings.attach(0, Role::kConsumer);
    KernelConsumer consumer = ring.consumer(StartAt::kNext);
    ASSERT_TRUE(consumer.prepare_wait());
    publisher.publish_first(0, 1);
    EXPECT_TRUE(is_readable(consumer.wake_fd()));
  };
  cpu_set_t before;
  sched_getaffinity(0, sizeof before, &before);
  expect_woken(Rings::receive(theirs.get()));
  expect_woken(Rings::open(folder, Role::kConsumer));
  sched_setaffinity(0, sizeof before, &before);
  Rings::unpin(folder);
  EXPECT_NE(access(folder.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace hft::bpf
