// SPDX-License-Identifier: MIT
#include "hft/detail/earliest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace hft::test {
namespace {

// What the rings of a test share. Between two looks producers may go on.
struct World {
  struct Published {
    std::vector<hft_record> records;
    std::size_t looks = 0;  // calls of try_read()
  };

  explicit World(std::size_t count) : rings(count) {}

  void publish(std::size_t ring, std::uint64_t stamp) {
    hft_record record{};
    record.stamp = stamp;
    rings[ring].records.push_back(record);
  }
  [[nodiscard]] std::size_t looks() const {
    return std::accumulate(rings.begin(), rings.end(), std::size_t{0},
                           [](std::size_t sum, const Published& ring) {
                             return sum + ring.looks;
                           });
  }

  std::vector<Published> rings;
  std::function<void()> after_a_look = [] {};
};

class FakeRing {
 public:
  FakeRing(World& world, std::size_t ring) : world_(&world), ring_(ring) {}

  // The record is a copy: a vector that grows moves its own.
  const hft_record* try_read() {
    World::Published& mine = world_->rings[ring_];
    ++mine.looks;
    const bool there = position_ < mine.records.size();
    if (there) {
      record_ = mine.records[position_];
    }
    world_->after_a_look();
    return there ? &record_ : nullptr;
  }
  [[nodiscard]] std::uint64_t position() const { return position_; }
  [[nodiscard]] std::uint64_t published_until(std::uint64_t known,
                                              std::size_t most) const {
    const std::uint64_t published = world_->rings[ring_].records.size();
    EXPECT_LE(known, published);
    EXPECT_LT(position_, published);
    return std::max(known, std::min(published, position_ + most));
  }
  void release() { ++position_; }

 private:
  World* world_;
  std::size_t ring_;
  std::uint64_t position_ = 0;
  hft_record record_{};
};

Earliest<FakeRing> all_of(World& world) {
  Earliest<FakeRing> rings;
  for (std::size_t i = 0; i < world.rings.size(); ++i) {
    EXPECT_EQ(rings.add(FakeRing(world, i)), i);
  }
  return rings;
}

std::vector<std::uint64_t> take_all(Earliest<FakeRing>& rings) {
  std::vector<std::uint64_t> stamps;
  while (const hft_record* record = rings.try_read()) {
    EXPECT_EQ(record->stamp, rings.stamp());
    stamps.push_back(record->stamp);
    rings.release();
  }
  return stamps;
}

TEST(Earliest, LooksOnceAtEachRingWhenAllAreEmpty) {
  World world(128);
  Earliest<FakeRing> rings = all_of(world);
  EXPECT_EQ(rings.try_read(), nullptr);
  EXPECT_EQ(rings.try_read(), nullptr);
  for (const World::Published& ring : world.rings) {
    EXPECT_EQ(ring.looks, 2U);
  }
}

TEST(Earliest, LooksAgainAtTheRingsBeforeTheOneThatHasARecord) {
  World world(128);
  Earliest<FakeRing> rings = all_of(world);
  world.publish(100, 1);
  ASSERT_NE(rings.try_read(), nullptr);
  for (std::size_t i = 0; i < world.rings.size(); ++i) {
    EXPECT_EQ(world.rings[i].looks, i <= 100 ? 2U : 1U) << i;
  }
}

// While the rings are looked at one after the other, those before go on.
TEST(Earliest, FindsWhatIsPublishedBehindTheLook) {
  World world(4);
  Earliest<FakeRing> rings = all_of(world);
  world.publish(3, 100);
  std::size_t looks = 0;
  world.after_a_look = [&] {
    ++looks;
    if (looks == 3) world.publish(1, 50);  // found at the second look at 1
    if (looks == 6) world.publish(0, 20);  // only found because of that
  };
  EXPECT_EQ(rings.try_read()->stamp, 20U);
  EXPECT_EQ(take_all(rings), (std::vector<std::uint64_t>{20, 50, 100}));
}

// Looks at empty rings for a backlog in one of `count` rings.
std::size_t looks_at_empty(std::size_t count, std::size_t backlog) {
  World world(count);
  Earliest<FakeRing> rings = all_of(world);
  for (std::uint64_t stamp = 0; stamp < backlog; ++stamp) {
    world.publish(count / 2, stamp);
  }
  std::size_t taken = 0;
  for (; taken < backlog && rings.try_read() != nullptr; ++taken) {
    rings.release();
  }
  EXPECT_EQ(taken, backlog);
  EXPECT_LE(world.rings[count / 2].looks, 2 * backlog + 1);
  return world.looks() - world.rings[count / 2].looks;
}

TEST(Earliest, LooksAtEmptyRingsOnceForManyRecordsOfABacklog) {
  constexpr std::size_t kTimes = 10;
  constexpr std::size_t kBacklog = kTimes * Earliest<FakeRing>::kSeenAtOnce;
  EXPECT_EQ(looks_at_empty(2, kBacklog), kTimes + 1);
  // The first look has the rings before the busy one looked at twice.
  EXPECT_EQ(looks_at_empty(128, kBacklog), kTimes * 127 + 64);
}

TEST(Earliest, SeesAtMostSoManyRecordsAtOnce) {
  constexpr std::size_t kSeen = Earliest<FakeRing>::kSeenAtOnce;
  World world(2);
  Earliest<FakeRing> rings = all_of(world);
  for (std::uint64_t i = 0; i < 2 * kSeen; ++i) {
    world.publish(0, 10 * i);
  }
  ASSERT_NE(rings.try_read(), nullptr);
  world.publish(1, 5);  // late: the look has seen record 0 and those after it
  const std::vector<std::uint64_t> stamps = take_all(rings);
  EXPECT_EQ(stamps.size(), 2 * kSeen + 1);
  EXPECT_EQ(std::find(stamps.begin(), stamps.end(), 5U) - stamps.begin(),
            static_cast<std::ptrdiff_t>(kSeen));
}

// Producers that stamp and publish at once, any number of times during a look.
TEST(Earliest, IsInOrderWhateverIsPublishedDuringALook) {
  constexpr std::uint64_t kRecords = 5000;
  for (const std::size_t count : {2U, 3U, 64U}) {
    for (const unsigned mean : {1U, 10U, 200U}) {  // looks between two records
      std::mt19937 random(static_cast<unsigned>(count) * 1000 + mean);
      World world(count);
      Earliest<FakeRing> rings = all_of(world);
      std::uint64_t next = 0;
      world.after_a_look = [&] {
        while (next < kRecords && random() % (mean + 1) == 0) {
          world.publish(random() % count, next++);
        }
      };
      std::vector<std::uint64_t> stamps;
      for (int i = 0; i < 1'000'000 && stamps.size() < kRecords; ++i) {
        const std::vector<std::uint64_t> some = take_all(rings);
        stamps.insert(stamps.end(), some.begin(), some.end());
      }
      std::vector<std::uint64_t> expected(kRecords);
      std::iota(expected.begin(), expected.end(), 0U);
      EXPECT_EQ(stamps, expected) << count << " rings, " << mean;
    }
  }
}

// Producers that are interrupted between stamp and publication. An earlier
// record may be overtaken only by one that was published before it.
TEST(Earliest, OvertakesOnlyWhatWasPublishedLater) {
  constexpr std::size_t kRings = 32;
  constexpr std::uint64_t kRecords = 5000;
  std::mt19937 random(7);
  World world(kRings);
  Earliest<FakeRing> rings = all_of(world);
  std::vector<std::uint64_t> latest(kRings);  // stamp of each ring
  std::uint64_t next = 1;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> given;  // stamp, order
  std::vector<std::vector<std::uint64_t>> order(kRings);       // of publication
  world.after_a_look = [&] {
    if (next <= kRecords && random() % 4 == 0) {
      const std::size_t ring = random() % kRings;
      const std::uint64_t late = random() % 8 == 0 ? random() % 50 : 0;
      latest[ring] = std::max(latest[ring], 100 + next - late);
      world.publish(ring, latest[ring]);
      order[ring].push_back(next++);
    }
  };
  std::vector<std::size_t> taken(kRings);
  for (int i = 0; i < 100'000 && given.size() < kRecords; ++i) {
    if (const hft_record* record = rings.try_read()) {
      const std::size_t ring = rings.ring();
      given.emplace_back(record->stamp, order[ring][taken[ring]++]);
      rings.release();
    }
  }
  EXPECT_EQ(given.size(), kRecords);
  std::size_t overtaken = 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    for (std::size_t j = i + 1; j < given.size(); ++j) {
      if (given[j].first < given[i].first) {
        ++overtaken;
        EXPECT_GT(given[j].second, given[i].second);
      }
    }
  }
  EXPECT_GT(overtaken, 0U);
}

}  // namespace
}  // namespace hft::test
