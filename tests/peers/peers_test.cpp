// SPDX-License-Identifier: MIT
// A ring that does not deliver is found out; rounds become the right figures.
#include <gtest/gtest.h>

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "contender.hpp"
#include "summary.hpp"

namespace hft::peers {
namespace {

enum class Fault { kNone, kLoss, kOrder, kTear };

// One thread is enough for it: it has room for everything.
template <class T, Fault kFault>
class Faulty {
 public:
  using Record = T;
  explicit Faulty(std::size_t /*capacity*/) {}
  bool try_publish(const T& record) {
    records_.push_back(record);
    if (++published_ == 4) {
      if (kFault == Fault::kLoss) {
        records_.pop_back();
      } else if (kFault == Fault::kOrder) {
        std::swap(records_[2], records_[3]);
      } else if (kFault == Fault::kTear) {
        records_[3].words.back() = 99;
      }
    }
    return true;
  }
  bool try_read(T& out) {
    if (records_.empty()) {
      return false;
    }
    out = records_.front();
    records_.pop_front();
    return true;
  }

 private:
  std::deque<T> records_;
  int published_ = 0;
};

template <Fault kFault>
void deliver() {
  RigOf<Ends<Faulty<AlignedRecord<64>, kFault>>> rig("faulty", 8);
  rig.produce(Rig::kThere, 8);
  rig.consume(Rig::kThere, 8);
}

TEST(Verify, PassesWhatDelivers) { deliver<Fault::kNone>(); }

TEST(VerifyDeathTest, NamesCandidatePositionAndSequence) {
  EXPECT_DEATH(deliver<Fault::kLoss>(),
               "faulty: at position 3 expected 3, found 4");
  EXPECT_DEATH(deliver<Fault::kOrder>(),
               "faulty: at position 2 expected 2, found 3");
  EXPECT_DEATH(deliver<Fault::kTear>(),
               "faulty: at position 3 expected 3, found 99");
}

TEST(Median, OfOddEvenAndNone) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(median({}), 0);
}

TEST(Classify, FindsTwoDistances) {
  const Distances found = classify({300, 1100, 310, 1080, 290, 1120});
  EXPECT_TRUE(found.distinct);
  EXPECT_EQ(found.near, 300);
  EXPECT_EQ(found.far, 1100);
  EXPECT_EQ(found.border, 1080);
}

TEST(Classify, LeavesOneDistanceWhole) {
  const Distances found = classify({300, 310, 290, 320, 305});
  EXPECT_FALSE(found.distinct);
  EXPECT_EQ(found.near, 305);
  EXPECT_FALSE(classify({300}).distinct);
  EXPECT_FALSE(classify({}).distinct);
}

Sample sample(std::size_t run, double p50, double mps, double before,
              double after) {
  Sample made;
  made.run = run;
  made.rtt = {p50, 2 * p50, 3 * p50};
  made.mps = mps;
  made.floor_before = before;
  made.floor_after = after;
  return made;
}

TEST(Summarise, TakesMediansOfRunsAndDiscardsWhereCpusMoved) {
  Measured measured;
  measured.cells = {Cell{nullptr, 8, 1024}};
  measured.samples = {
      sample(0, 1.0, 100, 300, 300), sample(0, 1.2, 7, 300, 1100),
      sample(0, 1.4, 20, 1100, 1100), sample(1, 2.0, 80, 300, 310)};
  const Summary summary = summarise(measured, 2);
  ASSERT_EQ(summary.rows.size(), 1U);
  const Row& row = summary.rows[0];
  EXPECT_DOUBLE_EQ(row.rtt.p50, 1.6);  // of 1.2 and 2.0
  EXPECT_DOUBLE_EQ(row.rtt.p99, 3.2);
  EXPECT_DOUBLE_EQ(row.mps, 70);  // of 60 and 80
  EXPECT_EQ(row.discarded, 1U);
  EXPECT_EQ(row.near.rounds, 2U);
  EXPECT_DOUBLE_EQ(row.near.mps, 90);
  EXPECT_EQ(row.far.rounds, 1U);
  EXPECT_DOUBLE_EQ(row.far.mps, 20);
}

}  // namespace
}  // namespace hft::peers
