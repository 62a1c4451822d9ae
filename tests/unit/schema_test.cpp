// SPDX-License-Identifier: MIT
#include "hft/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hft/ring.hpp"

namespace hft::test {
namespace {

// All of one size.
struct First {
  static constexpr std::uint64_t kSchema =
      schema_hash("quote 1: id u64, change i64");
  std::uint64_t id;
  std::int64_t change;
};
struct Second {
  static constexpr std::uint64_t kSchema =
      schema_hash("quote 2: price f64, size u32, venue u32");
  double price;
  std::uint32_t size, venue;
};
struct Unnamed {
  std::uint64_t words[2];
};
struct Foreign {
  std::uint64_t words[2];
};

}  // namespace
}  // namespace hft::test

template <>
inline constexpr std::uint64_t hft::kSchemaOf<hft::test::Foreign> =
    hft::test::First::kSchema;

namespace hft::test {
namespace {

static_assert(kSchemaOf<First> == First::kSchema);
static_assert(kSchemaOf<Unnamed> == 0);
static_assert(kSchemaOf<Foreign> == First::kSchema);
static_assert(schema_hash("") != 0);
// The reference vector of FNV-1a.
static_assert(schema_hash("foobar") == 0x85944171f73967e8);

template <class T>
class RingOf : public ::testing::Test {};
using Modes =
    ::testing::Types<std::integral_constant<hft_mode, HFT_MODE_DROP>,
                     std::integral_constant<hft_mode, HFT_MODE_OVERWRITE>>;
TYPED_TEST_SUITE(RingOf, Modes);

TYPED_TEST(RingOf, AnotherSchemaIsRefusedAtEitherEnd) {
  const Region region =
      Region::anonymous(Ring<First>::geometry(8, TypeParam::value));
  EXPECT_EQ(region.info().schema, First::kSchema);
  EXPECT_NO_THROW(Ring<First>{region});
  EXPECT_NO_THROW(Ring<Foreign>{region});
  EXPECT_THAT([&] { Ring<Second>{region}; },
              ::testing::ThrowsMessage<InvalidRing>(
                  ::testing::HasSubstr("their schema is")));
}

TYPED_TEST(RingOf, NoSchemaFitsAny) {
  const Region named =
      Region::anonymous(Ring<First>::geometry(8, TypeParam::value));
  EXPECT_NO_THROW(Ring<Unnamed>{named});
  const Region unnamed =
      Region::anonymous(Ring<Unnamed>::geometry(8, TypeParam::value));
  EXPECT_EQ(unnamed.info().schema, 0U);
  EXPECT_NO_THROW(Ring<First>{unnamed});
}

// As large as an hft_record of the smallest slot. A consumer would skip those
// whose bytes look like a discarded record's, and count them nowhere.
struct Large {
  std::uint64_t words[7];
};
struct LargeAndNamed : Large {
  static constexpr std::uint64_t kSchema = 7;
};
static_assert(sizeof(Large) == sizeof(hft_record));

TYPED_TEST(RingOf, NoOtherTypePassesForAnHftRecord) {
  const Region records =
      Region::anonymous(Ring<hft_record>::geometry(8, 40, TypeParam::value));
  EXPECT_NO_THROW(Ring<hft_record>{records});
  EXPECT_NO_THROW(static_cast<void>(records.observer()));
  EXPECT_THROW(Ring<Large>{records}, InvalidRing);
  EXPECT_THROW(Ring<LargeAndNamed>{records}, InvalidRing);
}

TYPED_TEST(RingOf, AnHftRecordPassesForNoTypeWithASchema) {
  const Region named =
      Region::anonymous(Ring<LargeAndNamed>::geometry(8, TypeParam::value));
  EXPECT_THAT([&] { Ring<hft_record>{named}; },
              ::testing::ThrowsMessage<InvalidRing>(
                  ::testing::HasSubstr("that of hft_record")));
  EXPECT_THROW(static_cast<void>(named.observer()), InvalidRing);
}

enum class Version : std::uint8_t { kSecond = 2 };
struct Enumerated {
  static constexpr Version kSchema = Version::kSecond;
  int number;
};
static_assert(kSchemaOf<Enumerated> == 2);

}  // namespace
}  // namespace hft::test
