// SPDX-License-Identifier: MIT
// Made-up days, and the books that come of them against plain ones.
#include "replay/session.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <stdexcept>

#include "feed/books.hpp"
#include "feed/itch.hpp"
#include "plain_books.hpp"
#include "replay/mold_packer.hpp"

namespace hft::feed {
namespace {

using test::PlainBooks;
using test::PlainSide;

// What `hft feed` does, without printing.
struct Followed {
  explicit Followed(const std::vector<net::Packet>& packets) {
    for (const net::Packet& packet : packets) {
      mold.decode(packet.payload, *this);
    }
  }
  void on_session(const SessionName&, std::uint64_t) {}
  void on_gap(const Gap& gap) { gaps.push_back(gap); }
  void on_message(std::uint64_t, net::Bytes message) {
    itch.decode(message, books);
  }
  void on_session_end(const SessionName&) { ended = true; }

  MoldDecoder mold;
  ItchDecoder itch;
  Books books;
  std::vector<Gap> gaps;
  bool ended = false;
};

PlainSide levels_of(const BookSide& side) {
  PlainSide levels;
  for (const Level& level : side.levels()) {
    levels[level.price] = {.orders = level.orders, .shares = level.shares};
  }
  return levels;
}

class SessionSeed : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SessionSeed, BooksAreThoseOfThePlainWay) {
  const SessionPlan plan{
      .seed = GetParam(),
      .instruments = static_cast<std::uint16_t>(1 + 20 * GetParam()),
      .messages = 20'000};
  const std::vector<net::Packet> packets = make_session(plan);
  PlainBooks plain;
  for (const net::Packet& packet : packets) {
    plain.read(packet.payload);
  }
  const Followed follow(packets);
  EXPECT_EQ(follow.mold.counts().messages, plan.messages);
  EXPECT_EQ(follow.mold.counts().malformed(), 0U);
  EXPECT_EQ(follow.mold.counts().heartbeats, 1U);
  EXPECT_TRUE(follow.ended);
  EXPECT_EQ(follow.itch.counts().decoded + follow.itch.counts().ignored,
            plan.messages);
  EXPECT_EQ(follow.books.faults().all(), 0U);
  EXPECT_EQ(follow.books.orders(), plain.orders());
  EXPECT_EQ(follow.books.size(), plan.instruments + 1U);
  for (std::uint16_t stock = 1; stock <= plan.instruments; ++stock) {
    const Book* book = follow.books.find(stock);
    ASSERT_NE(book, nullptr);
    for (const char side : {kBuy, kSell}) {
      const PlainSide expected = plain.side(stock, side);
      EXPECT_EQ(levels_of(book->side(side)), expected) << stock << side;
      const Level best = book->side(side).best();
      if (!expected.empty()) {
        EXPECT_EQ(best.price, side == kBuy ? expected.rbegin()->first
                                           : expected.begin()->first);
      } else {
        EXPECT_EQ(best.orders, 0U);
      }
    }
    const Level bid = book->side(kBuy).best();
    const Level ask = book->side(kSell).best();
    EXPECT_TRUE(bid.orders == 0 || ask.orders == 0 || bid.price < ask.price);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SessionSeed, testing::Range(0UL, 6UL));

TEST(Session, HasEveryKindOfMessage) {
  PlainBooks plain;
  for (const net::Packet& packet : make_session({.messages = 50'000})) {
    plain.read(packet.payload);
  }
  for (const char type : std::string_view("SRAFECXDUPQBH")) {
    EXPECT_GT(plain.types().contains(type) ? plain.types().at(type) : 0, 0U)
        << type;
  }
}

bool same(const std::vector<net::Packet>& a,
          const std::vector<net::Packet>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const net::Packet& x, const net::Packet& y) {
                      return x.time == y.time && x.payload == y.payload;
                    });
}

TEST(Session, IsTheSameForTheSameSeedAlone) {
  const SessionPlan plan{.seed = 3, .messages = 5000};
  EXPECT_TRUE(same(make_session(plan), make_session(plan)));
  EXPECT_FALSE(
      same(make_session(plan), make_session({.seed = 4, .messages = 5000})));
}

TEST(Session, PacketsKeepTheirSize) {
  for (const std::size_t size : {72UL, 100UL, 500UL, 1400UL}) {
    std::size_t largest = 0;
    for (const net::Packet& packet :
         make_session({.messages = 2000, .packet_size = size})) {
      largest = std::max(largest, packet.payload.size());
    }
    EXPECT_LE(largest, size);
    EXPECT_GT(largest, size - 52);
  }
}

TEST(Session, RefusesWhatCannotBe) {
  EXPECT_EQ(fewest_messages(8), 14U);
  EXPECT_NO_THROW(make_session({.instruments = 8, .messages = 14}));
  EXPECT_THROW(make_session({.instruments = 8, .messages = 13}),
               std::invalid_argument);
  EXPECT_THROW(make_session({.instruments = 0}), std::invalid_argument);
  EXPECT_THROW(make_session({.packet_size = 71}), std::invalid_argument);
}

TEST(Session, GapsAreSaidExactly) {
  std::vector<net::Packet> packets = make_session({.messages = 20'000});
  const std::size_t all = packets.size();
  std::uint64_t left_out = 0;
  for (std::size_t i = 9; i + 1 < all; i += 10) {
    left_out += messages_in(packets[i]);
  }
  EXPECT_EQ(net::leave_out(packets, 10), (all - 1) / 10);
  const Followed follow(packets);
  EXPECT_EQ(follow.mold.counts().lost, left_out);
  EXPECT_EQ(follow.mold.counts().messages + left_out, 20'000U);
  EXPECT_EQ(follow.gaps.size(), follow.mold.counts().gaps);
  EXPECT_GT(follow.books.faults().unknown_order, 0U);
}

TEST(Session, ATwiceSentPacketChangesNothing) {
  const std::vector<net::Packet> packets = make_session({.messages = 5000});
  std::vector<net::Packet> twice;
  for (const net::Packet& packet : packets) {
    twice.insert(twice.end(), 2, packet);
  }
  const Followed once(packets);
  const Followed again(twice);
  EXPECT_EQ(again.mold.counts().messages, 5000U);
  EXPECT_EQ(again.mold.counts().late, 5000U);
  EXPECT_EQ(again.books.faults().all(), 0U);
  for (std::uint16_t stock = 1; stock <= 8; ++stock) {
    EXPECT_EQ(again.books.find(stock)->side(kBuy).best(),
              once.books.find(stock)->side(kBuy).best());
  }
}

}  // namespace
}  // namespace hft::feed
