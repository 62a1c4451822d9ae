// SPDX-License-Identifier: MIT
#include "worker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <publish_cost.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace hft::test {
namespace {

constexpr std::size_t kMostFiles = 6;
constexpr std::size_t kMostAreas = 24;
constexpr std::uint64_t kPage = HFT_PAGE;
// A simulator that is faster than it can be emulated leaves no time for others:
// whoever may start it may do that.
constexpr std::uint64_t kShortestPeriod = 500'000;

thread_local sigjmp_buf escape;

void leave(int) { siglongjmp(escape, 1); }

}  // namespace

void Worker::catch_faults() {
  struct sigaction action {};
  action.sa_handler = leave;
  action.sa_flags = SA_NODEFER;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

Worker::Worker(Shared& shared, std::uint64_t seed, std::optional<Device> first)
    : shared_(shared), random_(seed), opens_(!first) {
  if (first) {
    files_.push_back(std::move(*first));
  }
}

Worker::~Worker() {
  for (const Area& area : areas_) {
    munmap(area.start, area.bytes);
  }
}

void Worker::run(std::uint64_t most) {
  while (shared_.operations.fetch_add(1, std::memory_order_relaxed) < most) {
    operate();
  }
}

void Worker::operate() {
  const std::uint64_t dice = below(10'000);
  if (dice < 9000) return scribble();
  if (dice < 9200) return map();
  if (dice < 9280) return unmap();
  if (dice < 9400) return change_mapping();
  if (dice < 9460) return advise();
  if (dice < 9463) return fork_child();
  if (dice < 9520) return open_or_close();
  if (dice < 9700) return known_ioctl();
  if (dice < 9780) return random_ioctl();
  if (dice < 9820) return call_548();
  if (dice < 9910) return read_or_poll();
  return other_calls();
}

void Worker::scribble() {
  Area* const at = area();
  if (at == nullptr) {
    return map();
  }
  if (sigsetjmp(escape, 0) != 0) {
    shared_.faults.fetch_add(1, std::memory_order_relaxed);
    // Seldom again: a fault takes longer than all else.
    if (!once_in(4)) {
      forget(at);
    }
    return;
  }
  auto* const words = reinterpret_cast<std::uint64_t*>(at->start);
  const std::uint64_t count = at->bytes / sizeof(*words);
  for (std::uint64_t i = 1 + below(16); i > 0; --i) {
    // Positions, indices and requests are in the first lines of a page.
    const std::uint64_t word = once_in(2) ? below(24) : below(count);
    __atomic_store_n(&words[word % count], number(), __ATOMIC_RELAXED);
  }
}

void Worker::map() {
  constexpr std::array kOffsets = {
      HFT_MMAP_CONSUMER, HFT_MMAP_CONSUMER, HFT_MMAP_CONSUMER,
      HFT_MMAP_LAMPORT,  HFT_MMAP_LAMPORT,  HFT_MMAP_SHM,
      HFT_MMAP_INFO,     HFT_MMAP_PRODUCER, HFT_MMAP_SLOTS};
  constexpr std::array kLengths = {kPage, kPage, 5 * kPage, 16 * kPage};
  if (areas_.size() >= kMostAreas) {
    return unmap();
  }
  const std::uint64_t offset =
      once_in(8) ? number() & ~(kPage - 1) : kOffsets[below(kOffsets.size())];
  std::uint64_t bytes =
      offset == HFT_MMAP_LAMPORT ? 5 * kPage : kLengths[below(kLengths.size())];
  if (once_in(8)) {
    bytes = below(64) * kPage;
  }
  const int protection =
      once_in(4) ? static_cast<int>(below(8)) : PROT_READ | PROT_WRITE;
  const int flags = once_in(8) ? MAP_PRIVATE : MAP_SHARED;
  void* const start =
      mmap(nullptr, bytes, protection, flags | (once_in(4) ? MAP_POPULATE : 0),
           fd(), static_cast<off_t>(offset));
  if (start != MAP_FAILED) {
    areas_.push_back({static_cast<char*>(start), bytes});
  }
}

void Worker::unmap() {
  Area* const at = area();
  if (at == nullptr) {
    return;
  }
  if (at->bytes > kPage && once_in(2)) {
    // A hole, or an end: the rest stays, and is written to later.
    munmap(at->start + below(at->bytes / kPage) * kPage, kPage);
    return;
  }
  forget(at);
}

void Worker::forget(Area* at) {
  munmap(at->start, at->bytes);
  std::swap(*at, areas_.back());
  areas_.pop_back();
}

void Worker::change_mapping() {
  Area* const at = area();
  if (at == nullptr) {
    return;
  }
  if (once_in(2)) {
    mprotect(at->start, at->bytes, static_cast<int>(below(8)));
    return;
  }
  const std::size_t bytes = once_in(2) ? at->bytes : (1 + below(32)) * kPage;
  void* const moved = mremap(at->start, at->bytes, bytes, MREMAP_MAYMOVE);
  if (moved != MAP_FAILED) {
    *at = {static_cast<char*>(moved), bytes};
  }
}

void Worker::advise() {
  // From 100 on they are about the machine's memory, not about a mapping.
  if (Area* const at = area()) {
    const auto advice = once_in(3) ? MADV_DOFORK : static_cast<int>(below(30));
    madvise(at->start, at->bytes, advice);
  }
}

void Worker::fork_child() {
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 8; ++i) {
      scribble();
    }
    for (const Device& file : files_) {
      hft_ring_stats stats;
      ioctl(file.fd(), HFT_IOC_RING_STATS, &stats);
    }
    _exit(0);
  }
  if (child > 0) {
    waitpid(child, nullptr, 0);
  }
}

void Worker::open_or_close() {
  if (!opens_) {
    return;
  }
  if (files_.size() < kMostFiles) {
    constexpr std::array kModes = {O_RDWR, O_RDWR, O_RDONLY, O_WRONLY};
    Device file(open("/dev/hft",
                     kModes[below(kModes.size())] | O_NONBLOCK | O_CLOEXEC));
    if (file.fd() >= 0) {
      files_.push_back(std::move(file));
    }
  } else {
    // Its mappings stay.
    files_.erase(files_.begin() + static_cast<long>(below(files_.size())));
  }
}

void Worker::known_ioctl() {
  const int file = fd();
  switch (below(10)) {
    case 0: {
      hft_ring_params params{};
      params.slot_size = 64U << below(8);
      params.slot_count = 2U << below(12);
      params.mode = static_cast<std::uint32_t>(below(3));
      params.source = static_cast<std::uint32_t>(below(3));
      params.reserved = once_in(16) ? 1 : 0;
      ioctl(file, HFT_IOC_RING_CREATE, &params);
      break;
    }
    case 1: {
      const auto channel = static_cast<std::uint32_t>(below(70));
      ioctl(file, HFT_IOC_RING_ATTACH, &channel);
      break;
    }
    case 2: {
      const auto count = static_cast<std::uint32_t>(below(200));
      ioctl(file, HFT_IOC_PUBLISH, &count);
      break;
    }
    case 3: {
      const std::uint64_t period = kShortestPeriod + below(5'000'000);
      ioctl(file, HFT_IOC_SIM_START, &period);
      break;
    }
    case 4:
      ioctl(file, HFT_IOC_SIM_STOP);
      break;
    case 5: {
      hft_publish_cost cost{};
      cost.count = static_cast<std::uint32_t>(below(100));
      ioctl(file, HFT_IOC_PUBLISH_COST, &cost);
      break;
    }
    case 6: {
      const int event = once_in(2) ? eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
                                   : static_cast<int>(below(20)) - 2;
      ioctl(file, HFT_IOC_EVENTFD, &event);
      if (event > 2 && once_in(2)) {
        close(event);
      }
      break;
    }
    case 7:
      ioctl(file, HFT_IOC_RING_STATS, pointer());
      break;
    case 8:
      ioctl(file, HFT_IOC_SIM_STATS, pointer());
      break;
    default:
      ioctl(file, HFT_IOC_CYCLES, pointer());
  }
}

void Worker::random_ioctl() {
  std::generate(buffer_.begin(), buffer_.end(),
                [this] { return static_cast<char>(random()); });
  const std::uint64_t command =
      once_in(2) ? _IOC(below(4), HFT_IOC_TYPE, below(16), below(64))
                 : number();
  // With garbage for a period the simulator might be as fast as it goes.
  if ((command & 0xff) != (HFT_IOC_SIM_START & 0xff)) {
    ioctl(fd(), command, pointer());
  }
}

void Worker::call_548() {
  constexpr std::array<long, 5> kModes = {HFT_SYS_CREATE, HFT_SYS_SIM_START,
                                          HFT_SYS_SIM_STOP, HFT_SYS_TEARDOWN,
                                          HFT_SYS_CYCLES};
  syscall(HFT_SYSCALL, once_in(8) ? static_cast<long>(number())
                                  : kModes[below(kModes.size())]);
}

void Worker::read_or_poll() {
  if (once_in(2)) {
    pollfd ready{fd(), static_cast<short>(random()), 0};
    poll(&ready, 1, 0);
    return;
  }
  const int file = fd();
  fcntl(file, F_SETFL, O_NONBLOCK);
  static_cast<void>(!read(file, pointer(), below(5000)));
}

void Worker::other_calls() {
  const int file = fd();
  Area* const at = area();
  switch (below(8)) {
    case 0:
      static_cast<void>(!write(file, pointer(), below(5000)));
      break;
    case 1:
      static_cast<void>(
          !pread(file, pointer(), below(100), static_cast<off_t>(number())));
      break;
    case 2:
      static_cast<void>(!ftruncate(file, static_cast<off_t>(number())));
      break;
    case 3:
      lseek(file, static_cast<off_t>(number()), static_cast<int>(below(5)));
      break;
    case 4:
      if (at != nullptr) mlock(at->start, at->bytes);
      break;
    case 5:
      if (at != nullptr)
        msync(at->start, at->bytes, static_cast<int>(below(8)));
      break;
    case 6:
      if (at != nullptr) {
        const iovec ours{buffer_.data(), buffer_.size()};
        const iovec theirs{at->start, at->bytes};
        process_vm_readv(getpid(), &ours, 1, &theirs, 1, 0);
        process_vm_writev(getpid(), &ours, 1, &theirs, 1, 0);
      }
      break;
    default:
      if (at != nullptr) {
        // Another use of the mapping: as a buffer of the kernel's.
        static_cast<void>(!read(file, at->start, below(at->bytes)));
      }
  }
}

std::uint64_t Worker::number() {
  switch (below(6)) {
    case 0:
      return below(2);
    case 1:
      return below(4096);
    case 2:
      return 1ULL << below(64);
    case 3:
      return ~below(4096);
    case 4:
      return below(64) * kPage;
    default:
      return random();
  }
}

void* Worker::pointer() {
  switch (below(8)) {
    case 0:
      return nullptr;
    case 1:
      return std::bit_cast<void*>(number());
    case 2:
      return std::bit_cast<void*>(0xffff888000000000ULL + below(1U << 30));
    case 3:
      if (const Area* const at = area()) return at->start;
      return nullptr;
    default:
      return buffer_.data();
  }
}

int Worker::fd() {
  if (files_.empty()) {
    open_or_close();
  }
  return files_.empty() ? -1 : files_[below(files_.size())].fd();
}

Worker::Area* Worker::area() {
  return areas_.empty() ? nullptr : &areas_[below(areas_.size())];
}

}  // namespace hft::test
