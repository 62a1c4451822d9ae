// SPDX-License-Identifier: MIT
// `hft feed`: the books of a market-data feed, as they change.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "error.hpp"
#include "feed/follow.hpp"
#include "feed/udp.hpp"
#include "feed/xdp.hpp"
#include "net/endpoint_option.hpp"
#include "stop.hpp"

namespace hft::feed {
namespace {

struct FeedOptions {
  net::Endpoint group;
  std::string interface;
  bool socket = false;
  bool json = false;
  bool quiet = false;
  FollowOptions follow;
  FollowLimits limits;
};

std::unique_ptr<PacketSource> open_source(const FeedOptions& options) {
  if (options.socket) {
    return std::make_unique<UdpSource>(options.group, options.interface);
  }
  return std::make_unique<XdpSource>(options.group, options.interface);
}

void feed(FeedOptions options) {
  if (const std::string why_not = bpf::unavailable();
      !options.socket && !why_not.empty()) {
    throw tools::Unavailable(fmt::format(
        "{}; or give --socket to read the feed from a UDP socket", why_not));
  }
  const std::unique_ptr<PacketSource> source = open_source(options);
  if (options.json) {
    options.follow.form = Form::kJson;
  } else if (options.quiet) {
    options.follow.form = Form::kNone;
  }
  tools::stop_on_signals();
  Follower follower(options.follow);
  fmt::print(stderr, "listening: {}\n", source->describe());
  follow(*source, follower, options.limits, tools::stop_requested);
  fmt::print(stderr, "{}dropped before they were read: {} packets\n",
             follower.summary(), source->dropped());
}

void add_options(CLI::App& app, FeedOptions& options) {
  add_endpoint(app, "--group", options.group,
               "The feed's multicast group, or an address of this host")
      ->required();
  app.add_option("--interface", options.interface, "Where it comes in")
      ->option_text("IF");
  app.add_flag("--socket", options.socket,
               "Read it from a UDP socket instead of through XDP and a ring");
  CLI::Option* const json = app.add_flag(
      "--json", options.json, "A JSON object a line instead of a table");
  app.add_flag("--quiet", options.quiet, "No books, only gaps and the summary")
      ->excludes(json);
  app.add_option("--every", options.follow.every,
                 "Changed books every N messages, not at each change")
      ->check(CLI::PositiveNumber)
      ->option_text("N");
  app.add_option("--count", options.limits.packets, "End after N packets")
      ->check(CLI::PositiveNumber)
      ->option_text("N");
  app.add_flag("--until-end", options.limits.until_end, "End with the session");
  app.footer(
      "Through XDP it needs --interface and root. A packet that it takes the "
      "network stack does not see.\n"
      "Example: hft feed --group 239.1.1.1:5000 --interface eth0 --json");
  app.parse_complete_callback([&options] {
    if (!options.socket && options.interface.empty()) {
      throw CLI::ValidationError(
          "--interface", "expected one for XDP, as eth0; or give --socket");
    }
  });
}

}  // namespace
}  // namespace hft::feed

namespace hft::tools {

void add_feed(CLI::App& app, int&) {
  CLI::App* const feed = app.add_subcommand(
      "feed", "Follow a market-data feed: order books and gaps");
  auto options = std::make_shared<hft::feed::FeedOptions>();
  hft::feed::add_options(*feed, *options);
  feed->callback([options] { hft::feed::feed(*options); });
}

}  // namespace hft::tools
