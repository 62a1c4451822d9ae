// SPDX-License-Identifier: MIT
#include "feed/books.hpp"

namespace hft::feed {

void Books::on(const StockDirectory& directory) {
  entry(directory.locate).book.set_stock(directory.stock);
}

void Books::on(const AddOrder& add) {
  Book& book = entry(add.locate).book;
  if (book.stock().empty()) {  // we came after the directory
    book.set_stock(add.stock);
  }
  insert(add.reference, {.locate = add.locate,
                         .side = add.side,
                         .price = add.price,
                         .shares = add.shares});
}

void Books::on(const Executed& executed) {
  take(executed, executed.reference, executed.shares);
}

void Books::on(const Cancelled& cancelled) {
  take(cancelled, cancelled.reference, cancelled.shares);
}

void Books::on(const Deleted& deleted) {
  const auto order = find_order(deleted.reference, deleted.locate);
  if (order != orders_.end()) {
    reduce(order, order->second.shares);
  }
}

void Books::on(const Replaced& replaced) {
  const auto original = find_order(replaced.original, replaced.locate);
  if (original == orders_.end()) {
    return;  // nobody says on which side the new one is
  }
  Order order = original->second;
  reduce(original, order.shares);
  order.price = replaced.price;
  order.shares = replaced.shares;
  insert(replaced.reference, order);
}

const Book* Books::find(std::uint16_t locate) const {
  return locate < books_.size() && books_[locate].known ? &books_[locate].book
                                                        : nullptr;
}

void Books::forget_changes() {
  for (const std::uint16_t locate : changed_) {
    books_[locate].changed = false;
  }
  changed_.clear();
}

void Books::clear() {
  books_.clear();
  orders_.clear();
  changed_.clear();
}

Books::Entry& Books::entry(std::uint16_t locate) {
  if (locate >= books_.size()) {
    books_.resize(std::size_t{locate} + 1);
  }
  books_[locate].known = true;
  return books_[locate];
}

void Books::insert(Reference reference, const Order& order) {
  if (order.shares == 0) {
    ++faults_.no_shares;
    return;
  }
  if (!orders_.try_emplace(reference, order).second) {
    ++faults_.duplicate;
    return;
  }
  Entry& at = entry(order.locate);
  BookSide& side = at.book.side(order.side);
  const Level before = side.best();
  side.add(order.price, order.shares);
  if (before != side.best()) {
    note_change(order.locate, at);
  }
}

Books::Orders::iterator Books::find_order(Reference reference,
                                          std::uint16_t locate) {
  const auto order = orders_.find(reference);
  if (order == orders_.end()) {
    ++faults_.unknown_order;
    return order;
  }
  if (order->second.locate != locate) {
    ++faults_.wrong_stock;
    return orders_.end();
  }
  return order;
}

void Books::reduce(Orders::iterator order, std::uint32_t shares) {
  Order& what = order->second;
  Entry& at = entry(what.locate);
  BookSide& side = at.book.side(what.side);
  const Level before = side.best();
  const bool whole = shares == what.shares;
  side.reduce(what.price, shares, whole);
  if (before != side.best()) {
    note_change(what.locate, at);
  }
  if (whole) {
    orders_.erase(order);
  } else {
    what.shares -= shares;
  }
}

void Books::take(const ItchMessage& message, Reference reference,
                 std::uint32_t shares) {
  if (shares == 0) {
    ++faults_.no_shares;
    return;
  }
  const auto order = find_order(reference, message.locate);
  if (order == orders_.end()) {
    return;
  }
  if (shares > order->second.shares) {
    ++faults_.excess;
    shares = order->second.shares;
  }
  reduce(order, shares);
}

void Books::note_change(std::uint16_t locate, Entry& entry) {
  if (!entry.changed) {
    entry.changed = true;
    changed_.push_back(locate);
  }
}

}  // namespace hft::feed
