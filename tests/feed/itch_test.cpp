// SPDX-License-Identifier: MIT
// Messages are put together here by the offsets of the specification.
#include "feed/itch.hpp"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <variant>

#include "packets.hpp"

namespace hft::feed {
namespace {

using test::append;
using test::Buffer;

// Bytes by type, as in the specification's tables.
const std::map<char, std::size_t> kSpecified = {
    {'S', 12}, {'R', 39}, {'H', 25}, {'Y', 20}, {'L', 26}, {'V', 35},
    {'W', 12}, {'K', 28}, {'J', 35}, {'h', 21}, {'A', 36}, {'F', 40},
    {'E', 31}, {'C', 36}, {'X', 23}, {'D', 19}, {'U', 35}, {'P', 44},
    {'Q', 40}, {'B', 19}, {'I', 50}, {'N', 20}, {'O', 48}};
constexpr std::string_view kDecoded = "SRAFECXDUPQB";
constexpr std::uint64_t kTime = 0x1A2B3C4D5E6F;

Buffer start(char type) {
  Buffer bytes;
  append(bytes, std::string_view(&type, 1));
  append(bytes, 0x0102, 2);
  append(bytes, 0x0304, 2);
  append(bytes, kTime, 6);
  return bytes;
}

struct Last {
  template <class Message>
  void on(const Message& message) {
    seen = message;
  }

  std::variant<std::monostate, SystemEvent, StockDirectory, AddOrder,
               AttributedOrder, Executed, ExecutedAtPrice, Cancelled, Deleted,
               Replaced, Trade, CrossTrade, BrokenTrade>
      seen;
};

// Decodes it, and expects that writing what came out gives the same bytes.
template <class Message>
Message decode(const Buffer& bytes) {
  ItchDecoder itch;
  Last last;
  itch.decode(bytes, last);
  EXPECT_EQ(itch.counts().decoded, 1U);
  EXPECT_TRUE(std::holds_alternative<Message>(last.seen));
  const auto message = std::get<Message>(last.seen);
  EXPECT_EQ(message.locate, 0x0102);
  EXPECT_EQ(message.tracking, 0x0304);
  EXPECT_EQ(message.time, kTime);
  Buffer again(kItchLongest);
  again.resize(write_itch(message, again.data()));
  EXPECT_EQ(again, bytes);
  return message;
}

TEST(Itch, LengthsAreThoseSpecified) {
  for (unsigned type = 0; type < 256; ++type) {
    const auto known = kSpecified.find(static_cast<char>(type));
    EXPECT_EQ(itch_length(static_cast<char>(type)),
              known == kSpecified.end() ? 0 : known->second)
        << type;
  }
}

TEST(Itch, SystemEvent) {
  Buffer bytes = start('S');
  append(bytes, "Q");
  EXPECT_EQ(decode<SystemEvent>(bytes).event, 'Q');
}

TEST(Itch, StockDirectory) {
  Buffer bytes = start('R');
  append(bytes, "AAPL    QN");
  append(bytes, 100, 4);
  append(bytes, "YCAbPNY2N");
  append(bytes, 3, 4);
  append(bytes, "Y");
  const auto directory = decode<StockDirectory>(bytes);
  EXPECT_EQ(std::string_view(directory.stock.data(), 8), "AAPL    ");
  EXPECT_EQ(directory.market, 'Q');
  EXPECT_EQ(directory.financial_status, 'N');
  EXPECT_EQ(directory.round_lot, 100U);
  EXPECT_EQ(directory.round_lots_only, 'Y');
  EXPECT_EQ(directory.classification, 'C');
  EXPECT_EQ(directory.sub_type[1], 'b');
  EXPECT_EQ(directory.authenticity, 'P');
  EXPECT_EQ(directory.short_sale_threshold, 'N');
  EXPECT_EQ(directory.ipo, 'Y');
  EXPECT_EQ(directory.luld_tier, '2');
  EXPECT_EQ(directory.etp, 'N');
  EXPECT_EQ(directory.etp_leverage, 3U);
  EXPECT_EQ(directory.inverse, 'Y');
}

Buffer add_order(char type, std::string_view side = "S") {
  Buffer bytes = start(type);
  append(bytes, 0x1122334455667788, 8);
  append(bytes, side);
  append(bytes, 300, 4);
  append(bytes, "MSFT    ");
  append(bytes, 1'234'500, 4);
  return bytes;
}

void expect_add(const AddOrder& add) {
  EXPECT_EQ(add.reference, 0x1122334455667788U);
  EXPECT_EQ(add.side, kSell);
  EXPECT_EQ(add.shares, 300U);
  EXPECT_EQ(std::string_view(add.stock.data(), 8), "MSFT    ");
  EXPECT_EQ(add.price, 1'234'500U);
}

TEST(Itch, AddOrder) { expect_add(decode<AddOrder>(add_order('A'))); }

TEST(Itch, AttributedOrder) {
  Buffer bytes = add_order('F');
  append(bytes, "LEHM");
  const auto add = decode<AttributedOrder>(bytes);
  expect_add(add);
  EXPECT_EQ(std::string_view(add.attribution.data(), 4), "LEHM");
}

TEST(Itch, ASideIsBuyOrSell) {
  ItchDecoder itch;
  Last last;
  for (const std::string_view side : {"b", " ", "X"}) {
    itch.decode(add_order('A', side), last);
  }
  EXPECT_EQ(itch.counts().bad_side, 3U);
  EXPECT_EQ(itch.counts().decoded, 0U);
  itch.decode(add_order('A', "B"), last);
  EXPECT_EQ(itch.counts().decoded, 1U);
}

Buffer executed(char type) {
  Buffer bytes = start(type);
  append(bytes, 77, 8);
  append(bytes, 200, 4);
  append(bytes, 0xABCDEF, 8);
  return bytes;
}

TEST(Itch, Executed) {
  const auto message = decode<Executed>(executed('E'));
  EXPECT_EQ(message.reference, 77U);
  EXPECT_EQ(message.shares, 200U);
  EXPECT_EQ(message.match, 0xABCDEFU);
}

TEST(Itch, ExecutedAtPrice) {
  Buffer bytes = executed('C');
  append(bytes, "Y");
  append(bytes, 55'0000, 4);
  const auto message = decode<ExecutedAtPrice>(bytes);
  EXPECT_EQ(message.shares, 200U);
  EXPECT_EQ(message.printable, 'Y');
  EXPECT_EQ(message.price, 550'000U);
}

TEST(Itch, CancelledDeletedReplaced) {
  Buffer cancelled = start('X');
  append(cancelled, 78, 8);
  append(cancelled, 50, 4);
  EXPECT_EQ(decode<Cancelled>(cancelled).reference, 78U);
  EXPECT_EQ(decode<Cancelled>(cancelled).shares, 50U);

  Buffer deleted = start('D');
  append(deleted, 79, 8);
  EXPECT_EQ(decode<Deleted>(deleted).reference, 79U);

  Buffer replaced = start('U');
  append(replaced, 80, 8);
  append(replaced, 81, 8);
  append(replaced, 500, 4);
  append(replaced, 42, 4);
  const auto message = decode<Replaced>(replaced);
  EXPECT_EQ(message.original, 80U);
  EXPECT_EQ(message.reference, 81U);
  EXPECT_EQ(message.shares, 500U);
  EXPECT_EQ(message.price, 42U);
}

TEST(Itch, Trades) {
  Buffer trade = add_order('P');
  append(trade, 900, 8);
  EXPECT_EQ(decode<Trade>(trade).match, 900U);
  EXPECT_EQ(decode<Trade>(trade).price, 1'234'500U);

  Buffer cross = start('Q');
  append(cross, std::uint64_t{1} << 40, 8);
  append(cross, "IBM     ");
  append(cross, 99, 4);
  append(cross, 901, 8);
  append(cross, "O");
  EXPECT_EQ(decode<CrossTrade>(cross).shares, std::uint64_t{1} << 40);
  EXPECT_EQ(decode<CrossTrade>(cross).cross, 'O');

  Buffer broken = start('B');
  append(broken, 902, 8);
  EXPECT_EQ(decode<BrokenTrade>(broken).match, 902U);
}

// A valid message of that type, as far as its length goes.
Buffer message_of(char type, std::size_t length) {
  Buffer bytes(length, std::byte{kBuy});
  if (length > 0) {
    bytes[0] = static_cast<std::byte>(type);
  }
  return bytes;
}

TEST(Itch, EveryOtherLengthIsWrong) {
  for (const auto& [type, length] : kSpecified) {
    for (std::size_t size = 1; size <= kItchLongest + 10; ++size) {
      ItchDecoder itch;
      Last last;
      itch.decode(message_of(type, size), last);
      const bool right = size == length;
      const bool decoded = kDecoded.find(type) != std::string_view::npos;
      EXPECT_EQ(itch.counts().wrong_length, right ? 0U : 1U) << type << size;
      EXPECT_EQ(itch.counts().decoded, right && decoded ? 1U : 0U) << type;
      EXPECT_EQ(itch.counts().ignored, right && !decoded ? 1U : 0U) << type;
    }
  }
}

TEST(Itch, UnknownTypesAndNothingAtAllAreCounted) {
  ItchDecoder itch;
  Last last;
  for (unsigned type = 0; type < 256; ++type) {
    if (!kSpecified.contains(static_cast<char>(type))) {
      itch.decode(message_of(static_cast<char>(type), 36), last);
    }
  }
  EXPECT_EQ(itch.counts().unknown, 256 - kSpecified.size());
  itch.decode({}, last);
  EXPECT_EQ(itch.counts().wrong_length, 1U);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(last.seen));
}

TEST(Itch, AVisitorHasWhatItWants) {
  struct Executions {
    void on(const Executed& message) { shares += message.shares; }
    std::uint64_t shares = 0;
  } executions;
  ItchDecoder itch;
  itch.decode(executed('E'), executions);
  Buffer at_price = executed('C');
  append(at_price, "N");
  append(at_price, 1, 4);
  itch.decode(at_price, executions);
  itch.decode(add_order('A'), executions);
  EXPECT_EQ(executions.shares, 400U);
  EXPECT_EQ(itch.counts().decoded, 3U);
}

}  // namespace
}  // namespace hft::feed
