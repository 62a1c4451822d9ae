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
#include "values.hpp"

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
               "Multicast group of the feed, or an address of this host")
      ->required();
  app.add_option(
         "--interface", options.interface,
         "Interface that the feed arrives on; required without --socket")
      ->check(tools::interface())
      ->option_text("IF");
  app.add_flag("--socket", options.socket,
               "Read the feed from a UDP socket instead of through XDP and "
               "rings; this needs no privilege");
  CLI::Option* const json =
      app.add_flag("--json", options.json,
                   "Print one JSON object per line instead of a table");
  app.add_flag("--quiet", options.quiet,
               "Print no books, only gaps and the summary")
      ->excludes(json);
  app.add_option("--every", options.follow.every,
                 "Print the changed books every N messages instead of at each "
                 "change")
      ->check(tools::whole_number(1))
      ->option_text("N");
  app.add_option("--count", options.limits.packets, "End after N packets")
      ->check(tools::whole_number(1))
      ->option_text("N");
  app.add_flag("--until-end", options.limits.until_end,
               "End when the feed ends its session");
  app.footer(
      "Through XDP it needs --interface and root, and the network stack does "
      "not\n"
      "see the packets of the feed.\n"
      "Examples:\n"
      "  hft feed --group 239.1.1.1:5000 --interface eth0 --json\n"
      "  hft feed --group 239.1.1.1:5000 --socket --quiet");
  app.parse_complete_callback([&options] {
    if (!options.socket && options.interface.empty()) {
      throw CLI::ValidationError(
          "--interface", "XDP needs one, such as eth0; or give --socket");
    }
  });
}

}  // namespace
}  // namespace hft::feed

namespace hft::tools {

void add_feed(CLI::App& app, int&) {
  CLI::App* const feed = app.add_subcommand(
      "feed", "Follow a market-data feed: print order books and gaps");
  auto options = std::make_shared<hft::feed::FeedOptions>();
  hft::feed::add_options(*feed, *options);
  feed->callback([options] { hft::feed::feed(*options); });
}

}  // namespace hft::tools
