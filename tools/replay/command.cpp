// SPDX-License-Identifier: MIT
// `hft replay`: a feed sent again, or made up, on a fixed schedule.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "feed/source.hpp"
#include "feed/udp.hpp"
#include "hft/clock.hpp"
#include "net/endpoint_option.hpp"
#include "net/pcap.hpp"
#include "replay/play.hpp"
#include "replay/session.hpp"
#include "stop.hpp"
#include "values.hpp"

namespace hft::feed {
namespace {

struct ReplayOptions {
  std::string pcap;  // empty: a made-up session
  SessionPlan plan;
  net::Endpoint to;
  UdpSenderOptions sender;
  Pace pace;
  std::uint64_t gap_every = 0;
  std::string write;  // empty: send
};

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kSilent = 2 * kSecond;
constexpr double kMega = 1e6;
constexpr double kMicrosecond = 1e3;  // ns

// A line on the standard error once a second, of what takes over two; on a
// terminal always the same one.
class ReplayProgress {
 public:
  ReplayProgress() = default;
  ReplayProgress(const ReplayProgress&) = delete;
  ReplayProgress& operator=(const ReplayProgress&) = delete;
  ~ReplayProgress() {
    if (shown_ && terminal_) {
      fmt::print(stderr, "\r\x1b[K");
    }
  }

  void tell(const Played& played, std::size_t packets) {
    const std::uint64_t now = monotonic_now();
    if (now < next_) {
      return;
    }
    next_ = now + kSecond;
    shown_ = true;
    fmt::print(stderr, "{}hft replay: {:.0f} s: {} packets of {}{}",
               terminal_ ? "\r\x1b[K" : "", played.seconds, played.packets,
               packets, terminal_ ? "" : "\n");
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  bool shown_ = false;
  std::uint64_t next_ = monotonic_now() + kSilent;
};

std::vector<net::Packet> load(const ReplayOptions& options) {
  if (options.pcap.empty()) {
    return make_session(options.plan);
  }
  net::Capture capture = net::read_pcap(options.pcap);
  if (capture.other + capture.fragments + capture.malformed > 0) {
    fmt::print(stderr,
               "hft replay: {}: skipped {} frames without UDP, {} fragments, "
               "{} malformed or cut short\n",
               options.pcap, capture.other, capture.fragments,
               capture.malformed);
  }
  if (capture.packets.empty()) {
    throw net::BadCapture(
        fmt::format("{}: expected UDP over IPv4, found none", options.pcap));
  }
  return std::move(capture.packets);
}

void send(const std::vector<net::Packet>& packets,
          const ReplayOptions& options) {
  UdpSender sender(options.to, options.sender);
  tools::stop_on_signals();
  Played played;
  {
    ReplayProgress progress;
    played = play(
        packets, options.pace, [&](net::Bytes bytes) { sender.send(bytes); },
        [&](const Played& so_far) {
          progress.tell(so_far, packets.size());
          return !tools::stop_requested();
        });
  }
  fmt::print("sent {} packets, {} messages, {:.3f} MB in {:.3f} s\n",
             played.packets, played.messages,
             static_cast<double>(played.bytes) / kMega, played.seconds);
  fmt::print("rate {:.0f} packets/s, {:.0f} messages/s",
             static_cast<double>(played.packets) / played.seconds,
             static_cast<double>(played.messages) / played.seconds);
  if (played.scheduled) {
    fmt::print("; the latest packet {:.1f} us late",
               static_cast<double>(played.latest) / kMicrosecond);
  }
  fmt::print("\n");
  if (sender.refused() > 0) {
    fmt::print("{} packets were refused: nothing is listening there\n",
               sender.refused());
  }
}

void replay(const ReplayOptions& options) {
  std::vector<net::Packet> packets = load(options);
  const std::uint64_t left_out = net::leave_out(packets, options.gap_every);
  if (left_out > 0) {
    fmt::print(stderr, "hft replay: {} packets left out\n", left_out);
  }
  if (options.write.empty()) {
    send(packets, options);
  } else {
    net::write_pcap(options.write, packets, options.to);
    fmt::print("wrote {} packets to {}\n", packets.size(), options.write);
  }
}

void add_options(CLI::App& app, ReplayOptions& options) {
  CLI::Option* const pcap =
      app.add_option("--pcap", options.pcap,
                     "Send the UDP payloads of this capture instead of a "
                     "generated session")
          ->check(tools::path())
          ->option_text("FILE");
  app.add_option("--seed", options.plan.seed, "Seed of the generated session")
      ->check(tools::whole_number(0))
      ->option_text("N")
      ->capture_default_str()
      ->excludes(pcap);
  app.add_option("--instruments", options.plan.instruments,
                 "Stocks in the generated session")
      ->check(tools::whole_number(1, 65'000))
      ->option_text("N")
      ->capture_default_str()
      ->excludes(pcap);
  app.add_option("--messages", options.plan.messages,
                 "ITCH messages in the generated session")
      ->check(tools::whole_number(1, 1'000'000'000))
      ->option_text("N")
      ->capture_default_str()
      ->excludes(pcap);
  add_endpoint(app, "--to", options.to, "Multicast group or host to send to")
      ->required();
  app.add_option("--interface", options.sender.interface,
                 "Interface to send over")
      ->check(tools::interface())
      ->option_text("IF");
  app.add_option("--ttl", options.sender.ttl, "Hops that packets may take")
      ->check(tools::whole_number(0, 255))
      ->option_text("N")
      ->capture_default_str();
  CLI::Option* const rate =
      app.add_option("--rate", options.pace.rate,
                     "Packets per second; without it and --speed, as many as "
                     "possible")
          ->check(tools::number(0.001, 1'000'000'000))
          ->option_text("PACKETS");
  app.add_option("--speed", options.pace.speed,
                 "Send at the times of the capture or session, X times as fast")
      ->check(tools::number(0.001, 1'000'000))
      ->option_text("X")
      ->excludes(rate);
  app.add_option("--gap-every", options.gap_every,
                 "Leave out every N-th packet")
      ->check(tools::whole_number(2))
      ->option_text("N");
  CLI::Option* const loop =
      app.add_flag("--loop", options.pace.loop, "Repeat until interrupted");
  app.add_option("--write", options.write,
                 "Write the packets to FILE as a capture instead of sending "
                 "them")
      ->check(tools::path())
      ->option_text("FILE")
      ->excludes(loop);
  app.footer(
      "Examples:\n"
      "  hft replay --to 239.1.1.1:5000 --interface eth0 --rate 10000\n"
      "  hft replay --pcap day.pcap --speed 2 --to 239.1.1.1:5000");
}

}  // namespace
}  // namespace hft::feed

namespace hft::tools {

void add_replay(CLI::App& app, int&) {
  CLI::App* const replay = app.add_subcommand(
      "replay", "Send a captured or generated market-data feed");
  auto options = std::make_shared<hft::feed::ReplayOptions>();
  hft::feed::add_options(*replay, *options);
  replay->callback([options] { hft::feed::replay(*options); });
}

}  // namespace hft::tools
