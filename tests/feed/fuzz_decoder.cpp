// SPDX-License-Identifier: MIT
// libFuzzer on all that reads what came by wire: frames, MoldUDP64, ITCH,
// books.
//
// The first byte chooses how the rest is read, so that few bytes get far:
// as frames, as packets, or as messages whose types and lengths are right.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "feed/books.hpp"
#include "feed/itch.hpp"
#include "feed/mold.hpp"
#include "net/frame.hpp"

namespace hft::feed {
namespace {

struct Handler {
  void on_session(const SessionName&, std::uint64_t) { books.clear(); }
  void on_gap(const Gap& gap) { lost += gap.lost(); }
  void on_message(std::uint64_t, net::Bytes message) {
    itch.decode(message, books);
    check();
  }
  void on_session_end(const SessionName&) {}

  // Books hold what orders they have, whatever they were told.
  void check() {
    for (const std::uint16_t locate : books.changed()) {
      for (const char side : {kBuy, kSell}) {
        const Level best = books.find(locate)->side(side).best();
        if ((best.orders == 0) != (best.shares == 0) ||
            best.shares >> 32 >= std::max(best.orders, 1U)) {
          std::abort();
        }
      }
    }
    books.forget_changes();
  }

  MoldDecoder mold;
  ItchDecoder itch;
  Books books{1};
  std::uint64_t lost = 0;
};

// Of exactly its bytes: what is read beyond them, the sanitizer sees.
std::vector<std::byte> cut(net::Bytes& rest, std::size_t size) {
  const net::Bytes part = rest.first(std::min(size, rest.size()));
  rest = rest.subspan(part.size());
  return {part.begin(), part.end()};
}

void read_packets(net::Bytes rest, Handler& handler) {
  while (rest.size() >= 2) {
    const std::size_t size = net::load_big<std::uint16_t>(rest.data()) % 512;
    rest = rest.subspan(2);
    handler.mold.decode(cut(rest, size), handler);
  }
  if (handler.lost != handler.mold.counts().lost) {
    std::abort();
  }
}

// Few stocks and few orders, so that messages concern each other.
void narrow(std::vector<std::byte>& message) {
  constexpr std::size_t kLocateAt = 1;
  constexpr std::size_t kReferenceAt = 11;
  constexpr std::size_t kNewReferenceAt = 19;
  const auto keep = [&](std::size_t at, std::size_t size, std::byte mask) {
    std::fill_n(&message[at], size - 1, std::byte{0});
    message[at + size - 1] &= mask;
  };
  keep(kLocateAt, sizeof(ItchMessage::locate), std::byte{1});
  keep(kReferenceAt, sizeof(Reference), std::byte{7});
  if (static_cast<char>(message.front()) == Replaced::kType) {
    keep(kNewReferenceAt, sizeof(Reference), std::byte{7});
  }
}

void read_messages(net::Bytes rest, Handler& handler) {
  constexpr std::string_view kTypes = "AFECXDU";
  while (!rest.empty()) {
    const char type =
        kTypes[std::to_integer<std::size_t>(rest.front()) % kTypes.size()];
    rest = rest.subspan(1);
    std::vector<std::byte> message = cut(rest, itch_length(type) - 1);
    message.insert(message.begin(), static_cast<std::byte>(type));
    if (message.size() == itch_length(type)) {
      narrow(message);
    }
    handler.on_message(0, message);
  }
}

// A good frame, of which up to three bytes of the headers are others.
void read_frame(net::Bytes rest, Handler& handler) {
  constexpr std::size_t kHeaders = 42;
  const std::vector<std::byte> others = cut(rest, 6);
  std::vector<std::byte> frame;
  net::write_frame({.address = 0xEF010101, .port = 5000}, rest, frame);
  for (std::size_t i = 0; i + 1 < others.size(); i += 2) {
    frame[std::to_integer<std::size_t>(others[i]) % kHeaders] = others[i + 1];
  }
  frame.shrink_to_fit();
  handler.mold.decode(net::parse_ethernet(frame).payload, handler);
}

void read(net::Bytes input) {
  if (input.empty()) {
    return;
  }
  Handler handler;
  const unsigned how = std::to_integer<unsigned>(input.front()) % 4;
  net::Bytes rest = input.subspan(1);
  switch (how) {
    case 0:
      read_frame(rest, handler);
      break;
    case 1:
      read_packets(rest, handler);
      break;
    default:
      read_messages(rest, handler);
  }
}

}  // namespace
}  // namespace hft::feed

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  hft::feed::read(std::as_bytes(std::span(data, size)));
  return 0;
}
