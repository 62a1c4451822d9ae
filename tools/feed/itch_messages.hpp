// SPDX-License-Identifier: MIT
// ITCH 5.0: what the messages hold, in the order of the wire, and how long
// those are that we only count.
//
//   hft::feed::Deleted deleted;
//   deleted.locate = 7;
//   deleted.reference = 1234;
//   static_assert(hft::feed::itch_length(Deleted::kType) == 19);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace hft::feed {

using Stock = std::array<char, 8>;  // padded with blanks
using Price = std::uint32_t;        // in 1/10,000
using Reference = std::uint64_t;    // of an order; one a day, over all stocks
inline constexpr Price kPriceUnit = 10'000;
inline constexpr char kBuy = 'B';
inline constexpr char kSell = 'S';

/// Bytes of a message by its type; 0 where there is no such type.
inline constexpr auto kItchLengths = [] {
  std::array<std::uint8_t, 256> lengths{};
  struct Length {
    char type;
    std::uint8_t bytes;
  };
  for (const Length length : std::initializer_list<Length>{
           {'S', 12}, {'R', 39}, {'H', 25}, {'Y', 20}, {'L', 26}, {'V', 35},
           {'W', 12}, {'K', 28}, {'J', 35}, {'h', 21}, {'A', 36}, {'F', 40},
           {'E', 31}, {'C', 36}, {'X', 23}, {'D', 19}, {'U', 35}, {'P', 44},
           {'Q', 40}, {'B', 19}, {'I', 50}, {'N', 20}, {'O', 48}}) {
    lengths[static_cast<unsigned char>(length.type)] = length.bytes;
  }
  return lengths;
}();
inline constexpr std::size_t kItchLongest = 50;
inline constexpr std::size_t kItchHeaderSize = 11;

constexpr std::size_t itch_length(char type) {
  return kItchLengths[static_cast<unsigned char>(type)];
}

/// What every message begins with, after its type. Each names the fields that
/// follow in fields(): reading, writing and the check of its length go by that
/// one list.
struct ItchMessage {
  std::uint16_t locate = 0;  // of the stock, for the day; 0: none
  std::uint16_t tracking = 0;
  std::uint64_t time = 0;  // ns since midnight, 48 bits
};

struct SystemEvent : ItchMessage {
  static constexpr char kType = 'S';
  char event = 0;

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    f(self.event);
  }
};

struct StockDirectory : ItchMessage {
  static constexpr char kType = 'R';
  Stock stock{};
  char market = ' ';
  char financial_status = ' ';
  std::uint32_t round_lot = 100;
  char round_lots_only = 'N';
  char classification = 'C';
  std::array<char, 2> sub_type{'Z', ' '};
  char authenticity = 'P';
  char short_sale_threshold = 'N';
  char ipo = 'N';
  char luld_tier = '1';
  char etp = 'N';
  std::uint32_t etp_leverage = 0;
  char inverse = 'N';

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    f(self.stock, self.market, self.financial_status, self.round_lot,
      self.round_lots_only, self.classification, self.sub_type,
      self.authenticity, self.short_sale_threshold, self.ipo, self.luld_tier,
      self.etp, self.etp_leverage, self.inverse);
  }
};

struct AddOrder : ItchMessage {
  static constexpr char kType = 'A';
  Reference reference = 0;
  char side = 0;
  std::uint32_t shares = 0;
  Stock stock{};
  Price price = 0;

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    f(self.reference, self.side, self.shares, self.stock, self.price);
  }
  [[nodiscard]] bool valid() const { return side == kBuy || side == kSell; }
};

struct AttributedOrder : AddOrder {
  static constexpr char kType = 'F';
  std::array<char, 4> attribution{};

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    AddOrder::fields(self, f);
    f(self.attribution);
  }
};

struct Executed : ItchMessage {
  static constexpr char kType = 'E';
  Reference reference = 0;
  std::uint32_t shares = 0;
  std::uint64_t match = 0;

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    f(self.reference, self.shares, self.match);
  }
};

/// At another price than the order's own.
struct ExecutedAtPrice : Executed {
  static constexpr char kType = 'C';
  char printable = 0;
  Price price = 0;

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    Executed::fields(self, f);
    f(self.printable, self.price);
  }
};

struct Cancelled : ItchMessage {
  static constexpr char kType = 'X';
  Reference reference = 0;
  std::uint32_t shares = 0;

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    f(self.reference, self.shares);
  }
};

struct Deleted : ItchMessage {
  static constexpr char kType = 'D';
  Reference reference = 0;

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    f(self.reference);
  }
};

struct Replaced : ItchMessage {
  static constexpr char kType = 'U';
  Reference original = 0;
  Reference reference = 0;
  std::uint32_t shares = 0;
  Price price = 0;

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    f(self.original, self.reference, self.shares, self.price);
  }
};

/// Against an order that is not displayed: no book changes.
struct Trade : ItchMessage {
  static constexpr char kType = 'P';
  Reference reference = 0;
  char side = 0;
  std::uint32_t shares = 0;
  Stock stock{};
  Price price = 0;
  std::uint64_t match = 0;

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    f(self.reference, self.side, self.shares, self.stock, self.price,
      self.match);
  }
};

struct CrossTrade : ItchMessage {
  static constexpr char kType = 'Q';
  std::uint64_t shares = 0;
  Stock stock{};
  Price price = 0;
  std::uint64_t match = 0;
  char cross = 0;

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    f(self.shares, self.stock, self.price, self.match, self.cross);
  }
};

struct BrokenTrade : ItchMessage {
  static constexpr char kType = 'B';
  std::uint64_t match = 0;

  template <class Self, class F>
  static constexpr void fields(Self& self, F&& f) {
    f(self.match);
  }
};

}  // namespace hft::feed
