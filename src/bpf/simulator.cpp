// SPDX-License-Identifier: MIT
#include "hft/bpf_simulator.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <optional>
#include <system_error>

#include "bpf/skeleton.hpp"
#include "region_internal.hpp"
#include "simulator.skel.h"

namespace hft::bpf {

using hft::internal::fail;

namespace {

// Of enum bpf_timer_flags, which the headers that we build with may not have.
constexpr std::uint64_t kTimerAbsolute = 1U << 0;  // from Linux 6.4 on
constexpr std::uint64_t kTimerPinned = 1U << 1;    // from Linux 6.7 on

// BPF_PROG_TEST_RUN runs a program on the CPU of its caller.
class OnCpu {
 public:
  explicit OnCpu(int cpu) {
    CPU_ZERO(&before_);
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(static_cast<unsigned>(cpu), &only);
    if (sched_setaffinity(0, sizeof only, &only) != 0) {
      fail(errno, fmt::format("run on CPU {}, which is to produce", cpu));
    }
  }
  OnCpu(const OnCpu&) = delete;
  OnCpu& operator=(const OnCpu&) = delete;
  ~OnCpu() { sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

// What the program returned.
int run(const bpf_program* program, void* context, std::uint32_t bytes) {
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.ctx_in = context;
  options.ctx_size_in = bytes;
  if (bpf_prog_test_run_opts(bpf_program__fd(program), &options) != 0) {
    fail(errno,
         fmt::format("run the BPF program {}", bpf_program__name(program)));
  }
  return static_cast<int>(options.retval);
}

int start_timer(const simulator_bpf& skeleton, std::uint64_t flags) {
  return run(skeleton.progs.start, &flags, sizeof flags);
}

// On the CPU of the caller.
void run_repeatedly(const bpf_program* program, std::uint32_t repeats) {
  std::array<std::byte, 64> packet{};
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = packet.data();
  options.data_size_in = packet.size();
  options.repeat = static_cast<int>(repeats);
  if (bpf_prog_test_run_opts(bpf_program__fd(program), &options) != 0) {
    fail(errno, fmt::format("run the BPF program {} repeatedly",
                            bpf_program__name(program)));
  }
}

// A power of two, and whole pages: the least where nothing goes there.
std::uint32_t ringbuf_bytes(const SimulatorOptions& options) {
  using enum SimulatorOptions::Output;
  const bool used =
      options.output == kRingbuf || options.output == kRingbufSilent;
  const std::size_t record = BPF_RINGBUF_HDR_SZ + sizeof(hft_record);
  const std::size_t bytes = used ? options.shape.slot_count * record : 0;
  return std::bit_ceil(
      static_cast<std::uint32_t>(std::max<std::size_t>(bytes, HFT_PAGE)));
}

Descriptor open_clock_event(int cpu, std::uint64_t period) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.sample_period = period;
  const long fd = syscall(SYS_perf_event_open, &attributes, -1, cpu, -1,
                          PERF_FLAG_FD_CLOEXEC);
  if (fd < 0) {
    fail(errno, fmt::format("open the perf event cpu-clock of CPU {}", cpu));
  }
  return Descriptor(static_cast<int>(fd));
}

}  // namespace

struct Simulator::Loaded {
  Options options;
  internal::Owned<simulator_bpf, simulator_bpf__destroy> skeleton =
      internal::open_skeleton<simulator_bpf__open, simulator_bpf__destroy>();
  std::optional<Rings> rings;
  Descriptor event;
  internal::Owned<bpf_link, bpf_link__destroy> link;
  bool timer_runs = false;
};

Simulator::Simulator(const Options& options)
    : loaded_(std::make_unique<Loaded>()) {
  loaded_->options = options;
  loaded_->options.shape.rings = 1;
  loaded_->skeleton->rodata->output =
      static_cast<std::uint32_t>(options.output);
  loaded_->skeleton->rodata->period = options.period;
  bpf_map__set_max_entries(loaded_->skeleton->maps.ringbuf,
                           ringbuf_bytes(options));
  loaded_->rings = internal::load_with_rings(
      *loaded_->skeleton, "market", loaded_->options.shape, options.go_on);
}

Simulator::Simulator(Simulator&&) noexcept = default;
Simulator& Simulator::operator=(Simulator&&) noexcept = default;
Simulator::~Simulator() = default;

const Rings& Simulator::rings() const noexcept { return *loaded_->rings; }

int Simulator::ringbuf_fd() const noexcept {
  return bpf_map__fd(loaded_->skeleton->maps.ringbuf);
}

void Simulator::start() {
  using enum Options::Driver;
  const Options& options = loaded_->options;
  if (options.driver != kPerfEvent) {
    const OnCpu here(options.cpu);
    int error = start_timer(*loaded_->skeleton, kTimerAbsolute | kTimerPinned);
    // A timer that is not pinned goes where the kernel finds an awake CPU.
    if (error != 0 && options.driver == kTimer) {
      error = start_timer(*loaded_->skeleton, 0);
    }
    loaded_->timer_runs = error == 0;
    if (error != 0 && options.driver == kTimer) {
      fail(-error, "start a bpf_timer");
    }
  }
  if (!loaded_->timer_runs) {
    loaded_->event = open_clock_event(options.cpu, options.period);
    loaded_->link.reset(bpf_program__attach_perf_event(
        loaded_->skeleton->progs.on_overflow, loaded_->event.get()));
    if (!loaded_->link) {
      fail(errno, "attach a BPF program to a perf event");
    }
  }
}

void Simulator::stop() {
  loaded_->link.reset();
  loaded_->event = Descriptor();
  loaded_->timer_runs = false;
  run(loaded_->skeleton->progs.stop, nullptr, 0);
}

std::string Simulator::driven_by() const {
  return loaded_->timer_runs ? "bpf_timer" : "perf event";
}

hft_ring_stats Simulator::stats() const {
  return bpf::stats(*loaded_->skeleton->obj, "market");
}

void Simulator::publish(std::uint32_t packets) {
  run_repeatedly(loaded_->skeleton->progs.publish_once, packets);
}

int Simulator::program_fd() const noexcept {
  return bpf_program__fd(loaded_->skeleton->progs.publish_once);
}

}  // namespace hft::bpf
