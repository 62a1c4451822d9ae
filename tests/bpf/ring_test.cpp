// SPDX-License-Identifier: MIT
// What a BPF program publishes, its consumers get: both modes, exact loss.
#include <gmock/gmock.h>

#include <vector>

#include "bpf_test.hpp"
#include "hft/observer.hpp"
#include "hft/record.hpp"
#include "hft/validate.hpp"
#include "tap/tapped.hpp"

namespace hft::bpf {
namespace {

using RingTest = BpfTest;

std::vector<std::uint64_t> take_all(KernelConsumer& consumer) {
  std::vector<std::uint64_t> taken;
  consumer.for_each(
      [&](const hft_record& record) { taken.push_back(sequence_of(record)); });
  return taken;
}

std::vector<std::uint64_t> sequence(std::uint64_t from, std::uint64_t count) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 0; i < count; ++i) {
    all.push_back(from + i);
  }
  return all;
}

TEST_F(RingTest, InfoSaysWhatTheRingIs) {
  const Publisher publisher({.slot_count = 256, .rings = 1});
  const Attached ring = publisher.second().attach(0, Role::kConsumer);
  EXPECT_EQ(ring.info().slot_size, 256U);
  EXPECT_EQ(ring.info().slot_count, 256U);
  EXPECT_EQ(ring.info().mode, HFT_MODE_DROP);
  EXPECT_EQ(ring.info().clock, HFT_CLOCK_MONOTONIC);
  EXPECT_EQ(ring.info().clock_hz, 1'000'000'000U);
  EXPECT_EQ(ring.info().producer_kind, HFT_PRODUCER_BPF);
  EXPECT_EQ(ring.info().ring_id, 0U);
}

TEST_F(RingTest, RecordsArriveInOrderOverManyLaps) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  for (std::uint64_t from = 0; from < 1000; from += 10) {
    ASSERT_EQ(publisher.publish_first(from, 10), 10U);
    ASSERT_EQ(take_all(consumer), sequence(from, 10));
  }
  EXPECT_EQ(ring.producer_page().producer_pos, 1000U);
  EXPECT_EQ(ring.producer_page().dropped, 0U);
}

TEST_F(RingTest, RecordCarriesTypeLengthAndStamp) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  timespec before{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  publisher.publish_first(7, 2);
  const hft_record* record = consumer.try_read();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->type, HFT_RECORD_USER);
  EXPECT_EQ(record->length, 16U);
  EXPECT_EQ(record->flags, 0U);
  const std::uint64_t stamp = record->stamp;
  EXPECT_GE(stamp, static_cast<std::uint64_t>(before.tv_sec) * 1'000'000'000U +
                       static_cast<std::uint64_t>(before.tv_nsec));
  consumer.release();
  record = consumer.try_read();
  ASSERT_NE(record, nullptr);
  EXPECT_GE(record->stamp, stamp);
  EXPECT_EQ(ring.producer_page().heartbeat, record->stamp);
}

TEST_F(RingTest, TooLongAPayloadIsCutOffAndFlagged) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  ASSERT_EQ(publisher.publish_too_long(5), 1U);
  const hft_record* record = consumer.try_read();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->length, 128U);
  EXPECT_EQ(record->flags, HFT_RECORD_TRUNCATED);
  EXPECT_EQ(payload(*record, ring.info().slot_size).size(), 40U);
}

TEST_F(RingTest, StalledConsumerLosesExactlyWhatDidNotFit) {
  const Publisher publisher({.slot_count = 64, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  EXPECT_EQ(publisher.publish_first(0, 1000), 64U);
  hft_ring_stats stats = bpf::stats(publisher.object(), "first");
  EXPECT_EQ(stats.offered, 1000U);
  EXPECT_EQ(stats.published, 64U);
  EXPECT_EQ(stats.dropped, 936U);
  EXPECT_EQ(ring.producer_page().dropped, 936U);

  EXPECT_EQ(take_all(consumer), sequence(0, 64));
  EXPECT_EQ(publisher.publish_first(1000, 10), 10U);
  EXPECT_EQ(take_all(consumer), sequence(1000, 10));
  stats = bpf::stats(publisher.object(), "first");
  EXPECT_EQ(stats.offered, stats.published + stats.dropped);
}

TEST_F(RingTest, DiscardedRecordsAreSkippedAndCounted) {
  for (const hft_mode mode : {HFT_MODE_DROP, HFT_MODE_OVERWRITE}) {
    const Publisher publisher({.slot_count = 4, .mode = mode, .rings = 1});
    const Attached ring = publisher.first().attach(0, Role::kConsumer);
    publisher.discard_first(4);
    std::uint64_t seen = 0;
    if (mode == HFT_MODE_DROP) {
      auto consumer = ring.consumer(StartAt::kOldest);
      EXPECT_EQ(consumer.try_read(), nullptr);
      EXPECT_EQ(consumer.position(), 4U);
      // In the same slots, by a program that sets no flags.
      for (std::uint64_t i = 0; i < 4; ++i) publisher.publish_bare(i);
      EXPECT_EQ(take_all(consumer), sequence(0, 4));
    } else {
      auto reader = ring.reader(StartAt::kOldest);
      hft_record record{};
      EXPECT_FALSE(reader.try_read(record));
      EXPECT_EQ(reader.discarded() + reader.lapped(), 4U);
      for (std::uint64_t i = 0; i < 4; ++i) publisher.publish_bare(i);
      for (; reader.try_read(record); ++seen) {
        EXPECT_EQ(sequence_of(record), seen);
      }
      EXPECT_EQ(seen, 4U);
    }
    const hft_ring_stats stats = ring.stats();
    EXPECT_EQ(stats.offered, 8U);
    EXPECT_EQ(stats.published, 4U);
    EXPECT_EQ(stats.discarded, 4U);
  }
}

TEST_F(RingTest, RingsOfOneProgramAreApart) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached first = publisher.first().attach(0, Role::kConsumer);
  const Attached second = publisher.second().attach(0, Role::kConsumer);
  auto from_first = first.consumer();
  auto from_second = second.consumer();
  EXPECT_EQ(publisher.publish_first(100, 3), 3U);
  EXPECT_EQ(publisher.publish_second(200, 4), 4U);
  EXPECT_EQ(take_all(from_first), sequence(100, 3));
  EXPECT_EQ(take_all(from_second), sequence(200, 4));
}

TEST_F(RingTest, OverwriteReadersCountTheirLapsExactly) {
  const Publisher publisher(
      {.slot_count = 64, .mode = HFT_MODE_OVERWRITE, .rings = 1});
  const Attached ring = publisher.second().attach(0, Role::kObserver);
  auto reader = ring.reader();
  auto idle = ring.reader();
  EXPECT_EQ(publisher.publish_second(0, 10), 10U);
  hft_record record{};
  for (std::uint64_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(reader.try_read(record));
    EXPECT_EQ(sequence_of(record), i);
  }
  EXPECT_EQ(publisher.publish_second(10, 1000), 1000U);
  const std::uint64_t read = read_numbered(reader, sequence_of);
  EXPECT_EQ(10 + read + reader.lapped(), 1010U);
  EXPECT_GT(reader.lapped(), 0U);
  ASSERT_TRUE(idle.try_read(record));
  EXPECT_EQ(sequence_of(record), idle.lapped());
  EXPECT_EQ(bpf::stats(publisher.object(), "second").dropped, 0U);
}

TEST_F(RingTest, EachCpuHasARingOfItsOwn) {
  if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
    GTEST_SKIP() << "needs two CPUs";
  }
  const Publisher publisher({.slot_count = 16});
  ASSERT_EQ(publisher.first().size(), possible_cpus());
  cpu_set_t before;
  sched_getaffinity(0, sizeof before, &before);
  for (const int cpu : {0, 1}) {
    const Attached ring = publisher.first().attach(
        static_cast<std::uint32_t>(cpu), Role::kConsumer);
    auto consumer = ring.consumer();
    EXPECT_EQ(ring.info().ring_id, static_cast<std::uint32_t>(cpu));
    pin_to_cpu(cpu);
    EXPECT_EQ(publisher.publish_first(10, 5), 5U);
    EXPECT_EQ(take_all(consumer), sequence(10, 5)) << "CPU " << cpu;
  }
  sched_setaffinity(0, sizeof before, &before);
  EXPECT_THROW(
      static_cast<void>(stats(publisher.object(), "first", possible_cpus())),
      std::out_of_range);
  EXPECT_THROW((void)publisher.first().attach(possible_cpus(), Role::kObserver),
               std::out_of_range);
}

TEST_F(RingTest, SecondConsumerIsRefusedUntilTheFirstHasGone) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  const Attached again = publisher.first().attach(0, Role::kConsumer);
  {
    auto consumer = ring.consumer();
    try {
      auto second = again.consumer();
      FAIL() << "a second consumer was let in";
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::device_or_resource_busy);
    }
  }
  EXPECT_NO_THROW((void)again.consumer());
}

TEST_F(RingTest, LaterConsumerStartsAtTheNextRecordOrWhereTheLastStopped) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  publisher.publish_first(0, 10);
  {
    auto consumer = ring.consumer(StartAt::kOldest);
    for (int i = 0; i < 4; ++i) {
      ASSERT_NE(consumer.try_read(), nullptr);
      consumer.release();
    }
    consumer.flush();
  }
  {
    auto consumer = ring.consumer(StartAt::kOldest);
    EXPECT_EQ(take_all(consumer), sequence(4, 6));
  }
  publisher.publish_first(10, 5);
  auto consumer = ring.consumer(StartAt::kNext);
  EXPECT_EQ(consumer.try_read(), nullptr);
  publisher.publish_first(15, 1);
  EXPECT_EQ(take_all(consumer), sequence(15, 1));
}

class GivenBackTwice : public BpfTest,
                       public testing::WithParamInterface<hft_mode> {};

// What a program does with a record that it has published or discarded has no
// effect, least of all on the slot of another position.
TEST_P(GivenBackTwice, TheFirstTimeCounts) {
  constexpr std::uint32_t kSlots = 8;
  const Publisher publisher(
      {.slot_count = kSlots, .mode = GetParam(), .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kObserver);
  Observer observer = ring.observer(StartAt::kOldest);
  const auto read = [&] {
    hft_record record{};
    std::uint64_t count = 0;
    for (; observer.try_read(record); ++count) {
      EXPECT_EQ(sequence_of(record), 1U);
    }
    return count;
  };
  std::uint64_t published = 0;
  std::uint64_t discarded = 0;
  for (const auto once :
       {Publisher::kPublish, Publisher::kPublishPos, Publisher::kDiscard}) {
    for (const auto twice :
         {Publisher::kPublish, Publisher::kPublishPos, Publisher::kDiscard}) {
      if (GetParam() == HFT_MODE_DROP) {
        // Room for the next one: the consumer says that it has read all.
        const Attached ours = publisher.first().attach(0, Role::kConsumer);
        KernelConsumer consumer = ours.consumer(StartAt::kOldest);
        consumer.for_each([](const hft_record&) {});
        consumer.flush();
      }
      publisher.give_back_twice(once, twice);
      ++(once == Publisher::kDiscard ? discarded : published);
      EXPECT_EQ(read(), once == Publisher::kDiscard ? 0U : 1U);
      const hft_ring_stats stats = ring.stats();
      EXPECT_EQ(stats.published, published);
      EXPECT_EQ(stats.discarded, discarded);
      EXPECT_EQ(stats.dropped, 0U);
      EXPECT_EQ(stats.pending, 0U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, GivenBackTwice,
                         testing::Values(HFT_MODE_DROP, HFT_MODE_OVERWRITE),
                         [](const auto& instance) {
                           return instance.param == HFT_MODE_DROP ? "Drop"
                                                                  : "Overwrite";
                         });

class AbandonedTest : public BpfTest,
                      public testing::WithParamInterface<hft_mode> {};

// Whoever looks on at rings whose producer is gone sees all that was published,
// and learns what was not.
TEST_P(AbandonedTest, ATapGoesOnBehindWhatWillNeverBePublished) {
  using testing::AllOf;
  using testing::ElementsAre;
  using testing::Field;
  const auto run = [](std::uint64_t first, std::uint64_t count) {
    return ElementsAre(AllOf(Field(&tap::Abandoned::ring, 0U),
                             Field(&tap::Abandoned::first, first),
                             Field(&tap::Abandoned::count, count)));
  };
  const Publisher publisher({.slot_count = 16, .mode = GetParam(), .rings = 1});
  const Attached ring = publisher.first().attach(0, Role::kObserver);
  tap::Watch watch(std::span(&ring, 1), StartAt::kOldest);
  const auto expect_next = [&](std::uint64_t from, std::uint64_t count) {
    for (std::uint64_t i = from; i < from + count; ++i) {
      const tap::TappedRecord* const tapped = watch.next();
      ASSERT_NE(tapped, nullptr);
      EXPECT_EQ(tapped->position, i);
      EXPECT_EQ(sequence_of(*tapped->record), i);
    }
    EXPECT_EQ(watch.next(), nullptr);
  };
  EXPECT_THAT(watch.pass_abandoned(), testing::IsEmpty());
  publisher.publish_first(0, 2);
  publisher.abandon_first(1);
  publisher.publish_first(3, 3);
  publisher.abandon_first(2);
  publisher.publish_first(8, 1);
  publisher.abandon_first(3);

  expect_next(0, 2);
  EXPECT_THAT(watch.pass_abandoned(), run(2, 1));
  expect_next(3, 3);
  EXPECT_THAT(watch.pass_abandoned(), run(6, 2));
  expect_next(8, 1);
  EXPECT_THAT(watch.pass_abandoned(), run(9, 3));
  expect_next(12, 0);
  EXPECT_THAT(watch.pass_abandoned(), testing::IsEmpty());
  EXPECT_EQ(watch.missed(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Modes, AbandonedTest,
                         testing::Values(HFT_MODE_DROP, HFT_MODE_OVERWRITE),
                         [](const auto& instance) {
                           return instance.param == HFT_MODE_DROP ? "Drop"
                                                                  : "Overwrite";
                         });

TEST_F(RingTest, ModesAreNotMistaken) {
  const Publisher drop({.slot_count = 16, .rings = 1});
  const Publisher overwrite(
      {.slot_count = 16, .mode = HFT_MODE_OVERWRITE, .rings = 1});
  EXPECT_THROW((void)drop.first().attach(0, Role::kObserver).reader(),
               InvalidRing);
  EXPECT_THROW((void)overwrite.first().attach(0, Role::kConsumer).consumer(),
               InvalidRing);
  EXPECT_THROW((void)drop.first().attach(0, Role::kObserver).consumer(),
               std::logic_error);
  EXPECT_THROW((void)drop.first().attach(0, Role::kProducer), std::logic_error);
}

}  // namespace
}  // namespace hft::bpf
