// SPDX-License-Identifier: MIT
#include "feed/book.hpp"

namespace hft::feed {

// Past the last level that is not better than `price`.
std::vector<Level>::iterator BookSide::after(Price price) {
  auto level = levels_.end();
  while (level != levels_.begin() &&
         rank(std::prev(level)->price) > rank(price)) {
    --level;
  }
  return level;
}

void BookSide::add(Price price, std::uint32_t shares) {
  auto level = after(price);
  if (level == levels_.begin() || std::prev(level)->price != price) {
    levels_.insert(level, {.price = price, .orders = 1, .shares = shares});
    return;
  }
  --level;
  ++level->orders;
  level->shares += shares;
}

void BookSide::reduce(Price price, std::uint32_t shares, bool whole_order) {
  const auto level = std::prev(after(price));
  level->shares -= shares;
  if (whole_order && --level->orders == 0) {
    levels_.erase(level);
  }
}

void Book::set_stock(const Stock& stock) {
  stock_length_ = 0;
  for (std::size_t i = 0; i < stock.size(); ++i) {
    stock_[i] = printable(stock[i]);
    stock_length_ = stock[i] == ' ' ? stock_length_ : i + 1;
  }
}

}  // namespace hft::feed
