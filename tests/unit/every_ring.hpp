// SPDX-License-Identifier: MIT
// What holds for a ring of every kind, whoever produces into it: tests that are
// instantiated for the kinds that a program can make.
//
//   struct Anonymous {
//     using Fixture = ::testing::Test;  // what such rings need
//     explicit Anonymous(hft_mode mode);  // kEveryRingSlots of 64 bytes
//     Attached& ring(Role role);  // the same each time; any role if it has
//     none void publish(std::uint32_t count);
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Anonymous, EveryRing, Anonymous);
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "hft/attached.hpp"
#include "hft/ring.hpp"
#include "hft/validate.hpp"

namespace hft::test {

inline constexpr std::uint32_t kEveryRingSlots = 64;

template <class Kind>
class EveryRing : public Kind::Fixture {
 protected:
  /// Reads and releases; how many records were there.
  template <class Consumer>
  static std::size_t take(Consumer& consumer) {
    const std::size_t taken = consumer.for_each([](const hft_record&) {});
    consumer.flush();
    return taken;
  }
  template <class Reader>
  static std::size_t read(Reader& reader) {
    std::size_t count = 0;
    for (hft_record record{}; reader.try_read(record);) {
      ++count;
    }
    return count;
  }
};
TYPED_TEST_SUITE_P(EveryRing);

TYPED_TEST_P(EveryRing, HasNoConsumerInOverwriteMode) {
  TypeParam kind(HFT_MODE_OVERWRITE);
  const Attached& ring = kind.ring(Role::kConsumer);
  EXPECT_THROW(static_cast<void>(ring.consumer()), InvalidRing);
  EXPECT_THROW(static_cast<void>(ring.consumer_end()), InvalidRing);
  EXPECT_THROW(static_cast<void>(Ring<hft_record>(ring).consumer()),
               InvalidRing);
}

TYPED_TEST_P(EveryRing, HasNoReaderInDropMode) {
  TypeParam kind(HFT_MODE_DROP);
  for (const Role role : {Role::kConsumer, Role::kObserver}) {
    const Attached& ring = kind.ring(role);
    EXPECT_THROW(static_cast<void>(ring.reader()), InvalidRing);
    EXPECT_THROW(static_cast<void>(ring.reader_end()), InvalidRing);
    EXPECT_THROW(static_cast<void>(Ring<hft_record>(ring).reader()),
                 InvalidRing);
  }
}

TYPED_TEST_P(EveryRing, HasNoConsumerWhoMayOnlyObserve) {
  TypeParam kind(HFT_MODE_DROP);
  const Attached& ring = kind.ring(Role::kObserver);
  if (ring.role() == Role::kProducer) {
    EXPECT_NO_THROW(static_cast<void>(ring.consumer()));
    return;
  }
  EXPECT_THROW(static_cast<void>(ring.consumer()), std::logic_error);
  EXPECT_THROW(static_cast<void>(ring.consumer_end()), std::logic_error);
}

TYPED_TEST_P(EveryRing, HasNoProducerOfAnotherRole) {
  TypeParam kind(HFT_MODE_DROP);
  const Attached& ring = kind.ring(Role::kConsumer);
  if (ring.role() == Role::kProducer) {
    EXPECT_NO_THROW(static_cast<void>(Ring<hft_record>(ring).producer()));
    return;
  }
  EXPECT_THROW(static_cast<void>(ring.producer_end()), std::logic_error);
  EXPECT_THROW(static_cast<void>(Ring<hft_record>(ring).producer()),
               std::logic_error);
}

TYPED_TEST_P(EveryRing, HasRecordsOfOneType) {
  struct Other {
    std::uint64_t words[3];
  };
  TypeParam kind(HFT_MODE_DROP);
  EXPECT_THROW(static_cast<void>(Ring<Other>(kind.ring(Role::kConsumer))),
               InvalidRing);
}

TYPED_TEST_P(EveryRing, HasOneConsumerAtATime) {
  TypeParam kind(HFT_MODE_DROP);
  const Attached& ring = kind.ring(Role::kConsumer);
  {
    const KernelConsumer first = ring.consumer();
    try {
      static_cast<void>(ring.consumer());
      ADD_FAILURE() << "expected EBUSY";
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), EBUSY) << error.what();
    }
  }
  EXPECT_NO_THROW(static_cast<void>(ring.consumer()));
}

TYPED_TEST_P(EveryRing, ConsumerGoesOnWhereTheLastOneStopped) {
  TypeParam kind(HFT_MODE_DROP);
  const Attached& ring = kind.ring(Role::kConsumer);
  kind.publish(5);
  {
    KernelConsumer consumer = ring.consumer();
    ASSERT_EQ(this->take(consumer), 5U);
  }
  kind.publish(3);
  {
    KernelConsumer consumer = ring.consumer();
    EXPECT_EQ(consumer.position(), 5U);
    EXPECT_EQ(this->take(consumer), 3U);
  }
  kind.publish(2);
  KernelConsumer consumer = ring.consumer(StartAt::kNext);
  EXPECT_EQ(consumer.position(), 10U);
  EXPECT_EQ(this->take(consumer), 0U);
  kind.publish(1);
  EXPECT_EQ(this->take(consumer), 1U);
}

TYPED_TEST_P(EveryRing, EndsSurviveAMove) {
  TypeParam kind(HFT_MODE_DROP);
  Attached& ring = kind.ring(Role::kConsumer);
  std::optional<KernelConsumer> consumer(ring.consumer());
  const hft_info* const info = &ring.info();
  kind.publish(1);
  const Attached moved = std::move(ring);
  EXPECT_EQ(&moved.info(), info);
  EXPECT_EQ(this->take(*consumer), 1U);
  consumer.reset();  // before the ring
}

TYPED_TEST_P(EveryRing, AnyRoleReadsABroadcast) {
  TypeParam kind(HFT_MODE_OVERWRITE);
  for (const Role role : {Role::kConsumer, Role::kObserver}) {
    auto reader = kind.ring(role).reader();
    kind.publish(7);
    EXPECT_EQ(this->read(reader), 7U);
  }
}

TYPED_TEST_P(EveryRing, ObserverLooksOnInEitherMode) {
  for (const hft_mode mode : {HFT_MODE_DROP, HFT_MODE_OVERWRITE}) {
    TypeParam kind(mode);
    const Attached& ring = kind.ring(Role::kObserver);
    EXPECT_EQ(ring.observer_end().page, nullptr);
    Observer observer = ring.observer();
    kind.publish(4);
    EXPECT_EQ(this->read(observer), 4U);
  }
}

TYPED_TEST_P(EveryRing, StatsAccountForEachOffer) {
  for (const hft_mode mode : {HFT_MODE_DROP, HFT_MODE_OVERWRITE}) {
    TypeParam kind(mode);
    constexpr std::uint32_t kOffers = kEveryRingSlots + 10;
    kind.publish(kOffers);
    const hft_ring_stats stats = kind.ring(Role::kObserver).stats();
    EXPECT_EQ(stats.offered, kOffers);
    EXPECT_EQ(stats.dropped, mode == HFT_MODE_DROP ? 10U : 0U);
    EXPECT_EQ(stats.published, kOffers - stats.dropped);
    EXPECT_EQ(stats.discarded, 0U);
    EXPECT_EQ(stats.pending, 0U);
  }
}

REGISTER_TYPED_TEST_SUITE_P(EveryRing, HasNoConsumerInOverwriteMode,
                            HasNoReaderInDropMode,
                            HasNoConsumerWhoMayOnlyObserve,
                            HasNoProducerOfAnotherRole, HasRecordsOfOneType,
                            HasOneConsumerAtATime,
                            ConsumerGoesOnWhereTheLastOneStopped,
                            EndsSurviveAMove, AnyRoleReadsABroadcast,
                            ObserverLooksOnInEitherMode,
                            StatsAccountForEachOffer);

/// Attaches once for each role, and keeps what it got.
class Roles {
 public:
  template <class Attach>
  Attached& ring(Role role, const Attach& attach) {
    std::optional<Attached>& one =
        role == Role::kConsumer ? consumer_ : observer_;
    if (!one) {
      one.emplace(attach(role));
    }
    return *one;
  }

 private:
  std::optional<Attached> consumer_;
  std::optional<Attached> observer_;
};

}  // namespace hft::test
