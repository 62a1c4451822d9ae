// SPDX-License-Identifier: MIT
// ITCH 5.0 between bytes and messages. A visitor has on() for the messages that
// it wants: calls are direct, and nothing is copied into a variant first.
//
//   struct Adds { void on(const hft::feed::AddOrder& order) { … } } visitor;
//   hft::feed::ItchDecoder itch;
//   itch.decode(message, visitor);
//   std::cout << itch.counts().unknown << " of unknown type\n";
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "feed/itch_messages.hpp"
#include "net/big_endian.hpp"

namespace hft::feed {
namespace internal {

// A field of one byte, of several characters, or a number.
inline void read_field(const std::byte* from, char& field) {
  field = static_cast<char>(*from);
}
template <std::size_t Size>
void read_field(const std::byte* from, std::array<char, Size>& field) {
  std::memcpy(field.data(), from, Size);
}
template <std::unsigned_integral T>
void read_field(const std::byte* from, T& field) {
  field = net::load_big<T>(from);
}

inline void write_field(char field, std::byte* to) {
  *to = static_cast<std::byte>(field);
}
template <std::size_t Size>
void write_field(const std::array<char, Size>& field, std::byte* to) {
  std::memcpy(to, field.data(), Size);
}
template <std::unsigned_integral T>
void write_field(T field, std::byte* to) {
  net::store_big(field, to);
}

// On each: a message hands its fields over in groups.
template <class Each>
struct InTurn {
  Each each;

  template <class... Fields>
  constexpr void operator()(Fields&... fields) {
    (each(fields), ...);
  }
};
template <class Each>
InTurn(Each) -> InTurn<Each>;

template <class Message>
constexpr std::size_t message_size() {
  std::size_t size = kItchHeaderSize;
  const Message message;
  InTurn add{[&size](const auto& field) { size += sizeof(field); }};
  Message::fields(message, add);
  return size;
}

}  // namespace internal

void read_itch_header(const std::byte* from, ItchMessage& message);
void write_itch_header(char type, const ItchMessage& message, std::byte* to);

/// Of at least itch_length(Message::kType) bytes.
template <class Message>
Message read_itch(const std::byte* from) {
  static_assert(internal::message_size<Message>() ==
                itch_length(Message::kType));
  Message message;
  read_itch_header(from, message);
  from += kItchHeaderSize;
  internal::InTurn read{[&from](auto& field) {
    internal::read_field(from, field);
    from += sizeof(field);
  }};
  Message::fields(message, read);
  return message;
}

/// Returns the length: at most kItchLongest bytes at `to`.
template <class Message>
std::size_t write_itch(const Message& message, std::byte* to) {
  write_itch_header(Message::kType, message, to);
  to += kItchHeaderSize;
  internal::InTurn write{[&to](const auto& field) {
    internal::write_field(field, to);
    to += sizeof(field);
  }};
  Message::fields(message, write);
  return itch_length(Message::kType);
}

struct ItchCounts {
  std::uint64_t decoded = 0;
  std::uint64_t ignored = 0;  // a type of which no book depends
  // Not decoded:
  std::uint64_t unknown = 0;       // type
  std::uint64_t wrong_length = 0;  // for its type, or none at all
  std::uint64_t bad_side = 0;      // neither buy nor sell
};

/// Reads nothing outside a message and throws nothing of its own. Not
/// thread-safe.
class ItchDecoder {
 public:
  template <class Visitor>
  void decode(std::span<const std::byte> message, Visitor&& visitor) {
    if (!has_its_length(message)) {
      return;
    }
    const std::byte* from = message.data();
    switch (static_cast<char>(*from)) {
      case SystemEvent::kType:
        return give<SystemEvent>(from, visitor);
      case StockDirectory::kType:
        return give<StockDirectory>(from, visitor);
      case AddOrder::kType:
        return give<AddOrder>(from, visitor);
      case AttributedOrder::kType:
        return give<AttributedOrder>(from, visitor);
      case Executed::kType:
        return give<Executed>(from, visitor);
      case ExecutedAtPrice::kType:
        return give<ExecutedAtPrice>(from, visitor);
      case Cancelled::kType:
        return give<Cancelled>(from, visitor);
      case Deleted::kType:
        return give<Deleted>(from, visitor);
      case Replaced::kType:
        return give<Replaced>(from, visitor);
      case Trade::kType:
        return give<Trade>(from, visitor);
      case CrossTrade::kType:
        return give<CrossTrade>(from, visitor);
      case BrokenTrade::kType:
        return give<BrokenTrade>(from, visitor);
      default:
        ++counts_.ignored;
    }
  }

  [[nodiscard]] const ItchCounts& counts() const { return counts_; }

 private:
  // Counted when not.
  bool has_its_length(std::span<const std::byte> message);

  template <class Message, class Visitor>
  void give(const std::byte* from, Visitor& visitor) {
    const auto message = read_itch<Message>(from);
    if constexpr (requires { message.valid(); }) {
      if (!message.valid()) {
        ++counts_.bad_side;
        return;
      }
    }
    ++counts_.decoded;
    if constexpr (requires { visitor.on(message); }) {
      visitor.on(message);
    }
  }

  ItchCounts counts_;
};

}  // namespace hft::feed
