// SPDX-License-Identifier: MIT
#include "hft/merger.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "hft/descriptor.hpp"
#include "hft/ring.hpp"

namespace hft::test {
namespace {

using Records = Ring<hft_record>;

// As the kernel would produce into it.
struct Source {
  Region region = Region::anonymous(Records::geometry(16, 40));
  Producer<hft_record> producer = Records(region).producer();

  void publish(std::uint64_t stamp) {
    ASSERT_TRUE(producer.try_publish(stamp, HFT_RECORD_USER, {}));
  }
};

class MergerTest : public ::testing::Test {
 protected:
  MergerTest() {
    for (const Source& source : sources_) {
      merger_.add(KernelConsumer(source.region.consumer_end()));
    }
  }

  // Stamps, until there is no more.
  std::vector<std::uint64_t> take_all() {
    std::vector<std::uint64_t> stamps;
    while (const hft_record* record = merger_.try_read()) {
      stamps.push_back(record->stamp);
      merger_.release();
    }
    return stamps;
  }

  std::array<Source, 3> sources_;
  Merger merger_;
};

TEST_F(MergerTest, GivesNothingWhenNoRingHasAnything) {
  EXPECT_EQ(merger_.try_read(), nullptr);
}

TEST_F(MergerTest, GivesTheRecordsOfAllRingsByStamp) {
  for (const std::uint64_t stamp : {3U, 4U, 9U}) sources_[0].publish(stamp);
  for (const std::uint64_t stamp : {1U, 8U}) sources_[1].publish(stamp);
  for (const std::uint64_t stamp : {2U, 5U, 6U, 7U}) sources_[2].publish(stamp);
  EXPECT_EQ(take_all(),
            (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(merger_.out_of_order(), 0U);
}

TEST_F(MergerTest, SaysWhichRingItIs) {
  sources_[2].publish(1);
  sources_[0].publish(2);
  ASSERT_NE(merger_.try_read(), nullptr);
  EXPECT_EQ(merger_.ring(), 2U);
  merger_.release();
  ASSERT_NE(merger_.try_read(), nullptr);
  EXPECT_EQ(merger_.ring(), 0U);
}

TEST_F(MergerTest, OfEqualStampsTheFirstRingComesFirst) {
  sources_[2].publish(7);
  sources_[1].publish(7);
  ASSERT_NE(merger_.try_read(), nullptr);
  EXPECT_EQ(merger_.ring(), 1U);
  EXPECT_EQ(take_all(), (std::vector<std::uint64_t>{7, 7}));
  EXPECT_EQ(merger_.out_of_order(), 0U);
}

TEST_F(MergerTest, GivesTheSameRecordUntilItIsReleased) {
  sources_[1].publish(5);
  const hft_record* const record = merger_.try_read();
  ASSERT_NE(record, nullptr);
  sources_[0].publish(4);
  EXPECT_EQ(merger_.try_read(), record);
  EXPECT_EQ(merger_.ring(), 1U);
  EXPECT_EQ(take_all(), (std::vector<std::uint64_t>{5, 4}));
  EXPECT_EQ(merger_.out_of_order(), 1U);
}

TEST_F(MergerTest, CountsWhatWasPublishedTooLateForItsStamp) {
  sources_[0].publish(5);
  sources_[0].publish(8);
  EXPECT_EQ(take_all(), (std::vector<std::uint64_t>{5, 8}));
  for (const std::uint64_t stamp : {6U, 7U, 9U}) sources_[1].publish(stamp);
  EXPECT_EQ(take_all(), (std::vector<std::uint64_t>{6, 7, 9}));
  EXPECT_EQ(merger_.out_of_order(), 2U);
}

TEST_F(MergerTest, WaitsForNothingWhileAnyRingHasARecord) {
  sources_[1].publish(1);
  EXPECT_FALSE(merger_.prepare_wait());
  ASSERT_NE(merger_.try_read(), nullptr);
  EXPECT_FALSE(merger_.prepare_wait());
  for (const Source& source : sources_) {
    EXPECT_EQ(source.region.consumer_page()->waiting, 0U);
  }
  merger_.release();
  EXPECT_TRUE(merger_.prepare_wait());
  for (const Source& source : sources_) {
    EXPECT_EQ(source.region.consumer_page()->waiting, HFT_WAITING_FOR_FD);
  }
  merger_.finish_wait();
  EXPECT_EQ(merger_.try_read(), nullptr);
}

// Each record finds the consumer asleep or about to be: a lost wake-up would
// take for ever.
TEST_F(MergerTest, SleepsUntilAnyOfItsRingsHasARecord) {
  constexpr std::uint64_t kRecords = 4000;
  std::atomic<std::uint64_t> taken{0};
  std::thread thread([&] {
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      while (taken != i) std::this_thread::yield();
      sources_[i % sources_.size()].publish(i);
    }
  });
  const Descriptor events(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{.events = EPOLLIN, .data = {}};
  for (std::size_t ring = 0; ring < merger_.size(); ++ring) {
    ASSERT_EQ(epoll_ctl(events.get(), EPOLL_CTL_ADD,
                        merger_.consumer(ring).wake_fd(), &event),
              0);
  }
  while (taken < kRecords) {
    if (const hft_record* record = merger_.try_read()) {
      EXPECT_EQ(record->stamp, taken);
      merger_.release();
      ++taken;
    } else if (merger_.prepare_wait()) {
      epoll_wait(events.get(), &event, 1, -1);
      merger_.finish_wait();
    }
  }
  thread.join();
  EXPECT_EQ(merger_.out_of_order(), 0U);
}

TEST(Merger, GivesARandomBacklogOfManyRingsAsSorted) {
  constexpr std::size_t kRings = 100;
  std::mt19937 random(42);
  std::vector<Source> sources(kRings);
  Merger merger;
  for (const Source& source : sources) {
    merger.add(KernelConsumer(source.region.consumer_end()));
  }
  std::uint64_t stamp = 1000;
  for (int round = 0; round < 200; ++round) {
    // No more than one ring holds.
    std::vector<std::uint64_t> published;
    for (int i = 0; i < 16; ++i) {
      stamp += random() % 3;
      published.push_back(stamp);
      sources[random() % (round % 2 == 0 ? kRings : 3)].publish(stamp);
    }
    const std::uint64_t late = merger.out_of_order();
    std::vector<std::uint64_t> given;
    while (const hft_record* record = merger.try_read()) {
      given.push_back(record->stamp);
      merger.release();
    }
    EXPECT_EQ(given, published);
    EXPECT_EQ(merger.out_of_order(), late);
    if (round % 4 == 0) {
      for (std::uint64_t i = 0; i < 3; ++i) {
        sources[i].publish(stamp - 10 + i);
      }
      for (std::uint64_t i = 0; i < 3; ++i) {
        ASSERT_NE(merger.try_read(), nullptr);
        EXPECT_EQ(merger.try_read()->stamp, stamp - 10 + i);
        merger.release();
      }
      EXPECT_EQ(merger.out_of_order(), late + 3);
    }
  }
}

}  // namespace
}  // namespace hft::test
