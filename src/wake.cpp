// SPDX-License-Identifier: MIT
#include "hft/detail/wake.hpp"

#include <linux/bpf.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <stdexcept>
#include <system_error>

namespace hft {
namespace {

timespec timeout_of(std::chrono::nanoseconds longest) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(longest);
  return {.tv_sec = seconds.count(), .tv_nsec = (longest - seconds).count()};
}

// Whether the kernel fences our stores when a consumer asks it to.
bool fenced_by_consumers() {
  static const bool registered =
      syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) ==
      0;
  return registered;
}

constexpr __u32 kAlways = 1;

// A full fence here and on every running producer whose process has registered;
// pairs with Waker::wake_if_asked(). Returns the error, 0 for none.
int order_processes() noexcept {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0
             ? 0
             : errno;
}

// What the records of a BPF ring buffer that is only a doorbell take: a header
// and the eight bytes that hft_bpf_wake_if_asked() puts there.
constexpr std::uint64_t kRingBytes = 16;

// Takes what is committed, so that the descriptor is not readable any more.
void take_rings(const Doorbell& bell) noexcept {
  const auto* const data =
      reinterpret_cast<const std::byte*>(bell.rung) + HFT_PAGE;
  // Acquire pairs with the kernel's release of what it has reserved.
  const std::uint64_t rung = __atomic_load_n(bell.rung, __ATOMIC_ACQUIRE);
  std::uint64_t taken = __atomic_load_n(bell.taken, __ATOMIC_RELAXED);
  // Who consumed before us may have left anything there.
  if (rung - taken > HFT_PAGE || taken % kRingBytes != 0) {
    taken = rung;
  }
  while (taken != rung) {
    // Acquire pairs with the exchange by which the kernel commits. A record
    // that is not committed yet still wakes: it has to be there for that.
    const auto* const header =
        reinterpret_cast<const std::uint32_t*>(data + taken % HFT_PAGE);
    if ((__atomic_load_n(header, __ATOMIC_ACQUIRE) & BPF_RINGBUF_BUSY_BIT) !=
        0) {
      break;
    }
    taken += kRingBytes;
  }
  // Release pairs with the kernel's acquire before it writes there again.
  __atomic_store_n(bell.taken, taken, __ATOMIC_RELEASE);
}

// Takes what is there, so that the descriptor is not readable any more. Never
// waits, even where another consumer has cleared O_NONBLOCK of its socket.
void take_signals(const Doorbell& bell) noexcept {
  // A read takes all signals of an eventfd, a page of them of a pipe, and one
  // of a socket. The bound is more than a full pipe (1 MiB) or socket takes: a
  // hostile consumer before us may have left one, or still be filling it.
  constexpr int kReads = 512;
  std::array<std::byte, HFT_PAGE> signals;
  for (int i = 0; i < kReads; ++i) {
    const ssize_t taken =
        bell.is_socket
            ? recv(bell.fd, signals.data(), signals.size(), MSG_DONTWAIT)
            : read(bell.fd, signals.data(), signals.size());
    if (taken <= 0) {
      return;
    }
  }
}

}  // namespace

Waker::Waker(const ProducerEnd& end) noexcept
    : asked_(fenced_by_consumers() ? &end.consumer->waiting : &kAlways),
      page_(end.consumer),
      counters_(end.page),
      doorbell_(end.doorbell) {}

void Waker::look_again(hft_consumer_page* page, hft_producer_page* counters,
                       int doorbell) noexcept {
  // Full fence for where membarrier(2) is refused; pairs with the consumer's
  // in order_processes(). GCC refuses std::atomic_thread_fence under
  // ThreadSanitizer.
  __sync_synchronize();
  // One request, one wake-up, also when the consumer takes it back meanwhile.
  // A look first: an exchange would take the line from a spinning consumer.
  if (__atomic_load_n(&page->waiting, __ATOMIC_RELAXED) == 0) {
    return;
  }
  const __u32 asked = __atomic_exchange_n(&page->waiting, 0U, __ATOMIC_RELAXED);
  if (asked == HFT_WAITING_FOR_NOTHING) {
    return;
  }
  __atomic_store_n(&counters->wakeups,
                   __atomic_load_n(&counters->wakeups, __ATOMIC_RELAXED) + 1,
                   __ATOMIC_RELAXED);
  if (asked == HFT_WAITING_FOR_FD && doorbell >= 0) {
    // The request is taken before: a signal that came first could be taken for
    // an older one, and this request with it (model, sleep.pml: "no consumer
    // sleeps while a record is published"). The descriptor does not block.
    // Where it is full it is readable already.
    const std::uint64_t once = 1;
    static_cast<void>(!write(doorbell, &once, sizeof once));
    return;
  }
  syscall(SYS_futex, &page->waiting, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

int Sleeper::fd() const {
  if (doorbell_.fd >= 0) {
    return doorbell_.fd;
  }
  switch (producer_) {
    case HFT_PRODUCER_DRIVER:
      throw std::logic_error(
          "wake_fd() of a ring of /dev/hft that was attached without wake-ups: "
          "attach with hft::WakeUp::kOnRequest");
    case HFT_PRODUCER_BPF:
      throw std::logic_error(
          "wake_fd() of a BPF ring without a doorbell: its loader shaped it "
          "with wake_ups = false or did not pass on the doorbell");
    default:
      throw std::logic_error(
          "wake_fd() of a process ring without a doorbell: its creator had no "
          "descriptor left (ulimit -n)");
  }
}

void Sleeper::ask(hft_waiting how) {
  // A process wakes a sleeper by its futex, the driver by the doorbell.
  signalled_ = how == HFT_WAITING_FOR_FD || producer_ != HFT_PRODUCER_PROCESS;
  __atomic_store_n(&page_->waiting, static_cast<__u32>(how), __ATOMIC_RELAXED);
  if (producer_ == HFT_PRODUCER_PROCESS) {
    if (const int error = order_processes(); error != 0) {
      withdraw();
      throw std::system_error(
          error, std::generic_category(),
          "cannot sleep on a ring: membarrier(2) is refused here; wait with "
          "hft::BusySpin, hft::Pause or hft::Yield");
    }
  } else {
    // Pairs with the fence in hft_ring_wants_wake(), and with the
    // compare-and-exchange in hft_bpf_take().
    __sync_synchronize();
  }
}

void Sleeper::settle() noexcept {
  // A grace period of RCU, in which every CPU passes a fence, whatever it runs.
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0) {
    return;
  }
  // Refused where CPUs run without a tick (nohz_full), or by seccomp. Then we
  // wait for longer than a store stays in the buffer of any CPU that we know
  // of; no architecture promises it.
  constexpr timespec kStoresDrain{.tv_sec = 0, .tv_nsec = 20'000'000};
  nanosleep(&kStoresDrain, nullptr);
}

void Sleeper::sleep(std::chrono::nanoseconds longest) const noexcept {
  const timespec timeout = timeout_of(longest);
  if (producer_ == HFT_PRODUCER_PROCESS) {
    if (syscall(SYS_futex, &page_->waiting, FUTEX_WAIT, HFT_WAITING_ASLEEP,
                &timeout, nullptr, 0) == 0 ||
        errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT) {
      return;
    }
  } else if (doorbell_.fd >= 0) {
    // Sleeps even if `waiting` is 0: then it has been rung, or is about to be.
    pollfd rung{.fd = doorbell_.fd, .events = POLLIN, .revents = 0};
    if (ppoll(&rung, 1, &timeout, nullptr) >= 0 || errno == EINTR) {
      return;
    }
  }
  // Nobody wakes us, or the kernel refuses to let us wait for that.
  nanosleep(&timeout, nullptr);
}

void Sleeper::withdraw() const noexcept {
  __atomic_store_n(&page_->waiting, 0U, __ATOMIC_RELAXED);
  if (doorbell_.fd < 0 || !signalled_) {
    return;
  }
  // Also when nothing was granted this time: the signal of an older request may
  // have come late, and would end every wait from now on.
  if (doorbell_.rung != nullptr) {
    take_rings(doorbell_);
  } else {
    take_signals(doorbell_);
  }
}

}  // namespace hft
