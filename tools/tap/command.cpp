// SPDX-License-Identifier: MIT
// `hft tap`: look on at a ring, as tcpdump does at an interface.
#include <fmt/format.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "commands.hpp"
#include "hft/clock.hpp"
#include "hft/validate.hpp"
#include "net/pcap.hpp"
#include "spin_then_nap.hpp"
#include "stop.hpp"
#include "tap/print.hpp"
#include "values.hpp"

namespace hft::tap {
namespace {

constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();

struct TapOptions {
  std::string ring;
  std::uint64_t count = kEndless;
  std::string pcap;
  bool json = false;
  bool hex = false;
  bool quiet = false;
  bool oldest = false;
};

constexpr std::uint64_t kSecond = 1'000'000'000;

// Where records go: lines, a capture, or nowhere.
class Output {
 public:
  Output(const TapOptions& options, const hft_info& info)
      : options_(options), clock_(info) {
    if (!options.pcap.empty()) {
      capture_.emplace(options.pcap);
    }
  }

  void take(const TappedRecord& tapped) {
    const hft_record& record = *tapped.record;
    if (capture_) {
      if (record.type != HFT_RECORD_FRAME) {
        throw std::runtime_error(
            "--pcap: expected a ring of frames, found a record of another "
            "type: "
            "hft produce xdp --frames fills such rings");
      }
      capture_->write(clock_.at(record.stamp), tapped.payload, record.length);
    } else if (!options_.quiet) {
      const std::uint64_t time = clock_.at(record.stamp);
      fmt::print("{}\n", options_.json ? to_json(tapped, time)
                                       : to_text(tapped, time, options_.hex));
    }
  }

  void flush() {
    if (std::fflush(stdout) != 0) {
      throw std::system_error(errno, std::generic_category(),
                              "cannot write the output");
    }
    if (capture_) {
      capture_->flush();
    }
  }

 private:
  const TapOptions& options_;
  WallClock clock_;
  std::optional<net::CaptureWriter> capture_;
};

// "1,234 records/s, missed 0, dropped by the producer 0", each second.
class Rate {
 public:
  void tell(std::uint64_t seen, const Watch& watch) {
    const std::uint64_t now = monotonic_now();
    if (now < next_) {
      return;
    }
    const double seconds =
        1 + static_cast<double>(now - next_) / double{kSecond};
    fmt::print(stderr,
               "{:.0f} records/s, missed {}, dropped by the producer {}\n",
               static_cast<double>(seen - seen_) / seconds, watch.missed(),
               watch.dropped());
    seen_ = seen;
    next_ = now + kSecond;
  }

 private:
  std::uint64_t next_ = monotonic_now() + kSecond;
  std::uint64_t seen_ = 0;
};

// "ring 1: position 17 is reserved for 3 s and not published; …", each second.
class Standstill {
 public:
  void tell(Watch& watch) {
    const std::uint64_t now = monotonic_now();
    if (now < next_) {
      return;
    }
    next_ = now + kSecond;
    for (const Reserved& one : watch.reserved(now)) {
      fmt::print(stderr,
                 "ring {}: position {} has been reserved for {:.0f} s and is "
                 "not published; its consumers wait for it\n",
                 one.ring, one.position,
                 static_cast<double>(now - one.since) / double{kSecond});
    }
  }

 private:
  std::uint64_t next_ = 0;
};

// "ring 1: position 17 was reserved …", of a producer that is gone; whether
// there was any, and so what is behind it is still to come.
bool pass_abandoned(Watch& watch) {
  const std::vector<Abandoned> all = watch.pass_abandoned();
  for (const Abandoned& one : all) {
    fmt::print(stderr,
               "ring {}: {} reserved and never published: this tap continues "
               "after it, but a consumer waits there forever\n",
               one.ring,
               one.count == 1
                   ? fmt::format("position {} was", one.first)
                   : fmt::format("positions {} to {} were", one.first,
                                 one.first + one.count - 1));
  }
  return !all.empty();
}

// Whether the producer of rings is gone; says so once.
class Farewell {
 public:
  explicit Farewell(const Tapped& rings) : rings_(rings) {}

  /// Asks the kernel.
  bool look() {
    next_ = monotonic_now() + kSecond / 2;
    if (!gone_ && rings_.producer_gone()) {
      gone_ = true;
      const std::uint64_t heard = rings_.pinned->last_heard();
      fmt::print(
          stderr, "the producer of {} is gone{}: no more records will come\n",
          rings_.name,
          heard == 0
              ? ""
              : fmt::format(" and was last heard of {:.1f} s ago",
                            static_cast<double>(monotonic_now() - heard) /
                                double{kSecond}));
    }
    return gone_;
  }
  /// The same, twice a second.
  bool look_at_times() { return gone_ || (monotonic_now() >= next_ && look()); }

 private:
  const Tapped& rings_;
  std::uint64_t next_ = 0;
  bool gone_ = false;
};

bool was_interrupted(const std::exception& error) {
  const auto* const system = dynamic_cast<const std::system_error*>(&error);
  return system != nullptr && system->code() == std::errc::interrupted;
}

// Until there are as many as asked for, the producer is gone, or Ctrl-C.
void look_on(const TapOptions& options, const Tapped& rings, Watch& watch,
             Output& output, std::uint64_t& seen) {
  // Lines of records say enough by themselves.
  const bool tell = options.quiet || !options.pcap.empty();
  Rate rate;
  Standstill standstill;
  tools::SpinThenNap wait;
  Farewell farewell(rings);
  // What was published before the producer went is seen after that is known.
  bool gone = farewell.look();
  while (seen < options.count && !tools::stop_requested()) {
    if (const TappedRecord* tapped = watch.next()) {
      output.take(*tapped);
      ++seen;
      wait.found();
    } else if (gone) {
      if (!pass_abandoned(watch)) {
        break;
      }
    } else {
      if (wait.rest() == 0) {
        output.flush();
      }
      standstill.tell(watch);
      gone = farewell.look_at_times();
    }
    if (tell) {
      rate.tell(seen, watch);
    }
  }
  output.flush();
}

// A ring of a type that hft tap does not know: positions alone.
int count(const TapOptions& options, const Tapped& rings) {
  const hft_producer_page& page = rings.rings.front().producer_page();
  const auto read = [](const __u64& counter) {
    return __atomic_load_n(&counter, __ATOMIC_RELAXED);
  };
  const std::uint64_t first = read(page.producer_pos);
  const std::uint64_t dropped = read(page.dropped);
  std::uint64_t told = first;
  std::uint64_t next = monotonic_now() + kSecond;
  while (!tools::stop_requested() &&
         read(page.producer_pos) - first < options.count) {
    constexpr useconds_t kLook = 10'000;
    usleep(kLook);
    if (monotonic_now() >= next) {
      const std::uint64_t taken = read(page.producer_pos);
      fmt::print(stderr, "{} records/s, dropped by the producer {}\n",
                 taken - told, read(page.dropped) - dropped);
      told = taken;
      next += kSecond;
    }
  }
  fmt::print(stderr, "{} records published, {} dropped by the producer\n",
             read(page.producer_pos) - first, read(page.dropped) - dropped);
  return tools::kOk;
}

int tap(const TapOptions& options) {
  const Tapped rings = open_rings(options.ring);
  if (const hft_info& held = rings.rings.front().info();
      !holds_hft_record(held)) {
    if (!options.quiet) {
      throw InvalidRing(fmt::format(
          "{} holds records of {} bytes of a type of its own, expected "
          "hft_record to print: count them with -q, or look on from a program "
          "that has the type (hft::Ring<T>::reader() in overwrite mode)",
          rings.name, held.record_size));
    }
    tools::stop_on_signals();
    fmt::print(stderr, "looking on at {}: 1 ring, records of {} bytes\n",
               rings.name, held.record_size);
    return count(options, rings);
  }
  Watch watch(rings.rings, options.oldest ? StartAt::kOldest : StartAt::kNext);
  const hft_info& info = rings.rings.front().info();
  Output output(options, info);
  tools::stop_on_signals();
  fmt::print(stderr, "looking on at {}: {} ring{}, slots of {} bytes\n",
             rings.name, rings.rings.size(), rings.rings.size() == 1 ? "" : "s",
             info.slot_size);
  std::uint64_t seen = 0;
  const auto summarize = [&] {
    fmt::print(stderr,
               "{} records seen, {} missed by this tap, {} dropped by the "
               "producer\n",
               seen, watch.missed(), watch.dropped());
  };
  try {
    look_on(options, rings, watch, output, seen);
  } catch (const std::exception& error) {
    // What could not be written is not tried again: a reader that does not read
    // would hold up the end.
    __fpurge(stdout);
    summarize();
    if (!tools::stop_requested() || !was_interrupted(error)) throw;
    throw std::runtime_error(
        "expected the reader of the output to read on, found that it has "
        "stopped: the last records are not written");
  }
  summarize();
  return seen < options.count && options.count != kEndless &&
                 !tools::stop_requested()
             ? tools::kFailed
             : tools::kOk;
}

void add_options(CLI::App& app, TapOptions& options) {
  app.add_option("RING", options.ring,
                 "/dev/hft or /dev/hft:CHANNEL, the directory of a pinned BPF "
                 "ring, or the name of a process ring")
      ->required();
  app.add_option("-c,--count", options.count, "End after N records")
      ->check(tools::whole_number(1))
      ->option_text("N");
  CLI::Option* const json =
      app.add_flag("--json", options.json, "Print one JSON object per line");
  CLI::Option* const hex = app.add_flag(
      "-x,--hex", options.hex, "Print the bytes of the payload as well");
  CLI::Option* const pcap =
      app.add_option("--pcap", options.pcap,
                     "Write frames to FILE as a capture, for tshark or "
                     "wireshark; - is the standard output")
          ->check(tools::path())
          ->option_text("FILE");
  CLI::Option* const quiet =
      app.add_flag("-q,--quiet", options.quiet,
                   "Print no records, only their rate and loss");
  app.add_flag("--oldest", options.oldest,
               "Begin with the oldest record in the ring instead of the next "
               "one");
  json->excludes(hex)->excludes(pcap)->excludes(quiet);
  hex->excludes(pcap)->excludes(quiet);
  pcap->excludes(quiet);
  app.footer(
      "It only reads: the consumer of the ring loses nothing. Ctrl-C ends it "
      "with\n"
      "a summary on the standard error.\n"
      "Examples:\n"
      "  hft tap /dev/hft -c 10\n"
      "  hft tap /sys/fs/bpf/feed --pcap feed.pcap && tshark -r feed.pcap");
}

}  // namespace
}  // namespace hft::tap

namespace hft::tools {

void add_tap(CLI::App& app, int& status) {
  CLI::App* tap =
      app.add_subcommand("tap", "Look on at a ring and print its records");
  auto options = std::make_shared<hft::tap::TapOptions>();
  hft::tap::add_options(*tap, *options);
  tap->callback([options, &status] { status = hft::tap::tap(*options); });
}

}  // namespace hft::tools
