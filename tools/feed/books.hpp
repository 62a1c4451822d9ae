// SPDX-License-Identifier: MIT
// The order books of a feed: a visitor of ITCH messages.
//
//   hft::feed::Books books;
//   itch.decode(message, books);
//   for (std::uint16_t locate : books.changed()) print(*books.find(locate));
//   books.forget_changes();
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "feed/book.hpp"
#include "feed/itch_messages.hpp"

namespace hft::feed {

/// What cannot be, unless messages were lost. Books stay consistent with what
/// they were told.
struct BookFaults {
  std::uint64_t unknown_order = 0;  // no effect
  std::uint64_t duplicate = 0;      // reference in use: the older order stays
  std::uint64_t excess = 0;       // more shares than there are: the order goes
  std::uint64_t wrong_stock = 0;  // the order is of another: no effect
  std::uint64_t no_shares = 0;    // of nothing: no effect

  [[nodiscard]] std::uint64_t all() const {
    return unknown_order + duplicate + excess + wrong_stock + no_shares;
  }
};

/// Not thread-safe.
class Books {
 public:
  /// So many orders at a time come without a pause to make room.
  explicit Books(std::size_t orders = std::size_t{1} << 16) {
    orders_.reserve(orders);
  }
  Books(const Books&) = delete;
  Books& operator=(const Books&) = delete;
  ~Books() = default;

  void on(const StockDirectory& directory);
  void on(const AddOrder& add);
  void on(const Executed& executed);  // the price leaves the book as it is
  void on(const Cancelled& cancelled);
  void on(const Deleted& deleted);
  void on(const Replaced& replaced);

  /// Nothing where no message named that stock.
  [[nodiscard]] const Book* find(std::uint16_t locate) const;
  /// Stocks are locates below it, with gaps.
  [[nodiscard]] std::size_t size() const { return books_.size(); }
  [[nodiscard]] std::size_t orders() const { return orders_.size(); }
  [[nodiscard]] const BookFaults& faults() const { return faults_; }

  /// Stocks whose best bid or ask is not as it was when last forgotten, or was
  /// not meanwhile; each once.
  [[nodiscard]] std::span<const std::uint16_t> changed() const {
    return changed_;
  }
  void forget_changes();
  /// Another session begins. Faults stay counted.
  void clear();

 private:
  struct Order {
    std::uint16_t locate = 0;
    char side = kBuy;
    Price price = 0;
    std::uint32_t shares = 0;
  };
  struct Entry {
    Book book;
    bool known = false;
    bool changed = false;
  };
  // A node for each order, from a pool that keeps those of orders gone: once
  // warm, nothing is allocated. An open-addressing map saves a cache miss a
  // message, at the price of another dependency.
  using Orders = std::pmr::unordered_map<Reference, Order>;

  Entry& entry(std::uint16_t locate);
  void insert(Reference reference, const Order& order);
  // The order that a message speaks of; the end, and counted, when it cannot.
  Orders::iterator find_order(Reference reference, std::uint16_t locate);
  void reduce(Orders::iterator order, std::uint32_t shares);
  void take(const ItchMessage& message, Reference reference,
            std::uint32_t shares);
  void note_change(std::uint16_t locate, Entry& entry);

  std::vector<Entry> books_;  // by locate
  std::pmr::unsynchronized_pool_resource pool_;
  Orders orders_{&pool_};
  std::vector<std::uint16_t> changed_;
  BookFaults faults_;
};

}  // namespace hft::feed
