// SPDX-License-Identifier: MIT
// The core of `hft feed`: packets of a source to books, their tops to people or
// programs, gaps said at once.
//
//   hft::feed::UdpSource source(endpoint, "lo");
//   hft::feed::Follower follower({.form = hft::feed::Form::kJson});
//   hft::feed::follow(source, follower, {.until_end = true}, stop_requested);
//   std::cerr << follower.summary();
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

#include "feed/books.hpp"
#include "feed/itch.hpp"
#include "feed/mold.hpp"
#include "feed/printer.hpp"
#include "feed/source.hpp"
#include "lab/histogram.hpp"

namespace hft::feed {

struct FollowOptions {
  Form form = Form::kTable;
  std::uint64_t every = 0;   // messages between lines; 0: at each change
  std::FILE* out = stdout;   // tops of books
  std::FILE* said = stderr;  // gaps, sessions
};

/// Not thread-safe.
class Follower {
 public:
  explicit Follower(const FollowOptions& options)
      : options_(options), printer_(options.out, options.form) {}

  void take(const Datagram& datagram);
  /// Nothing came for a while: what was found is shown.
  void idle() { printer_.flush(); }
  /// No more will come: also what --every still holds back.
  void finish();

  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] const MoldCounts& mold() const { return mold_.counts(); }
  [[nodiscard]] const ItchCounts& itch() const { return itch_.counts(); }
  [[nodiscard]] const Books& books() const { return books_; }
  /// Several lines.
  [[nodiscard]] std::string summary() const;

  // For the decoders.
  void on_session(const SessionName& session, std::uint64_t sequence);
  void on_gap(const Gap& gap);
  void on_message(std::uint64_t sequence, net::Bytes message);
  void on_session_end(const SessionName& session);
  template <class Message>
  void on(const Message& message) {
    time_ = message.time;
    if constexpr (requires { books_.on(message); }) {
      books_.on(message);
    }
  }

 private:
  void print_changed();

  FollowOptions options_;
  Printer printer_;
  MoldDecoder mold_;
  ItchDecoder itch_;
  Books books_;
  lab::Histogram
      latency_;  // ns from a datagram's arrival until it is in the books
  std::uint64_t flushed_ = 0;    // when, CLOCK_MONOTONIC, ns
  std::uint64_t first_ = 0;      // stamp
  std::uint64_t last_ = 0;       // stamp
  std::uint64_t time_ = 0;       // of the last message
  std::uint64_t sequence_ = 0;   // of the last message
  std::uint64_t unprinted_ = 0;  // messages
  bool ended_ = false;
};

/// When following ends by itself.
struct FollowLimits {
  std::uint64_t packets = 0;  // 0: no limit
  bool until_end = false;     // of the session
};

/// Until a limit, or until `stop`.
void follow(PacketSource& source, Follower& follower,
            const FollowLimits& limits, const std::function<bool()>& stop);

}  // namespace hft::feed
