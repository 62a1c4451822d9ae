// SPDX-License-Identifier: MIT
// The displayed orders of one stock, summed up by price.
//
//   hft::feed::Book book;
//   book.side(hft::feed::kBuy).add(1'000'000, 300);  // 300 shares at 100.0000
//   const hft::feed::Level bid = book.side(hft::feed::kBuy).best();
//   if (bid.orders != 0) std::cout << bid.shares << '\n';
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "feed/itch_messages.hpp"

namespace hft::feed {

/// What goes to terminals and between JSON's quotes, of what came by wire.
constexpr char printable(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\' ? c : '?';
}

/// No orders: nobody is there.
struct Level {
  Price price = 0;
  std::uint32_t orders = 0;
  std::uint64_t shares = 0;

  bool operator==(const Level&) const = default;
};

/// The levels of one side. A sorted vector whose best is last: what changes is
/// near the best, so it is found from there and little is moved.
class BookSide {
 public:
  /// kBuy: the highest price is best. kSell: the lowest.
  explicit BookSide(char side) : flip_(side == kBuy ? 0 : ~Price{0}) {}

  [[nodiscard]] Level best() const {
    return levels_.empty() ? Level{} : levels_.back();
  }
  /// The best last.
  [[nodiscard]] std::span<const Level> levels() const { return levels_; }

  /// One order more.
  void add(Price price, std::uint32_t shares);
  /// That many fewer of the shares that were added, and perhaps an order. The
  /// level is there.
  void reduce(Price price, std::uint32_t shares, bool whole_order);

 private:
  // Rises towards the best.
  [[nodiscard]] Price rank(Price price) const { return price ^ flip_; }
  std::vector<Level>::iterator after(Price price);

  Price flip_;
  std::vector<Level> levels_;
};

class Book {
 public:
  [[nodiscard]] BookSide& side(char side) {
    return side == kBuy ? bids_ : asks_;
  }
  [[nodiscard]] const BookSide& side(char side) const {
    return side == kBuy ? bids_ : asks_;
  }

  /// Without its blanks, and printable whatever came; empty until it is known.
  [[nodiscard]] std::string_view stock() const {
    return {stock_.data(), stock_length_};
  }
  void set_stock(const Stock& stock);

 private:
  BookSide bids_{kBuy};
  BookSide asks_{kSell};
  Stock stock_{};
  std::size_t stock_length_ = 0;
};

}  // namespace hft::feed
