// SPDX-License-Identifier: MIT
// Order books kept in the plainest way: every order by reference, levels added
// up from them at the end. Bytes are read by the offsets of the specification,
// not by the code that is tested.
//
//   hft::test::PlainBooks plain;
//   plain.read(packet.payload);
//   EXPECT_EQ(levels_of(book.side('B')), plain.side(stock, 'B'));
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

namespace hft::test {

inline std::uint64_t number(const std::byte* from, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8 | std::to_integer<std::uint64_t>(from[i]);
  }
  return value;
}

struct PlainOrder {
  std::uint64_t stock = 0;
  char side = 0;
  std::uint64_t shares = 0;
  std::uint64_t price = 0;
};

struct PlainLevel {
  std::uint64_t orders = 0;
  std::uint64_t shares = 0;

  bool operator==(const PlainLevel&) const = default;
};
using PlainSide = std::map<std::uint64_t, PlainLevel>;

// Every step checks that the session does nothing impossible.
class PlainBooks {
 public:
  void read(std::span<const std::byte> packet) {
    const std::byte* at = packet.data();
    const std::uint64_t count = number(at + 18, 2);
    const std::byte* const end = at + packet.size();
    at += 20;
    for (std::uint64_t i = 0; count != 0xFFFF && i < count; ++i) {
      const std::uint64_t length = number(at, 2);
      read_message(at + 2);
      at += 2 + length;
    }
    ASSERT_EQ(at, end);
  }
  [[nodiscard]] PlainSide side(std::uint64_t stock, char side) const {
    PlainSide levels;
    for (const auto& [reference, order] : orders_) {
      if (order.stock == stock && order.side == side) {
        PlainLevel& level = levels[order.price];
        ++level.orders;
        level.shares += order.shares;
      }
    }
    return levels;
  }
  [[nodiscard]] std::size_t orders() const { return orders_.size(); }
  [[nodiscard]] const std::map<char, std::uint64_t>& types() const {
    return types_;
  }

 private:
  void read_message(const std::byte* at) {
    const char type = static_cast<char>(at[0]);
    const std::uint64_t stock = number(at + 1, 2);
    const std::uint64_t time = number(at + 5, 6);
    const std::uint64_t reference = number(at + 11, 8);
    ++types_[type];
    EXPECT_GE(time, time_);
    time_ = time;
    switch (type) {
      case 'A':
      case 'F':
        add(reference, {.stock = stock,
                        .side = static_cast<char>(at[19]),
                        .shares = number(at + 20, 4),
                        .price = number(at + 32, 4)});
        break;
      case 'E':
      case 'C':
      case 'X':
        take(stock, reference, number(at + 19, 4));
        break;
      case 'D':
        take(stock, reference, orders_.at(reference).shares);
        break;
      case 'U': {
        PlainOrder order = orders_.at(reference);
        take(stock, reference, order.shares);
        order.shares = number(at + 27, 4);
        order.price = number(at + 31, 4);
        add(number(at + 19, 8), order);
        break;
      }
      default:
        break;
    }
  }
  void add(std::uint64_t reference, const PlainOrder& order) {
    EXPECT_GT(order.shares, 0U);
    EXPECT_GT(order.price, 0U);
    EXPECT_TRUE(orders_.emplace(reference, order).second);
  }
  void take(std::uint64_t stock, std::uint64_t reference,
            std::uint64_t shares) {
    PlainOrder& order = orders_.at(reference);
    ASSERT_EQ(order.stock, stock);
    ASSERT_GT(shares, 0U);
    ASSERT_LE(shares, order.shares);
    order.shares -= shares;
    if (order.shares == 0) {
      orders_.erase(reference);
    }
  }

  std::map<std::uint64_t, PlainOrder> orders_;
  std::map<char, std::uint64_t> types_;
  std::uint64_t time_ = 0;
};

}  // namespace hft::test
