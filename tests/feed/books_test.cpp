// SPDX-License-Identifier: MIT
#include "feed/books.hpp"

#include <gmock/gmock.h>

#include "feed/itch.hpp"

namespace hft::feed {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::uint16_t kStock = 7;

Level level(Price price, std::uint32_t orders, std::uint64_t shares) {
  return {.price = price, .orders = orders, .shares = shares};
}

class BooksTest : public testing::Test {
 protected:
  void add(Reference reference, char side, std::uint32_t shares, Price price,
           std::uint16_t locate = kStock) {
    AddOrder message;
    message.locate = locate;
    message.reference = reference;
    message.side = side;
    message.shares = shares;
    message.stock = {'S', 'T', 'O', 'C', 'K', ' ', ' ', ' '};
    message.price = price;
    books_.on(message);
  }
  void execute(Reference reference, std::uint32_t shares) {
    Executed message;
    message.locate = kStock;
    message.reference = reference;
    message.shares = shares;
    books_.on(message);
  }
  void cancel(Reference reference, std::uint32_t shares) {
    Cancelled message;
    message.locate = kStock;
    message.reference = reference;
    message.shares = shares;
    books_.on(message);
  }
  void remove(Reference reference, std::uint16_t locate = kStock) {
    Deleted message;
    message.locate = locate;
    message.reference = reference;
    books_.on(message);
  }
  void replace(Reference original, Reference reference, std::uint32_t shares,
               Price price) {
    Replaced message;
    message.locate = kStock;
    message.original = original;
    message.reference = reference;
    message.shares = shares;
    message.price = price;
    books_.on(message);
  }
  Level bid() { return books_.find(kStock)->side(kBuy).best(); }
  Level ask() { return books_.find(kStock)->side(kSell).best(); }

  Books books_;
};

TEST_F(BooksTest, BestIsTheHighestBidAndTheLowestAsk) {
  add(1, kBuy, 100, 99);
  add(2, kBuy, 200, 100);
  add(3, kBuy, 300, 98);
  add(4, kSell, 400, 103);
  add(5, kSell, 500, 101);
  add(6, kSell, 600, 102);
  add(7, kBuy, 50, 100);
  EXPECT_EQ(bid(), level(100, 2, 250));
  EXPECT_EQ(ask(), level(101, 1, 500));
  const Book& book = *books_.find(kStock);
  EXPECT_THAT(
      book.side(kBuy).levels(),
      ElementsAre(level(98, 1, 300), level(99, 1, 100), level(100, 2, 250)));
  EXPECT_THAT(
      book.side(kSell).levels(),
      ElementsAre(level(103, 1, 400), level(102, 1, 600), level(101, 1, 500)));
  EXPECT_EQ(books_.faults().all(), 0U);
}

TEST_F(BooksTest, PricesGoToBothEnds) {
  constexpr Price kMax = ~Price{0};
  for (const char side : {kBuy, kSell}) {
    add(side == kBuy ? 1 : 3, side, 1, kMax);
    add(side == kBuy ? 2 : 4, side, 1, 0);
  }
  EXPECT_EQ(bid().price, kMax);
  EXPECT_EQ(ask().price, 0U);
}

TEST_F(BooksTest, SharesGoByExecutionAndCancel) {
  add(1, kBuy, 100, 50);
  execute(1, 30);
  EXPECT_EQ(bid(), level(50, 1, 70));
  cancel(1, 20);
  EXPECT_EQ(bid(), level(50, 1, 50));
  execute(1, 50);
  EXPECT_EQ(bid(), Level{});
  EXPECT_EQ(books_.orders(), 0U);
}

TEST_F(BooksTest, AnExecutionAtAnotherPriceTakesFromTheOrdersOwn) {
  add(1, kSell, 100, 50);
  ExecutedAtPrice message;
  message.locate = kStock;
  message.reference = 1;
  message.shares = 40;
  message.price = 49;
  books_.on(message);
  EXPECT_EQ(ask(), level(50, 1, 60));
}

TEST_F(BooksTest, DeleteTakesTheOrderAlone) {
  add(1, kBuy, 100, 50);
  add(2, kBuy, 70, 50);
  remove(1);
  EXPECT_EQ(bid(), level(50, 1, 70));
}

TEST_F(BooksTest, ReplaceKeepsTheSide) {
  add(1, kSell, 100, 50);
  replace(1, 2, 30, 60);
  EXPECT_EQ(ask(), level(60, 1, 30));
  EXPECT_EQ(bid(), Level{});
  remove(1);
  EXPECT_EQ(books_.faults().unknown_order, 1U);
  replace(2, 2, 10, 61);  // its own reference again
  EXPECT_EQ(ask(), level(61, 1, 10));
  EXPECT_EQ(books_.faults().all(), 1U);
}

TEST_F(BooksTest, WhatCannotBeIsCounted) {
  add(1, kBuy, 100, 50);
  execute(9, 1);
  cancel(9, 1);
  remove(9);
  replace(9, 10, 1, 1);
  EXPECT_EQ(books_.faults().unknown_order, 4U);
  add(1, kSell, 5, 51);
  EXPECT_EQ(books_.faults().duplicate, 1U);
  EXPECT_EQ(ask(), Level{});
  remove(1, kStock + 1);
  EXPECT_EQ(books_.faults().wrong_stock, 1U);
  add(2, kBuy, 0, 60);
  cancel(1, 0);
  EXPECT_EQ(books_.faults().no_shares, 2U);
  EXPECT_EQ(bid(), level(50, 1, 100));
  execute(1, 101);
  EXPECT_EQ(books_.faults().excess, 1U);
  EXPECT_EQ(bid(), Level{});
  EXPECT_EQ(books_.faults().all(), 9U);
}

TEST_F(BooksTest, AReplacementInUseTakesTheOriginalAway) {
  add(1, kBuy, 100, 50);
  add(2, kBuy, 200, 51);
  replace(2, 1, 5, 70);
  EXPECT_EQ(books_.faults().duplicate, 1U);
  EXPECT_EQ(bid(), level(50, 1, 100));
}

TEST_F(BooksTest, ChangedAreThoseWhoseBestIsAnother) {
  add(1, kBuy, 100, 50);
  add(2, kBuy, 100, 50, kStock + 2);
  EXPECT_THAT(books_.changed(), UnorderedElementsAre(kStock, kStock + 2));
  books_.forget_changes();
  add(3, kBuy, 100, 49);
  cancel(3, 10);
  remove(3);
  EXPECT_THAT(books_.changed(), IsEmpty());
  cancel(1, 10);
  execute(1, 10);
  EXPECT_THAT(books_.changed(), ElementsAre(kStock));
}

TEST_F(BooksTest, StocksAreNamedByDirectoryOrOrder) {
  add(1, kBuy, 1, 1);
  EXPECT_EQ(books_.find(kStock)->stock(), "STOCK");
  StockDirectory directory;
  directory.locate = kStock;
  directory.stock = {'B', 'R', 'K', '.', 'B', ' ', ' ', ' '};
  books_.on(directory);
  EXPECT_EQ(books_.find(kStock)->stock(), "BRK.B");
  directory.stock = {'"', '\\', '\x1b', '\n', '\xff', ' ', 'x', ' '};
  books_.on(directory);
  EXPECT_EQ(books_.find(kStock)->stock(), "????? x");
  EXPECT_EQ(books_.find(kStock - 1), nullptr);
  EXPECT_EQ(books_.find(65'535), nullptr);
}

TEST_F(BooksTest, ClearForgetsOrdersAndKeepsFaults) {
  add(1, kBuy, 1, 1);
  remove(5);
  books_.clear();
  EXPECT_EQ(books_.find(kStock), nullptr);
  EXPECT_THAT(books_.changed(), IsEmpty());
  EXPECT_EQ(books_.orders(), 0U);
  add(1, kBuy, 1, 1);
  EXPECT_EQ(books_.faults().all(), 1U);
  EXPECT_EQ(bid(), level(1, 1, 1));
}

}  // namespace
}  // namespace hft::feed
