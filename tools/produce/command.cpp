// SPDX-License-Identifier: MIT
// `hft produce`: a BPF producer from a shell, its rings pinned for others.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "commands.hpp"
#include "default_slots.hpp"
#include "error.hpp"
#include "hft/bpf_sched_switch.hpp"
#include "hft/bpf_simulator.hpp"
#include "hft/bpf_xdp.hpp"
#include "hft/descriptor.hpp"
#include "lab/results.hpp"
#include "period.hpp"
#include "stop.hpp"
#include "values.hpp"

namespace hft::tools {
namespace {

constexpr useconds_t kLook = 100'000;  // us between looks at what ends it

struct ProduceOptions {
  std::string pin;
  bool replace = false;
  bool go_on = false;
  std::uint64_t position = 0;  // at which it goes on, in total
  bool keep = false;
  bool overwrite = false;
  std::optional<std::uint32_t> slots;
  mode_t mode = 0600;
  bpf::SimulatorOptions simulator;
  bpf::XdpOptions xdp;

  [[nodiscard]] bpf::Shape shape(std::uint32_t rings,
                                 std::uint32_t slot_size) const {
    return {.slot_count = slots.value_or(default_slots(rings, slot_size)),
            .mode = overwrite ? HFT_MODE_OVERWRITE : HFT_MODE_DROP,
            .rings = rings,
            .slot_size = slot_size};
  }
  // What it goes on with; nothing where it makes rings.
  [[nodiscard]] std::optional<bpf::GoOn> pinned() const {
    return go_on ? std::optional(bpf::GoOn{.folder = pin, .alone = true})
                 : std::nullopt;
  }
};

// A pin for as long as this lives, and longer if it is to be kept. It knows its
// folder from one that somebody else has made in its place.
class Pin {
 public:
  Pin(const bpf::Rings& rings, const ProduceOptions& options)
      : folder_(options.pin), kept_(options.keep) {
    if (!options.go_on) {
      rings.pin(folder_,
                {.consumer_mode = options.mode, .replace = options.replace});
    }
    made_ = Descriptor(open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin() {
    if (kept_ || !lost().empty()) {
      return;
    }
    try {
      bpf::Rings::unpin(folder_);
    } catch (const std::system_error& error) {
      std::fprintf(stderr, "hft produce: %s\n", error.what());
    }
  }

  /// Why consumers do not find these rings any more; empty as long as they do.
  [[nodiscard]] std::string lost() const {
    struct stat ours {};
    struct stat there {};
    const char* found = nullptr;
    if (stat(folder_.c_str(), &there) != 0) {
      found = "it removed";
    } else if (fstat(made_.get(), &ours) != 0 || ours.st_dev != there.st_dev ||
               ours.st_ino != there.st_ino) {
      found = "another directory in its place";
    }
    return found == nullptr ? std::string()
                            : fmt::format(
                                  "expected the directory {} that the rings "
                                  "were pinned in, found {}: consumers cannot "
                                  "find these rings any more; start again",
                                  folder_, found);
  }

 private:
  std::string folder_;
  Descriptor made_;  // its number stays taken, so no other folder has it
  bool kept_;
};

// How many positions of the rings there have been taken.
std::uint64_t count_positions(const std::string& folder) {
  const bpf::Rings rings = bpf::Rings::open(folder, Role::kObserver);
  std::uint64_t taken = 0;
  for (std::uint32_t ring = 0; ring < rings.size(); ++ring) {
    taken += rings.attach(ring, Role::kObserver).producer_page().producer_pos;
  }
  return taken;
}

// "2 rings of 4,096 slots of 64 bytes: 0.5 MiB".
std::string describe(const bpf::Rings& rings) {
  constexpr double kKiB = 1 << 10;
  constexpr double kMiB = 1 << 20;
  const hft_info info = rings.attach(0, Role::kObserver).info();
  const std::uint64_t bytes =
      bpf::memory_bytes({.slot_count = info.slot_count,
                         .mode = static_cast<hft_mode>(info.mode),
                         .rings = rings.size()},
                        info.slot_size);
  const auto size = static_cast<double>(bytes);
  return fmt::format(
      "{} ring{} of {} slots of {} bytes: {:.1f} {}", rings.size(),
      rings.size() == 1 ? "" : "s", lab::group_digits(info.slot_count),
      lab::group_digits(info.slot_size),
      size < kMiB ? size / kKiB : size / kMiB, size < kMiB ? "KiB" : "MiB");
}

// A BPF program that fills rings.
struct Producer {
  const bpf::Rings& rings;
  std::string command;         // that starts it, but for what has a default
  std::function<void()> stop;  // then the counters stay as they are
  std::function<hft_ring_stats(std::uint32_t ring)> stats;
  std::string how = {};  // begins the line that says that the rings are there
  // Ends the line of counters.
  std::function<std::string()> more = [] { return std::string(); };
  // Why nothing more comes; empty as long as something may.
  std::function<std::string()> ended = [] { return std::string(); };
};

// Until Ctrl-C, or until nothing more comes, which is an error; then what came
// of it.
void keep(const Producer& producer, const ProduceOptions& options) {
  const bpf::Rings& rings = producer.rings;
  const Pin pin(rings, options);
  std::string where;
  if (options.go_on) {
    where = fmt::format(", continuing at position {}{}", options.position,
                        rings.size() == 1 ? "" : " in total");
  }
  fmt::print(stderr, "{}{} ring{} at {}{}; Ctrl-C ends it\n", producer.how,
             rings.size(), rings.size() == 1 ? "" : "s", options.pin, where);
  fmt::print(stderr, "{}\n", describe(rings));
  const auto look = [&] {
    const std::string lost = pin.lost();
    return lost.empty() ? producer.ended() : lost;
  };
  std::string why = look();
  while (!stop_requested() && why.empty()) {
    usleep(kLook);
    why = look();
  }
  producer.stop();
  hft_ring_stats sum{};
  for (std::uint32_t ring = 0; ring < rings.size(); ++ring) {
    const hft_ring_stats one = producer.stats(ring);
    sum.offered += one.offered;
    sum.published += one.published;
    sum.dropped += one.dropped;
  }
  fmt::print("offered {}, published {}, dropped {}{}\n", sum.offered,
             sum.published, sum.dropped, producer.more());
  if (options.keep && pin.lost().empty()) {
    fmt::print(stderr,
               "the rings stay at {}; to continue with them: hft produce {} "
               "--continue --pin {}\n",
               options.pin, producer.command, options.pin);
  }
  if (!why.empty()) {
    throw std::runtime_error(why);
  }
}

void produce_timer(ProduceOptions options) {
  options.simulator.shape = options.shape(1, sizeof(hft_slot));
  options.simulator.go_on = options.pinned();
  bpf::Simulator simulator(options.simulator);
  simulator.start();
  keep({.rings = simulator.rings(),
        .command = "timer",
        .stop = [&] { simulator.stop(); },
        .stats = [&](std::uint32_t) { return simulator.stats(); }},
       options);
}

void produce_switches(const ProduceOptions& options) {
  bpf::SchedSwitch switches(
      options.shape(bpf::possible_cpus(), sizeof(hft_slot)), options.pinned());
  keep({.rings = switches.rings(),
        .command = "switches",
        .stop = [&] { switches.stop(); },
        .stats = [&](std::uint32_t ring) { return switches.stats(ring); }},
       options);
}

void produce_packets(ProduceOptions options) {
  options.xdp.shape =
      options.shape(bpf::possible_cpus(), options.xdp.shape.slot_size);
  options.xdp.go_on = options.pinned();
  bpf::Xdp xdp(options.xdp);
  keep({.rings = xdp.rings(),
        .command = "xdp --interface " + options.xdp.interface,
        .stop = [&] { xdp.stop(); },
        .stats = [&](std::uint32_t ring) { return xdp.stats(ring); },
        .how = fmt::format("{}: XDP in {} mode, ", options.xdp.interface,
                           xdp.native() ? "native" : "generic"),
        .more =
            [&] {
              return fmt::format(", longer than a slot {}", xdp.truncated());
            },
        .ended =
            [&] {
              return xdp.attached()
                         ? std::string()
                         : fmt::format(
                               "expected the XDP program on {}, found it "
                               "detached: the interface was removed, or "
                               "somebody detached the program; start again "
                               "when the interface is back",
                               options.xdp.interface);
            }},
       options);
}

CLI::App* add_producer(CLI::App& app, const std::string& name,
                       const std::string& what,
                       const std::shared_ptr<ProduceOptions>& options,
                       const std::function<void(ProduceOptions)>& produce) {
  CLI::App* producer = app.add_subcommand(name, what);
  producer
      ->add_option("--pin", options->pin,
                   "Directory to pin the rings in, such as /sys/fs/bpf/feed")
      ->required()
      ->check(path())
      ->option_text("DIR");
  producer->add_flag("--replace", options->replace,
                     "First remove the rings in that directory, if their "
                     "producer is gone");
  producer
      ->add_flag("--continue", options->go_on,
                 "Continue with the rings in that directory, if their producer "
                 "is gone: attached consumers see the next records")
      ->excludes("--replace");
  producer->add_flag("--keep", options->keep,
                     "Leave the rings in that directory at the end, for "
                     "--continue");
  producer
      ->add_option(
          "--slots", options->slots,
          "Slots of each ring; without it 4096, or as many as keep all "
          "rings within 64 MiB, but at least 64")
      ->check(power_of_two(2, HFT_SLOT_COUNT_MAX))
      ->option_text("N")
      ->excludes("--continue");
  producer
      ->add_flag(
          "--overwrite", options->overwrite,
          "Overwrite the oldest record of a full ring instead of dropping "
          "the newest; such a ring has any number of readers")
      ->excludes("--continue");
  producer
      ->add_option_function<std::string>(
          "--mode",
          [options](const std::string& text) {
            options->mode = static_cast<mode_t>(std::stoul(text, nullptr, 8));
          },
          "Octal permissions of the rings: to write is to consume, to read is "
          "to "
          "look on")
      ->check(file_mode())
      ->option_text("MODE")
      ->default_str("0600")
      ->excludes("--continue");
  producer->callback([options, produce] {
    if (const std::string why_not = bpf::unavailable(); !why_not.empty()) {
      throw Unavailable(why_not);
    }
    stop_on_signals();
    if (options->go_on) {
      options->position = count_positions(options->pin);
    }
    produce(*options);
  });
  return producer;
}

}  // namespace

void add_produce(CLI::App& app, int&) {
  CLI::App* produce = app.add_subcommand(
      "produce", "Let a BPF program fill rings until Ctrl-C");
  produce->require_subcommand(1);
  auto options = std::make_shared<ProduceOptions>();

  CLI::App* timer = add_producer(*produce, "timer",
                                 "Publish market-data packets on a schedule",
                                 options, produce_timer);
  add_period(*timer, options->simulator.period);
  timer->add_option("--cpu", options->simulator.cpu, "CPU that produces")
      ->check(cpu())
      ->option_text("N")
      ->capture_default_str();
  timer->footer(
      "Examples:\n"
      "  hft produce timer --overwrite --pin /sys/fs/bpf/ticks &\n"
      "  hft tap /sys/fs/bpf/ticks -c 3");

  CLI::App* switches =
      add_producer(*produce, "switches",
                   "Publish every context switch, in a ring for each CPU",
                   options, produce_switches);
  switches->footer(
      "Example: hft produce switches --overwrite --pin /sys/fs/bpf/cpus");

  CLI::App* xdp = add_producer(
      *produce, "xdp",
      "Publish the UDP packets of an interface, in a ring for each CPU",
      options, produce_packets);
  xdp->add_option("--interface", options->xdp.interface,
                  "Interface that the packets arrive on")
      ->required()
      ->check(interface())
      ->option_text("IF");
  xdp->add_option("--port", options->xdp.port,
                  "UDP destination port to match; 0 matches any")
      ->check(whole_number(0, 65'535))
      ->option_text("PORT")
      ->capture_default_str();
  xdp->add_option("--address", options->xdp.address,
                  "IPv4 destination address to match, such as 239.1.1.1; "
                  "without it any")
      ->check(ipv4_address())
      ->option_text("ADDRESS");
  xdp->add_flag("--frames", options->xdp.frames,
                "Publish whole frames, which hft tap --pcap can write");
  xdp->add_flag("--pass", options->xdp.pass,
                "Pass the packets to the network stack as well");
  xdp->add_flag("--pass-when-full", options->xdp.pass_when_full,
                "Pass a packet to the network stack when its ring is full")
      ->excludes("--pass");
  xdp->add_option("--slot-size", options->xdp.shape.slot_size,
                  "Bytes of a slot")
      ->check(power_of_two(HFT_SLOT_SIZE_MIN, HFT_SLOT_SIZE_MAX))
      ->option_text("BYTES")
      ->capture_default_str()
      ->excludes("--continue");
  xdp->footer(
      "Examples:\n"
      "  hft produce xdp --interface eth0 --port 26400 --keep \\\n"
      "      --pin /sys/fs/bpf/feed\n"
      "  hft produce xdp --interface eth0 --port 26400 --continue \\\n"
      "      --pin /sys/fs/bpf/feed");

  produce->footer(
      "Examples:\n"
      "  hft produce timer --overwrite --pin /sys/fs/bpf/ticks &\n"
      "  hft produce xdp --interface eth0 --port 26400 --pin /sys/fs/bpf/feed");
}

}  // namespace hft::tools
