// SPDX-License-Identifier: MIT
#include "hft/wake.hpp"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <ctime>
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

}  // namespace

Waker::Waker(hft_consumer_page* page, hft_producer_page* counters) noexcept
    : asked_(fenced_by_consumers() ? &page->waiting : &kAlways),
      page_(page),
      counters_(counters) {}

void Waker::look_again(hft_consumer_page* page,
                       hft_producer_page* counters) noexcept {
  // Full fence for where membarrier(2) is refused; pairs with the consumer's
  // order_producers(). GCC refuses std::atomic_thread_fence under
  // ThreadSanitizer.
  __sync_synchronize();
  // One request, one wake-up, also when the consumer takes it back meanwhile.
  // A look first: an exchange would take the line from a spinning consumer.
  if (__atomic_load_n(&page->waiting, __ATOMIC_RELAXED) == 0 ||
      __atomic_exchange_n(&page->waiting, 0U, __ATOMIC_RELAXED) == 0) {
    return;
  }
  __atomic_store_n(&counters->wakeups,
                   __atomic_load_n(&counters->wakeups, __ATOMIC_RELAXED) + 1,
                   __ATOMIC_RELAXED);
  syscall(SYS_futex, &page->waiting, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void order_producers() {
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) != 0) {
    throw std::system_error(
        errno, std::generic_category(),
        "cannot sleep on a ring: membarrier(2) is refused here; wait with "
        "hft::BusySpin, hft::Pause or hft::Yield");
  }
}

void sleep_until_woken(hft_consumer_page* page,
                       std::chrono::nanoseconds longest) noexcept {
  const timespec timeout = timeout_of(longest);
  syscall(SYS_futex, &page->waiting, FUTEX_WAIT, 1, &timeout, nullptr, 0);
}

void sleep_until_signalled(int eventfd,
                           std::chrono::nanoseconds longest) noexcept {
  const timespec timeout = timeout_of(longest);
  pollfd signalled{.fd = eventfd, .events = POLLIN, .revents = 0};
  std::uint64_t count = 0;
  if (ppoll(&signalled, 1, &timeout, nullptr) == 1) {
    // A signal that came by now is taken with it, and one record serves both.
    static_cast<void>(!read(eventfd, &count, sizeof(count)));
  }
}

}  // namespace hft
