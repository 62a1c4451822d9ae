// SPDX-License-Identifier: MIT
// One made-up stock: which orders are in its book, and what may happen next.
//
//   hft::feed::Market market(locate, random);
//   if (market.orders().size() < 10) add(market.price(kBuy, random));
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "feed/itch_messages.hpp"

namespace hft::feed {

/// The standard says what the engine gives, but not the distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::uint32_t lots() {
    return static_cast<std::uint32_t>(100 * (1 + below(10)));
  }
  /// At least one of them, and often all.
  std::uint32_t part_of(std::uint32_t shares) {
    return one_in(2) ? shares : static_cast<std::uint32_t>(1 + below(shares));
  }

 private:
  std::mt19937_64 engine_;
};

class Market {
 public:
  struct Order {
    Reference reference = 0;
    char side = kBuy;
    std::uint32_t shares = 0;
    Price price = 0;
  };

  Market(std::uint16_t locate, Random& random);

  [[nodiscard]] std::uint16_t locate() const { return locate_; }
  [[nodiscard]] const Stock& stock() const { return stock_; }
  [[nodiscard]] std::vector<Order>& orders() { return orders_; }

  /// For a new order of that side: near the market, and not across it.
  Price price(char side, Random& random);
  /// The best and then oldest order of that side.
  std::optional<std::size_t> first_in_line(char side) const;
  void remove(std::size_t order);
  /// By so many of its shares; with the last it is gone.
  void reduce(std::size_t order, std::uint32_t shares);

 private:
  std::uint16_t locate_;
  Stock stock_{};
  Price opened_;
  Price middle_;  // wanders within half and twice of opened_
  std::vector<Order> orders_;
};

}  // namespace hft::feed
