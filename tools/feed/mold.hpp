// SPDX-License-Identifier: MIT
// MoldUDP64 1.00: messages out of packets, each once and with its sequence
// number, and what is missing.
//
//   hft::feed::MoldDecoder mold;
//   mold.decode(payload, handler);  // handler.on_message(sequence, bytes) …
//   std::cout << mold.counts().lost << " messages lost\n";
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/big_endian.hpp"
#include "net/bytes.hpp"

namespace hft::feed {

using SessionName = std::array<char, 10>;

inline constexpr std::size_t kMoldHeaderSize = 20;
inline constexpr std::size_t kMoldLengthSize = 2;     // before each message
inline constexpr std::uint16_t kHeartbeat = 0;        // for a count
inline constexpr std::uint16_t kSessionEnd = 0xFFFF;  // for a count

/// Of a downstream packet.
struct MoldHeader {
  SessionName session{};
  std::uint64_t sequence = 0;  // of the first message; of the next to come, if
                               // the packet has none
  std::uint16_t count = 0;
};

/// Nothing where a packet is too short for one.
std::optional<MoldHeader> parse_mold_header(net::Bytes packet);
/// The first kMoldHeaderSize bytes at `to`.
void write_mold_header(const MoldHeader& header, std::byte* to);

/// Messages [expected, found) did not come.
struct Gap {
  std::uint64_t expected = 0;
  std::uint64_t found = 0;

  [[nodiscard]] std::uint64_t lost() const { return found - expected; }
  bool operator==(const Gap&) const = default;
};

struct MoldCounts {
  std::uint64_t packets = 0;   // all, malformed or not
  std::uint64_t messages = 0;  // given to the handler
  std::uint64_t late = 0;      // seen before, or of a session that was followed
                               // by another: skipped
  std::uint64_t gaps = 0;
  std::uint64_t lost = 0;  // messages in them
  std::uint64_t sessions = 0;
  std::uint64_t heartbeats = 0;
  std::uint64_t ends = 0;  // packets that say that the session has ended
  // Malformed packets. What came before the fault was given.
  std::uint64_t short_header = 0;
  std::uint64_t bad_sequence = 0;  // beyond 64 bits, within the packet
  std::uint64_t truncated = 0;     // a message goes beyond the packet
  std::uint64_t trailing = 0;      // bytes after the last message

  [[nodiscard]] std::uint64_t malformed() const {
    return short_header + bad_sequence + truncated + trailing;
  }
};

/// Which sequence numbers are new. A session ends when another begins; whatever
/// still comes of it is late.
class SequenceTracker {
 public:
  enum class Arrival { kOfCurrent, kBegins, kOfPast };

  /// A packet of that session, whose first number is `sequence`.
  Arrival arrive(const SessionName& session, std::uint64_t sequence);
  /// What is missing before the packet that arrived: asked once, right then.
  [[nodiscard]] std::optional<Gap> skip_to(std::uint64_t sequence);
  /// Whether the next message of that packet is to be given.
  [[nodiscard]] bool take(std::uint64_t sequence) {
    if (sequence != expected_) {
      return false;
    }
    ++expected_;
    return true;
  }

  [[nodiscard]] std::uint64_t expected() const { return expected_; }

 private:
  // Sessions that ended are few: one a day. Those of a sender gone mad push
  // each other out.
  static constexpr std::size_t kPastSessions = 8;

  bool began_ = false;
  SessionName current_{};
  std::uint64_t expected_ = 0;
  std::array<SessionName, kPastSessions> past_{};
  std::size_t past_count_ = 0;
};

template <class Handler>
concept MoldHandler = requires(Handler handler, const SessionName& session,
                               Gap gap, std::uint64_t sequence,
                               net::Bytes message) {
  handler.on_session(session, sequence);  // it begins, as far as we see it
  handler.on_gap(gap);
  handler.on_message(sequence, message);  // valid until it returns
  handler.on_session_end(session);        // at every packet that says so
};

/// Reads nothing outside a packet and throws nothing of its own. Not
/// thread-safe.
class MoldDecoder {
 public:
  template <MoldHandler Handler>
  void decode(net::Bytes packet, Handler&& handler) {
    ++counts_.packets;
    const std::optional<MoldHeader> header = read_header(packet);
    if (!header) {
      return;
    }
    const bool past = begin(*header, handler);
    net::Bytes rest = packet.subspan(kMoldHeaderSize);
    for (std::uint16_t i = 0; i < messages_in(*header); ++i) {
      const std::optional<net::Bytes> message = cut_message(rest);
      if (!message) {
        ++counts_.truncated;
        return;
      }
      if (!past && tracker_.take(header->sequence + i)) {
        ++counts_.messages;
        handler.on_message(header->sequence + i, *message);
      } else {
        ++counts_.late;
      }
    }
    counts_.trailing += rest.empty() ? 0 : 1;
    if (header->count == kSessionEnd && !past) {
      handler.on_session_end(header->session);
    }
  }

  [[nodiscard]] const MoldCounts& counts() const { return counts_; }

 private:
  // What the header says of the stream; whether its session is a past one.
  template <MoldHandler Handler>
  bool begin(const MoldHeader& header, Handler& handler) {
    using Arrival = SequenceTracker::Arrival;
    const Arrival arrival = tracker_.arrive(header.session, header.sequence);
    if (arrival == Arrival::kOfPast) {
      return true;
    }
    if (arrival == Arrival::kBegins) {
      ++counts_.sessions;
      handler.on_session(header.session, header.sequence);
    } else if (const auto gap = tracker_.skip_to(header.sequence)) {
      ++counts_.gaps;
      counts_.lost += gap->lost();
      handler.on_gap(*gap);
    }
    return false;
  }

  static std::uint16_t messages_in(const MoldHeader& header) {
    return header.count == kSessionEnd ? std::uint16_t{0} : header.count;
  }

  /// Nothing, and counted, when there is none that can be true.
  std::optional<MoldHeader> read_header(net::Bytes packet);

  /// The first message of `rest`, which is left with what follows it.
  static std::optional<net::Bytes> cut_message(net::Bytes& rest) {
    if (rest.size() < kMoldLengthSize) {
      return std::nullopt;
    }
    const std::size_t length = net::load_big<std::uint16_t>(rest.data());
    rest = rest.subspan(kMoldLengthSize);
    if (rest.size() < length) {
      return std::nullopt;
    }
    const net::Bytes message = rest.first(length);
    rest = rest.subspan(length);
    return message;
  }

  SequenceTracker tracker_;
  MoldCounts counts_;
};

}  // namespace hft::feed
