// SPDX-License-Identifier: MIT
#include "hft/observer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <span>
#include <thread>
#include <vector>

#include "hft/record.hpp"
#include "hft/ring.hpp"

namespace hft {
namespace {

using Records = Ring<hft_record>;

// A producer in overwrite mode has records of one line.
constexpr std::uint32_t payload_in(hft_mode mode) {
  return mode == HFT_MODE_DROP ? 232 : 40;
}

Region make_region(std::uint64_t capacity, hft_mode mode) {
  return Region::anonymous(Records::geometry(capacity, payload_in(mode), mode));
}

bool publish(hft_record* record, hft_mode mode, std::uint64_t number) {
  if (record != nullptr) {
    const std::vector<std::uint64_t> words(payload_in(mode) / sizeof number,
                                           number);
    fill_record(*record, default_slot_size(payload_in(mode) + 16), number,
                HFT_RECORD_USER, std::as_bytes(std::span(words)));
  }
  return record != nullptr;
}

bool publish(Producer<hft_record>& producer, std::uint64_t number) {
  const bool room = publish(producer.reserve(), HFT_MODE_DROP, number);
  if (room) producer.publish();
  return room;
}

void publish(OverwriteProducer<hft_record>& producer, std::uint64_t number) {
  publish(&producer.reserve(), HFT_MODE_OVERWRITE, number);
  producer.publish();
}

// The number that every word of the record says.
std::uint64_t number_in(const hft_record& record,
                        std::span<const std::uint64_t> more) {
  std::array<std::uint64_t, 5> first;
  std::memcpy(first.data(), record.payload, sizeof first);
  for (const std::uint64_t word : first) {
    EXPECT_EQ(word, record.stamp);
  }
  for (const std::uint64_t word : more) {
    EXPECT_EQ(word, record.stamp);
  }
  return record.stamp;
}

struct Look {
  explicit Look(const Region& region, StartAt start = StartAt::kNext)
      : observer(region.observer_end(), start),
        more((payload_in(static_cast<hft_mode>(region.info().mode)) - 40) / 8) {
  }

  /// The numbers of all that is there.
  std::vector<std::uint64_t> take_all() {
    std::vector<std::uint64_t> numbers;
    hft_record record;
    while (observer.try_read(record, more)) {
      numbers.push_back(number_in(record, more));
    }
    return numbers;
  }

  Observer observer;
  std::vector<std::uint64_t> more;
};

using Numbers = std::vector<std::uint64_t>;

TEST(Observer, SeesWhatTheConsumerSeesAndTakesNothing) {
  const Region region = make_region(8, HFT_MODE_DROP);
  auto producer = Records(region).producer();
  auto consumer = Records(region).consumer();
  Look look(region);
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(publish(producer, i));
  }
  EXPECT_EQ(look.take_all(), (Numbers{0, 1, 2}));
  EXPECT_EQ(consumer.for_each([](const hft_record&) {}), 3U);
  EXPECT_EQ(look.observer.missed(), 0U);
}

TEST(Observer, NeedsNoConsumer) {
  const Region region = make_region(8, HFT_MODE_DROP);
  auto producer = Records(region).producer();
  Look look(region);
  std::uint64_t published = 0;
  while (publish(producer, published)) {
    ++published;
  }
  EXPECT_EQ(published, 8U);
  // Of a full ring the producer may be about to write over the oldest record.
  EXPECT_EQ(look.take_all(), (Numbers{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(look.observer.missed(), 1U);
}

TEST(Observer, CountsWhatTheProducerWentPast) {
  const Region region = make_region(8, HFT_MODE_DROP);
  auto producer = Records(region).producer();
  auto consumer = Records(region).consumer();
  Look look(region);
  for (std::uint64_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(publish(producer, i));
    ASSERT_NE(consumer.try_read(), nullptr);
    consumer.release();
    consumer.flush();
  }
  const Numbers seen = look.take_all();
  EXPECT_EQ(seen, (Numbers{93, 94, 95, 96, 97, 98, 99}));
  EXPECT_EQ(seen.size() + look.observer.missed(), 100U);
}

TEST(Observer, ReadsOverwriteRingsAsReadersDo) {
  const Region region = make_region(8, HFT_MODE_OVERWRITE);
  auto producer = Records(region).overwrite_producer();
  Look look(region);
  for (std::uint64_t i = 0; i < 20; ++i) {
    publish(producer, i);
  }
  const Numbers seen = look.take_all();
  EXPECT_EQ(seen.back(), 19U);
  EXPECT_EQ(seen.size() + look.observer.missed(), 20U);
}

TEST(Observer, BeginsWithTheOldestWhenAsked) {
  const Region region = make_region(8, HFT_MODE_DROP);
  auto producer = Records(region).producer();
  for (std::uint64_t i = 0; i < 5; ++i) {
    publish(producer, i);
  }
  EXPECT_EQ(Look(region).take_all(), Numbers{});
  EXPECT_EQ(Look(region, StartAt::kOldest).take_all(),
            (Numbers{0, 1, 2, 3, 4}));
}

// The smallest rings, so that the observer is passed all the time.
class Stress : public testing::TestWithParam<hft_mode> {};

TEST_P(Stress, NeverAcceptsATornRecord) {
#if defined(__SANITIZE_THREAD__)
  if (GetParam() == HFT_MODE_DROP) {
    GTEST_SKIP() << "what is copied while it is written is thrown away, which "
                    "is a race to ThreadSanitizer";
  }
#endif
  constexpr std::uint64_t kRecords = 1'000'000;
  const Region region = make_region(2, GetParam());
  std::atomic<bool> done = false;
  std::thread work([&] {
    if (GetParam() == HFT_MODE_OVERWRITE) {
      auto producer = Records(region).overwrite_producer();
      for (std::uint64_t i = 0; i < kRecords; ++i) publish(producer, i);
    } else {
      auto producer = Records(region).producer();
      auto consumer = Records(region).consumer();
      for (std::uint64_t i = 0; i < kRecords; ++i) {
        ASSERT_TRUE(publish(producer, i));
        ASSERT_NE(consumer.try_read(), nullptr);
        consumer.release();
        consumer.flush();
      }
    }
    done = true;
  });
  Look look(region);
  const std::uint64_t first = look.observer.position();
  std::uint64_t seen = 0;
  while (!done) {
    seen += look.take_all().size();
  }
  work.join();
  seen += look.take_all().size();
  EXPECT_EQ(first + seen + look.observer.missed(), kRecords);
}

INSTANTIATE_TEST_SUITE_P(Modes, Stress,
                         testing::Values(HFT_MODE_DROP, HFT_MODE_OVERWRITE),
                         [](const auto& mode) {
                           return mode.param == HFT_MODE_DROP ? "Drop"
                                                              : "Overwrite";
                         });

}  // namespace
}  // namespace hft
