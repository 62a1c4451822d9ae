// SPDX-License-Identifier: MIT
#include "feed/printer.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <iterator>
#include <system_error>

namespace hft::feed {
namespace {

constexpr std::size_t kFull = 64 << 10;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

std::string price_text(Price price) {
  return fmt::format("{}.{:04}", price / kPriceUnit, price % kPriceUnit);
}

std::string time_text(std::uint64_t time) {
  const std::uint64_t seconds = time / kNsPerSecond;
  return fmt::format("{:02}:{:02}:{:02}.{:09}", seconds / 3600,
                     seconds / 60 % 60, seconds % 60, time % kNsPerSecond);
}

std::string json_level(const Level& level) {
  return level.orders == 0
             ? "null"
             : fmt::format(R"({{"price":{},"shares":{},"orders":{}}})",
                           price_text(level.price), level.shares, level.orders);
}

}  // namespace

void Printer::print(const TopOfBook& top) {
  switch (form_) {
    case Form::kTable:
      table_line(top);
      break;
    case Form::kJson:
      json_line(top);
      break;
    case Form::kNone:
      return;
  }
  if (lines_.size() > kFull) {
    flush();
  }
}

void Printer::flush() {
  if (lines_.empty()) {
    return;
  }
  const std::size_t written =
      std::fwrite(lines_.data(), 1, lines_.size(), out_);
  if (written != lines_.size() || std::fflush(out_) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "cannot write the output");
  }
  lines_.clear();
}

void Printer::table_line(const TopOfBook& top) {
  auto out = std::back_inserter(lines_);
  if (!titled_) {
    titled_ = true;
    fmt::format_to(out, "{:<18} {:<8} {:>6} {:>9} {:>12} | {:<12} {:<9} {}\n",
                   "time", "stock", "orders", "shares", "bid", "ask", "shares",
                   "orders");
  }
  fmt::format_to(out, "{:<18} {:<8} ", time_text(top.time), top.book->stock());
  const Level bid = top.book->side(kBuy).best();
  if (bid.orders == 0) {
    fmt::format_to(out, "{:>6} {:>9} {:>12} | ", "", "", "-");
  } else {
    fmt::format_to(out, "{:>6} {:>9} {:>12} | ", bid.orders, bid.shares,
                   price_text(bid.price));
  }
  const Level ask = top.book->side(kSell).best();
  if (ask.orders == 0) {
    fmt::format_to(out, "-\n");
  } else {
    fmt::format_to(out, "{:<12} {:<9} {}\n", price_text(ask.price), ask.shares,
                   ask.orders);
  }
}

void Printer::json_line(const TopOfBook& top) {
  fmt::format_to(
      std::back_inserter(lines_),
      R"({{"time":{},"sequence":{},"stock":"{}","locate":{},"bid":{},"ask":{}}})"
      "\n",
      top.time, top.sequence, top.book->stock(), top.locate,
      json_level(top.book->side(kBuy).best()),
      json_level(top.book->side(kSell).best()));
}

}  // namespace hft::feed
