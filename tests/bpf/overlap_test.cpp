// SPDX-License-Identifier: MIT
// Offers that nest and overlap: every one is published whole, dropped or
// discarded, whatever interrupts or overtakes it.
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include "bpf_test.hpp"
#include "child.hpp"
#include "net/interface.hpp"
#include "overlap.skel.h"
#include "tap/tapped.hpp"

extern "C" [[gnu::noinline]] void hft_probed(const void* event) {
  asm volatile("" : : "r"(event) : "memory");
}

namespace hft::bpf {
namespace {

using Number = std::array<std::uint64_t, 5>;

struct Destroy {
  void operator()(overlap_bpf* skeleton) const {
    overlap_bpf__destroy(skeleton);
  }
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, Destroy>;

using Skeleton = std::unique_ptr<overlap_bpf, Destroy>;

// Only the named programs: not every kernel has all of their types. Null where
// it has not these.
Skeleton loaded(const Shape& shape, std::initializer_list<const char*> names) {
  Skeleton skeleton(overlap_bpf__open());
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton->obj) {
    bpf_program__set_autoload(program, false);
  }
  for (const char* name : names) {
    bpf_program__set_autoload(
        bpf_object__find_program_by_name(skeleton->obj, name), true);
  }
  skeleton->rodata->process = static_cast<std::uint32_t>(getpid());
  skeleton->rodata->system_call = SYS_getppid;
  bpf::shape(*skeleton->obj, "events", shape);
  return overlap_bpf__load(skeleton.get()) == 0 ? std::move(skeleton)
                                                : Skeleton();
}

// Programs that are loaded, their rings, and all that is read from these.
class Overlap {
 public:
  explicit Overlap(Skeleton skeleton, hft_mode mode)
      : skeleton_(std::move(skeleton)) {
    const Rings rings = Rings::of(*skeleton_->obj, "events");
    for (std::uint32_t i = 0; i < rings.size(); ++i) {
      rings_.push_back(rings.attach(i, Role::kConsumer));
      if (mode == HFT_MODE_DROP) {
        consumers_.push_back(rings_.back().consumer(StartAt::kOldest));
      } else {
        readers_.push_back(rings_.back().reader(StartAt::kOldest));
      }
    }
    seen_.resize(4 * offers_wanted());
  }

  [[nodiscard]] overlap_bpf& skeleton() const { return *skeleton_; }
  [[nodiscard]] std::uint64_t offered() const {
    return __atomic_load_n(&skeleton_->bss->offered, __ATOMIC_RELAXED);
  }
  [[nodiscard]] const Attached& ring(std::size_t index) const {
    return rings_[index];
  }

  // Take all that is there now.
  void drain() {
    for (KernelConsumer& consumer : consumers_) {
      consumer.for_each([this](const hft_record& record) { take(record); });
      consumer.flush();
    }
    for (Reader<hft_record>& reader : readers_) {
      for (hft_record record{}; reader.try_read(record);) {
        take(record);
      }
    }
  }

  void drain_until(std::uint64_t wanted) {
    while (offered() < wanted) {
      drain();
    }
  }

  // When nothing is offered any more.
  void expect_exact() {
    drain();
    hft_ring_stats sum{};
    for (const Attached& ring : rings_) {
      const hft_ring_stats one = ring.stats();
      sum.offered += one.offered;
      sum.published += one.published;
      sum.dropped += one.dropped;
      sum.discarded += one.discarded;
      sum.pending += one.pending;
    }
    const auto& own = *skeleton_->bss;
    EXPECT_EQ(torn_, 0U);
    EXPECT_EQ(twice_, 0U);
    EXPECT_EQ(sum.pending, 0U);
    EXPECT_EQ(sum.offered, own.offered);
    EXPECT_EQ(sum.dropped, own.refused);
    EXPECT_EQ(sum.discarded, own.given_up);
    EXPECT_EQ(sum.published, own.offered - own.refused - own.given_up);
    if (readers_.empty()) {
      EXPECT_EQ(taken_, sum.published);
    }
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      EXPECT_EQ(readers_[i].position(), rings_[i].producer_page().producer_pos);
    }
    if (!readers_.empty()) {
      std::uint64_t skipped = 0;
      for (const Reader<hft_record>& reader : readers_) {
        skipped += reader.lapped() + reader.discarded();
      }
      EXPECT_EQ(taken_ + skipped, sum.published + sum.discarded);
    }
    ::testing::Test::RecordProperty("offered", std::to_string(own.offered));
    ::testing::Test::RecordProperty("nested", std::to_string(own.nested));
    std::printf("  offered %llu, nested %llu, dropped %llu, discarded %llu\n",
                static_cast<unsigned long long>(own.offered),
                static_cast<unsigned long long>(own.nested),
                static_cast<unsigned long long>(sum.dropped),
                static_cast<unsigned long long>(sum.discarded));
  }

  [[nodiscard]] std::uint64_t taken() const { return taken_; }

 private:
  void take(const hft_record& record) {
    Number number;
    std::memcpy(number.data(), record.payload, sizeof number);
    ++taken_;
    for (const std::uint64_t one : number) {
      if (one != number[0]) {
        ++torn_;
        return;
      }
    }
    if (number[0] < seen_.size()) {
      twice_ += seen_[number[0]] ? 1 : 0;
      seen_[number[0]] = true;
    }
  }

  Skeleton skeleton_;
  std::vector<Attached> rings_;
  std::vector<KernelConsumer> consumers_;
  std::vector<Reader<hft_record>> readers_;
  std::vector<bool> seen_;
  std::uint64_t taken_ = 0;
  std::uint64_t torn_ = 0;
  std::uint64_t twice_ = 0;
};

class OverlapTest : public BpfTest,
                    public ::testing::WithParamInterface<hft_mode> {
 protected:
  void SetUp() override {
    BpfTest::SetUp();
    if (!IsSkipped() && sysconf(_SC_NPROCESSORS_ONLN) < 2) {
      GTEST_SKIP() << "needs two CPUs";
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Modes, OverlapTest,
                         ::testing::Values(HFT_MODE_DROP, HFT_MODE_OVERWRITE),
                         [](const auto& mode) {
                           return mode.param == HFT_MODE_DROP ? "Drop"
                                                              : "Overwrite";
                         });

// A thread that makes a system call over and over on a CPU.
std::jthread caller(int cpu) {
  return std::jthread([cpu](const std::stop_token& stop) {
    pin_to_cpu(cpu);
    while (!stop.stop_requested()) {
      syscall(SYS_getppid);
    }
  });
}

// The default of hft_bpf_output() on a tracepoint, and one ring for all CPUs.
TEST_P(OverlapTest, TracepointOnAllCpusIntoOneRing) {
  Overlap overlap(loaded({.slot_count = 1024, .mode = GetParam(), .rings = 1},
                         {"on_system_call"}),
                  GetParam());
  {
    const Link link(
        bpf_program__attach(overlap.skeleton().progs.on_system_call));
    ASSERT_NE(link, nullptr);
    const std::array<std::jthread, 2> callers = {caller(0), caller(1)};
    overlap.drain_until(offers_wanted());
  }
  overlap.expect_exact();
}

std::vector<Descriptor> clock_events(std::uint64_t period) {
  std::vector<Descriptor> events;
  for (int cpu = 0; cpu < 2; ++cpu) {
    perf_event_attr attributes{};
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_CPU_CLOCK;
    attributes.sample_period = period;
    events.emplace_back(static_cast<int>(syscall(
        SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
  }
  return events;
}

// A perf event interrupts the program of a tracepoint, each in the ring of its
// CPU: in an NMI where the machine has a counter for it, else in a timer.
TEST_P(OverlapTest, PerfEventsOverATracepoint) {
  constexpr std::uint64_t kPeriod = 20'000;  // ns
  Overlap overlap(
      loaded({.slot_count = 1024, .mode = GetParam(), .rings = kEachCpu},
             {"on_system_call", "on_overflow"}),
      GetParam());
  {
    const Link link(
        bpf_program__attach(overlap.skeleton().progs.on_system_call));
    ASSERT_NE(link, nullptr);
    const std::vector<Descriptor> events = clock_events(kPeriod);
    std::vector<Link> links;
    for (const Descriptor& event : events) {
      ASSERT_TRUE(event);
      links.emplace_back(bpf_program__attach_perf_event(
          overlap.skeleton().progs.on_overflow, event.get()));
      ASSERT_NE(links.back(), nullptr);
    }
    const std::array<std::jthread, 2> callers = {caller(0), caller(1)};
    overlap.drain_until(offers_wanted());
  }
  overlap.expect_exact();
}

// ---- cgroup_skb in softirqs over a process ---------------------------------

constexpr const char* kNoRps = "no receive packet steering in this kernel";

void expect_zero(int result, const char* what) {
  if (result != 0) {
    throw std::system_error(errno, std::generic_category(), what);
  }
}

sockaddr_in loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// In a network of its own: TCP from CPU 1 to CPU 0, which sends UDP all the
// time. The acknowledgements leave in softirqs, over what the process sends.
[[noreturn]] void exchange_packets() {
  pin_to_cpu(0);
  const Descriptor listener(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = loopback();
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  expect_zero(bind(listener.get(), any, size), "bind");
  expect_zero(listen(listener.get(), 1), "listen");
  expect_zero(getsockname(listener.get(), any, &size), "getsockname");
  std::thread([address] {
    pin_to_cpu(1);
    const Descriptor sender(socket(AF_INET, SOCK_STREAM, 0));
    const int on = 1;
    setsockopt(sender.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in to = address;
    if (connect(sender.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      _exit(1);
    const std::array<char, 64> bytes{};
    for (;;) {
      if (send(sender.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) < 0)
        usleep(1);
    }
  }).detach();
  const Descriptor receiver(accept(listener.get(), nullptr, nullptr));
  const Descriptor udp(socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in to = loopback();
  socklen_t to_size = sizeof to;
  expect_zero(bind(udp.get(), reinterpret_cast<sockaddr*>(&to), to_size),
              "bind");
  expect_zero(
      getsockname(udp.get(), reinterpret_cast<sockaddr*>(&to), &to_size),
      "getsockname");
  std::vector<char> bytes(65536);
  for (;;) {
    for (int i = 0; i < 8; ++i) {
      sendto(udp.get(), bytes.data(), 16, 0, reinterpret_cast<sockaddr*>(&to),
             sizeof to);
    }
    recv(receiver.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  }
}

void become_a_network() {
  expect_zero(unshare(CLONE_NEWNET | CLONE_NEWNS), "unshare");
  expect_zero(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr),
              "mount --make-private");
  expect_zero(mount("sysfs", "/sys", "sysfs", 0, nullptr), "mount sysfs");
  net::bring_up("lo");
}

// A cgroup for as long as this lives.
class Cgroup {
 public:
  Cgroup() { mkdir(path_.c_str(), 0700); }
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;
  ~Cgroup() {
    rmdir(path_.c_str());
    umount2(mount_.c_str(), MNT_DETACH);
    rmdir(mount_.c_str());
  }
  [[nodiscard]] bool is_there() const { return mounted_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string mount_ = "/tmp/hft-overlap-" + std::to_string(getpid());
  std::string path_ = mount_ + "/hft-overlap-" + std::to_string(getpid());
  bool mounted_ = mkdir(mount_.c_str(), 0700) == 0 &&
                  mount("none", mount_.c_str(), "cgroup2", 0, nullptr) == 0;
};

TEST_P(OverlapTest, SoftirqsOverAProcess) {
  const Cgroup cgroup;
  if (!cgroup.is_there()) {
    GTEST_SKIP() << "no cgroup2 in this kernel";
  }
  Overlap overlap(
      loaded({.slot_count = 16384, .mode = GetParam(), .rings = kEachCpu},
             {"on_egress"}),
      GetParam());
  const Descriptor folder(open(cgroup.path().c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(folder);
  Link link(bpf_program__attach_cgroup(overlap.skeleton().progs.on_egress,
                                       folder.get()));
  ASSERT_NE(link, nullptr);
  Child child([&](const Pipe& pipe) {
    // Before the namespaces, from which it is not seen.
    std::ofstream(cgroup.path() + "/cgroup.procs") << getpid() << std::flush;
    become_a_network();
    std::ofstream steering("/sys/class/net/lo/queues/rx-0/rps_cpus");
    steering << "1" << std::flush;
    pipe.tell(steering.good());
    exchange_packets();
  });
  if (!child.pipe().ask<bool>()) {
    child.kill();
    GTEST_SKIP() << kNoRps;
  }
  overlap.drain_until(offers_wanted());
  child.kill();
  link.reset();
  usleep(100'000);  // what is still in the network
  overlap.expect_exact();
}

// ---- Programs that sleep ----------------------------------------------------

// Pages that are not there until they are asked for: `give` is called for it.
class LatePages {
 public:
  LatePages() : fd_(static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC))) {
    uffdio_api api{};
    api.api = UFFD_API;
    if (!fd_ || ioctl(fd_.get(), UFFDIO_API, &api) != 0) {
      fd_ = Descriptor();
      return;
    }
    page_ = mmap(nullptr, HFT_PAGE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uffdio_register range{};
    range.range = {reinterpret_cast<std::uintptr_t>(page_), HFT_PAGE};
    range.mode = UFFDIO_REGISTER_MODE_MISSING;
    expect_zero(ioctl(fd_.get(), UFFDIO_REGISTER, &range), "UFFDIO_REGISTER");
  }
  LatePages(const LatePages&) = delete;
  LatePages& operator=(const LatePages&) = delete;
  ~LatePages() { munmap(page_, HFT_PAGE); }

  [[nodiscard]] bool is_there() const { return static_cast<bool>(fd_); }
  [[nodiscard]] const void* page() const { return page_; }
  // Blocks until somebody needs the page.
  void wait() const {
    uffd_msg message{};
    ASSERT_EQ(read(fd_.get(), &message, sizeof message),
              static_cast<ssize_t>(sizeof message));
  }
  void give(std::uint64_t value) {
    alignas(HFT_PAGE) static std::array<std::byte, HFT_PAGE> content;
    Number number;
    number.fill(value);
    std::memcpy(content.data(), number.data(), sizeof number);
    uffdio_copy copy{};
    copy.dst = reinterpret_cast<std::uintptr_t>(page_);
    copy.src = reinterpret_cast<std::uintptr_t>(content.data());
    copy.len = HFT_PAGE;
    expect_zero(ioctl(fd_.get(), UFFDIO_COPY, &copy), "UFFDIO_COPY");
  }
  void take_away() const { madvise(page_, HFT_PAGE, MADV_DONTNEED); }

 private:
  Descriptor fd_;
  void* page_ = nullptr;
};

// Where hft_probed() is in the file of this program.
std::size_t probed_offset() {
  std::ifstream maps("/proc/self/maps");
  const auto address = reinterpret_cast<std::uintptr_t>(&hft_probed);
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    std::size_t offset = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %*s %lx", &begin, &end, &offset) ==
            3 &&
        address >= begin && address < end) {
      return address - begin + offset;
    }
  }
  return 0;
}

constexpr const char* kNoSleep =
    "no uprobes that may sleep in this kernel (they came with Linux 6.0)";

Link probe_calls(const overlap_bpf& skeleton) {
  return Link(bpf_program__attach_uprobe(skeleton.progs.on_call, false, -1,
                                         "/proc/self/exe", probed_offset()));
}

void offer(const overlap_bpf& skeleton, std::uint64_t value) {
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.ctx_in = &value;
  options.ctx_size_in = sizeof value;
  EXPECT_EQ(bpf_prog_test_run_opts(bpf_program__fd(skeleton.progs.on_request),
                                   &options),
            0);
}

TEST_P(OverlapTest, AProgramThatSleepsIsOvertaken) {
  constexpr std::uint32_t kSlots = 16;
  constexpr std::uint64_t kRounds = 1000;
  LatePages late;
  if (!late.is_there()) {
    GTEST_SKIP() << "no userfaultfd in this kernel";
  }
  Skeleton skeleton =
      loaded({.slot_count = kSlots, .mode = GetParam(), .rings = kEachCpu},
             {"on_call", "on_request"});
  if (!skeleton) {
    GTEST_SKIP() << kNoSleep;
  }
  Overlap overlap(std::move(skeleton), GetParam());
  const Link link = probe_calls(overlap.skeleton());
  ASSERT_NE(link, nullptr);
  pin_to_cpu(0);
  std::uint64_t value = 0;
  for (std::uint64_t round = 0; round < kRounds && !HasFailure(); ++round) {
    const std::uint64_t position = overlap.ring(0).producer_page().producer_pos;
    std::thread sleeper([&] {
      pin_to_cpu(0);
      hft_probed(late.page());
    });
    late.wait();
    // It holds a position. All others are taken, and one more: of a lap on, it
    // would be the same slot.
    const std::uint64_t slow = value++;
    for (std::uint32_t i = 0; i < kSlots; ++i) {
      offer(overlap.skeleton(), value++);
    }
    const hft_ring_stats stats = overlap.ring(0).stats();
    EXPECT_EQ(stats.pending, 1U);
    EXPECT_EQ(stats.oldest_pending, position);
    EXPECT_EQ(stats.dropped, round + 1);
    const std::uint64_t before = overlap.taken();
    overlap.drain();
    EXPECT_EQ(overlap.taken(), before);
    late.give(slow);
    sleeper.join();
    overlap.drain();
    EXPECT_EQ(overlap.taken(), before + kSlots);
    late.take_away();
  }
  overlap.expect_exact();
}

// Who attaches while a position is held begins there, and so misses nothing
// that is published from then on.
TEST_F(BpfTest, ASuccessorBeginsAtWhatIsPending) {
  LatePages late;
  if (!late.is_there()) {
    GTEST_SKIP() << "no userfaultfd in this kernel";
  }
  const Skeleton skeleton =
      loaded({.slot_count = 16, .rings = kEachCpu}, {"on_call", "on_request"});
  if (!skeleton) {
    GTEST_SKIP() << kNoSleep;
  }
  const Rings rings = Rings::of(*skeleton->obj, "events");
  const Attached ring = rings.attach(0, Role::kConsumer);
  const Link link = probe_calls(*skeleton);
  ASSERT_NE(link, nullptr);
  pin_to_cpu(0);
  offer(*skeleton, 1);
  std::thread sleeper([&] {
    pin_to_cpu(0);
    hft_probed(late.page());
  });
  late.wait();
  offer(*skeleton, 3);
  // Who looks on learns where it stands still, and since when.
  tap::Watch watch(std::span(&ring, 1), StartAt::kOldest);
  EXPECT_NE(watch.next(), nullptr);
  EXPECT_EQ(watch.next(), nullptr);
  EXPECT_THAT(watch.reserved(1000), ::testing::IsEmpty());
  const std::vector<tap::Reserved> reserved = watch.reserved(3000);
  EXPECT_THAT(reserved, ::testing::ElementsAre(::testing::AllOf(
                            ::testing::Field(&tap::Reserved::position, 1U),
                            ::testing::Field(&tap::Reserved::since, 1000U))));

  KernelConsumer consumer = ring.consumer(StartAt::kNext);
  EXPECT_EQ(consumer.position(), 1U);
  EXPECT_EQ(consumer.try_read(), nullptr);
  late.give(2);
  sleeper.join();
  std::vector<std::uint64_t> values;
  consumer.for_each([&](const hft_record& record) {
    Number number;
    std::memcpy(number.data(), record.payload, sizeof number);
    values.push_back(number[4]);
  });
  EXPECT_THAT(values, ::testing::ElementsAre(2U, 3U));
  EXPECT_NE(watch.next(), nullptr);
  EXPECT_THAT(watch.reserved(4000), ::testing::IsEmpty());
}

}  // namespace
}  // namespace hft::bpf
