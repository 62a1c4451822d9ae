// SPDX-License-Identifier: MIT
#include "feed/follow.hpp"
#include "hft/clock.hpp"

#include <fmt/format.h>

#include <iterator>

namespace hft::feed {
namespace {

constexpr std::uint64_t kFlushPeriod = 100'000'000;  // ns
constexpr double kMicrosecond = 1e3;                 // ns
constexpr double kSecond = 1e9;                      // ns

std::string text_of(const SessionName& session) {
  std::string text;
  for (const char c : session) {
    text.push_back(printable(c));
  }
  return text;
}

}  // namespace

void Follower::take(const Datagram& datagram) {
  first_ = mold().packets == 0 ? datagram.stamp : first_;
  last_ = datagram.stamp;
  mold_.decode(datagram.payload, *this);
  const std::uint64_t now = monotonic_now();
  latency_.record(now > datagram.stamp ? now - datagram.stamp : 0);
  // A feed that never rests is never idle.
  if (now - flushed_ > kFlushPeriod) {
    flushed_ = now;
    printer_.flush();
  }
}

void Follower::finish() {
  print_changed();
  printer_.flush();
}

void Follower::on_session(const SessionName& session, std::uint64_t sequence) {
  finish();
  books_.clear();
  ended_ = false;
  fmt::print(options_.said, "session {}: from message {} on\n",
             text_of(session), sequence);
}

void Follower::on_gap(const Gap& gap) {
  printer_.flush();
  fmt::print(options_.said, "gap: expected {}, found {}: {} messages lost\n",
             gap.expected, gap.found, gap.lost());
}

void Follower::on_message(std::uint64_t sequence, net::Bytes message) {
  sequence_ = sequence;
  itch_.decode(message, *this);
  ++unprinted_;
  if (unprinted_ >= options_.every) {
    print_changed();
  }
}

void Follower::on_session_end(const SessionName& session) {
  if (ended_) {
    return;  // it is said for a while
  }
  ended_ = true;
  finish();
  fmt::print(options_.said, "session {}: ended\n", text_of(session));
}

void Follower::print_changed() {
  for (const std::uint16_t locate : books_.changed()) {
    printer_.print({.time = time_,
                    .sequence = sequence_,
                    .locate = locate,
                    .book = books_.find(locate)});
  }
  books_.forget_changes();
  unprinted_ = 0;
}

std::string Follower::summary() const {
  const MoldCounts& mold = this->mold();
  const ItchCounts& itch = this->itch();
  const BookFaults& faults = books_.faults();
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{} packets, {} messages in {:.3f} s\n", mold.packets,
                 mold.messages, static_cast<double>(last_ - first_) / kSecond);
  fmt::format_to(out,
                 "sessions {}, heartbeats {}, gaps {}, messages lost {}, late "
                 "{}\n",
                 mold.sessions, mold.heartbeats, mold.gaps, mold.lost,
                 mold.late);
  fmt::format_to(out,
                 "malformed packets {}: short header {}, truncated {}, "
                 "trailing bytes {}, sequence beyond 64 bits {}\n",
                 mold.malformed(), mold.short_header, mold.truncated,
                 mold.trailing, mold.bad_sequence);
  fmt::format_to(out,
                 "messages decoded {}, ignored {}, of unknown type {}, of "
                 "wrong length {}, without a side {}\n",
                 itch.decoded, itch.ignored, itch.unknown, itch.wrong_length,
                 itch.bad_side);
  fmt::format_to(out,
                 "orders {}; impossible {}: unknown order {}, duplicate {}, "
                 "more than all shares {}, of another stock {}, no shares {}\n",
                 books_.orders(), faults.all(), faults.unknown_order,
                 faults.duplicate, faults.excess, faults.wrong_stock,
                 faults.no_shares);
  if (latency_.count() > 0) {
    const auto at = [this](double fraction) {
      return static_cast<double>(latency_.percentile(fraction)) / kMicrosecond;
    };
    fmt::format_to(
        out,
        "time of a packet from its arrival into the books: P50 {:.2f}, "
        "P99 {:.2f}, longest {:.2f} us\n",
        at(0.5), at(0.99), static_cast<double>(latency_.max()) / kMicrosecond);
  }
  return text;
}

void follow(PacketSource& source, Follower& follower,
            const FollowLimits& limits, const std::function<bool()>& stop) {
  const auto done = [&] {
    return stop() || (limits.until_end && follower.ended()) ||
           (limits.packets != 0 && follower.mold().packets >= limits.packets);
  };
  while (!done()) {
    if (const auto datagram = source.next()) {
      follower.take(*datagram);
    } else {
      follower.idle();
    }
  }
  follower.finish();
}

}  // namespace hft::feed
