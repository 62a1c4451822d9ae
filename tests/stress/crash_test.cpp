// SPDX-License-Identifier: MIT
// Producers and consumers killed with SIGKILL at random instants: what they
// leave behind is a ring that their successors continue from, with nothing lost
// and nothing published twice.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <utility>

#include "hft/detail/mapping.hpp"
#include "number.hpp"

namespace hft::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kKills = 100;
#else
constexpr int kKills = 1500;
#endif

using Tick = Number<16>;

template <class Body>
pid_t start(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  return child;
}

// Runs `meanwhile` until then. Every other time the child is first let come so
// far that `begun`; else it may die at once, while it attaches. True if it
// lived until it was killed.
template <class Begun, class Meanwhile>
bool kill_after(pid_t child, std::uint32_t rounds, Begun begun,
                Meanwhile meanwhile) {
  while (rounds % 2 == 0 && !begun()) {
    meanwhile();
  }
  for (std::uint32_t i = 0; i < rounds; ++i) {
    meanwhile();
  }
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

template <class P>
class CrashOf : public ::testing::Test {
 protected:
  // Up to some tens of microseconds: in the middle of anything.
  std::uint32_t some_rounds() {
    return static_cast<std::uint32_t>(random_() % 3000);
  }

 private:
  std::mt19937 random_{1};
};
using Policies = ::testing::Types<Latency, Throughput>;
TYPED_TEST_SUITE(CrashOf, Policies);

TYPED_TEST(CrashOf, ProducersDieAndNothingIsLostOrPublishedTwice) {
  using R = Ring<Tick, TypeParam>;
  const Region region = Region::anonymous(R::geometry(64));
  auto consumer = R(region).consumer();
  std::uint64_t next = 0;
  const auto take_all = [&] {
    consumer.for_each(
        [&](const Tick& tick) { ASSERT_EQ(number_in(tick), next++); });
  };
  int killed = 0;
  for (int i = 0; i < kKills; ++i) {
    const pid_t child = start([&] {
      auto producer = R(region).producer();
      for (;;) {
        producer.try_publish(number<Tick>(producer.position()));
      }
    });
    const std::uint64_t before = next;
    killed +=
        kill_after(
            child, this->some_rounds(), [&] { return next > before; }, take_all)
            ? 1
            : 0;
    take_all();
    ASSERT_EQ(next,
              recover_position(region.info(), region.consumer_end().slots));
    ASSERT_FALSE(this->HasFatalFailure());
  }
  EXPECT_EQ(killed, kKills);
  EXPECT_GT(next, static_cast<std::uint64_t>(kKills));
}

TYPED_TEST(CrashOf, ConsumersDieAndNothingIsLost) {
  using R = Ring<Tick, TypeParam>;
  struct Witness {
    std::uint64_t read;   // by any consumer so far
    std::uint64_t begun;  // position at which the newest one began
    std::uint64_t wrong;  // records that were not what they should be
  };
  const Region region = Region::anonymous(R::geometry(64));
  const Mapping shared = Mapping::anonymous(HFT_PAGE, FaultIn::kNow);
  auto* const witness = shared.as<Witness>();
  auto producer = R(region).producer();
  for (int i = 0; i < kKills; ++i) {
    const std::uint64_t before =
        __atomic_load_n(&witness->read, __ATOMIC_ACQUIRE);
    __atomic_store_n(&witness->begun, ~0ULL, __ATOMIC_RELEASE);
    const pid_t child = start([&] {
      auto consumer = R(region).consumer();
      std::uint64_t next = consumer.position();
      __atomic_store_n(&witness->begun, next, __ATOMIC_RELEASE);
      for (;;) {
        if (const Tick* tick = consumer.try_read()) {
          if (number_in(*tick) != next) {
            __atomic_fetch_add(&witness->wrong, 1, __ATOMIC_RELAXED);
          }
          ++next;
          if (next > __atomic_load_n(&witness->read, __ATOMIC_RELAXED)) {
            __atomic_store_n(&witness->read, next, __ATOMIC_RELEASE);
          }
          consumer.release();
        }
      }
    });
    kill_after(
        child, this->some_rounds(),
        [&] {
          return __atomic_load_n(&witness->read, __ATOMIC_RELAXED) > before;
        },
        [&] { producer.try_publish(number<Tick>(producer.position())); });
    const std::uint64_t begun =
        __atomic_load_n(&witness->begun, __ATOMIC_ACQUIRE);
    if (begun != ~0ULL) {  // it lived long enough to attach
      ASSERT_LE(begun, before);
      // What is released each quarter, and the record it died on.
      ASSERT_LE(before - begun, hft::capacity_of(region.info()) / 4 + 1);
    }
    ASSERT_EQ(__atomic_load_n(&witness->wrong, __ATOMIC_RELAXED), 0U);
  }
  EXPECT_GT(witness->read, static_cast<std::uint64_t>(kKills));

  // The last one is this process: all that was published is there.
  auto consumer = R(region).consumer();
  std::uint64_t next = consumer.position();
  EXPECT_LE(next, witness->read);
  consumer.for_each(
      [&](const Tick& tick) { EXPECT_EQ(number_in(tick), next++); });
  EXPECT_EQ(next, producer.position());
}

TYPED_TEST(CrashOf, AConsumerDiesWithARecordInHandAndItIsReadAgain) {
  using R = Ring<Tick, TypeParam>;
  const Region region = Region::anonymous(R::geometry(64));
  auto producer = R(region).producer();
  const Mapping shared = Mapping::anonymous(HFT_PAGE, FaultIn::kNow);
  auto* const taken = shared.as<std::uint64_t>();
  constexpr std::uint64_t kRecords = 3;
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    ASSERT_TRUE(producer.try_publish(number<Tick>(i)));
  }
  const pid_t child = start([&] {
    auto consumer = R(region).consumer();
    BusySpin wait;
    for (std::uint64_t i = 1;; ++i) {
      const Tick& tick = consumer.read(wait);
      __atomic_store_n(taken, number_in(tick) + 1, __ATOMIC_RELEASE);
      if (i == kRecords) {
        pause();  // until it is killed
      }
      consumer.release();
    }
  });
  kill_after(
      child, 0,
      [&] { return __atomic_load_n(taken, __ATOMIC_ACQUIRE) == kRecords; },
      [] {});
  auto consumer = R(region).consumer();
  std::uint64_t next = consumer.position();
  EXPECT_LT(next, kRecords);
  consumer.for_each(
      [&](const Tick& tick) { EXPECT_EQ(number_in(tick), next++); });
  EXPECT_EQ(next, kRecords);
}

TYPED_TEST(CrashOf, OverwritingProducersDieAndNoRecordIsTorn) {
  using R = Ring<Tick, TypeParam>;
  const Region region = Region::anonymous(R::geometry(64, HFT_MODE_OVERWRITE));
  auto reader = R(region).reader();
  std::uint64_t seen = 0;
  const auto take_one = [&] {
    Tick tick;
    if (reader.try_read(tick)) {
      ASSERT_EQ(number_in(tick), reader.position() - 1);
      ++seen;
    }
  };
  for (int i = 0; i < kKills; ++i) {
    const pid_t child = start([&] {
      auto producer = R(region).overwrite_producer();
      for (;;) {
        producer.publish(number<Tick>(producer.position()));
      }
    });
    const std::uint64_t before = reader.position();
    kill_after(
        child, this->some_rounds() / 8,
        [&] { return reader.position() > before; }, take_one);
    ASSERT_FALSE(this->HasFatalFailure());
  }
  // A successor finishes the slot that the last one may have died in.
  auto producer = R(region).overwrite_producer();
  for (std::uint64_t i = 0; i < hft::capacity_of(region.info()); ++i) {
    producer.publish(number<Tick>(producer.position()));
  }
  while (reader.position() < producer.position()) {
    take_one();
  }
  EXPECT_EQ(seen + reader.lapped(), producer.position());
  EXPECT_GT(seen, 0U);
}

}  // namespace
}  // namespace hft::test
