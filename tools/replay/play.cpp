// SPDX-License-Identifier: MIT
#include "replay/play.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "feed/source.hpp"
#include "hft/clock.hpp"
#include "replay/mold_packer.hpp"

namespace hft::feed {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
// A sleeper wakes some 60 µs late, more on a busy machine: the rest is spun.
constexpr std::uint64_t kSpin = 200'000;

// Until `due` on CLOCK_MONOTONIC; false when a signal came before.
bool wait_until(std::uint64_t due) {
  std::uint64_t now = monotonic_now();
  if (now + kSpin < due) {
    const std::uint64_t wake = due - kSpin;
    const timespec until{.tv_sec = static_cast<time_t>(wake / kNsPerSecond),
                         .tv_nsec = static_cast<long>(wake % kNsPerSecond)};
    if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) ==
        EINTR) {
      return false;
    }
  }
  while (now < due) {
    now = monotonic_now();
  }
  return true;
}

// A listener takes no message of a session twice: each round is another, whose
// name ends in its number.
void name_round(std::vector<std::byte>& payload, std::uint64_t round) {
  constexpr std::size_t kDigits = 6;
  if (payload.size() < kMoldHeaderSize) {
    return;
  }
  for (std::size_t i = 1; i <= kDigits; ++i, round /= 10) {
    payload[sizeof(SessionName) - i] =
        static_cast<std::byte>('0' + static_cast<char>(round % 10));
  }
}

}  // namespace

Timetable::Timetable(std::span<const net::Packet> packets, const Pace& pace)
    : packets_(packets), rate_(pace.rate), speed_(pace.speed) {
  if (packets.size() > 1) {
    // The last and the next first are as far apart as two others on average.
    const std::uint64_t all = packets.back().time - packets.front().time;
    round_ = all + all / (packets.size() - 1);
  }
}

std::uint64_t Timetable::due(std::uint64_t nth) const {
  if (rate_ > 0) {
    return static_cast<std::uint64_t>(static_cast<double>(nth) * kNsPerSecond /
                                      rate_);
  }
  if (speed_ > 0) {
    const std::uint64_t first = packets_.front().time;
    const std::uint64_t own = packets_[nth % packets_.size()].time;
    // Captures of several interfaces are not always in order.
    const std::uint64_t after = own > first ? own - first : 0;
    const std::uint64_t round = nth / packets_.size() * round_;
    return static_cast<std::uint64_t>(static_cast<double>(round + after) /
                                      speed_);
  }
  return 0;
}

Played play(std::span<const net::Packet> packets, const Pace& pace,
            const std::function<void(net::Bytes)>& send,
            const std::function<bool(const Played&)>& go_on) {
  const Timetable timetable(packets, pace);
  Played played;
  played.scheduled = timetable.scheduled();
  const std::uint64_t start = monotonic_now();
  const std::uint64_t end =
      pace.loop && !packets.empty() ? ~std::uint64_t{0} : packets.size();
  std::vector<std::byte> renamed;
  for (std::uint64_t nth = 0; nth < end && go_on(played);) {
    const std::uint64_t due = start + timetable.due(nth);
    if (played.scheduled) {
      if (!wait_until(due)) {
        continue;
      }
      played.latest = std::max(played.latest, monotonic_now() - due);
    }
    const net::Packet& packet = packets[nth % packets.size()];
    if (pace.loop) {
      renamed = packet.payload;
      name_round(renamed, nth / packets.size() + 1);
    }
    send(pace.loop ? renamed : packet.payload);
    ++nth;
    ++played.packets;
    played.messages += messages_in(packet);
    played.bytes += packet.payload.size();
    played.seconds =
        static_cast<double>(monotonic_now() - start) / double{kNsPerSecond};
  }
  return played;
}

}  // namespace hft::feed
