// SPDX-License-Identifier: MIT
#include "replay/market.hpp"

#include <algorithm>

namespace hft::feed {
namespace {

constexpr Price kTick = kPriceUnit / 100;
constexpr std::uint64_t kLetters = 26;
constexpr std::size_t kNameLength = 4;
constexpr std::uint64_t kLowestOpening = 10;  // currency units
constexpr std::uint64_t kOpenings = 400;
constexpr int kDeepest = 40;  // ticks away from the middle

}  // namespace

Market::Market(std::uint16_t locate, Random& random)
    : locate_(locate),
      opened_(static_cast<Price>((kLowestOpening + random.below(kOpenings)) *
                                 kPriceUnit)),
      middle_(opened_) {
  stock_.fill(' ');
  std::uint64_t rest = locate - 1U;
  for (std::size_t i = kNameLength; i-- > 0; rest /= kLetters) {
    stock_[i] = static_cast<char>('A' + rest % kLetters);
  }
}

Price Market::price(char side, Random& random) {
  middle_ += static_cast<Price>(random.below(3)) * kTick;
  middle_ -= kTick;
  middle_ = std::clamp(middle_, opened_ / 2, opened_ * 2);
  // Most come near the middle, half as many with each step away.
  Price away = kTick;
  for (int i = 0; i < kDeepest && !random.one_in(4); ++i) {
    away += kTick;
  }
  const auto other = first_in_line(side == kBuy ? kSell : kBuy);
  if (side == kBuy) {
    const Price wanted = middle_ - away;
    return other ? std::min(wanted, orders_[*other].price - kTick) : wanted;
  }
  const Price wanted = middle_ + away;
  return other ? std::max(wanted, orders_[*other].price + kTick) : wanted;
}

std::optional<std::size_t> Market::first_in_line(char side) const {
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < orders_.size(); ++i) {
    if (orders_[i].side != side) {
      continue;
    }
    const auto better = [side](const Order& a, const Order& b) {
      if (a.price != b.price) {
        return (a.price > b.price) == (side == kBuy);
      }
      return a.reference < b.reference;
    };
    if (!first || better(orders_[i], orders_[*first])) {
      first = i;
    }
  }
  return first;
}

void Market::remove(std::size_t order) {
  orders_[order] = orders_.back();
  orders_.pop_back();
}

void Market::reduce(std::size_t order, std::uint32_t shares) {
  orders_[order].shares -= shares;
  if (orders_[order].shares == 0) {
    remove(order);
  }
}

}  // namespace hft::feed
