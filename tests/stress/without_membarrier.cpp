// SPDX-License-Identifier: MIT
// A producer and a consumer that membarrier(2) is refused to, as by the seccomp
// filters of some containers: a program, since the library asks for it once.
//
// The consumer cannot sleep, and says so; a producer that is asked to wake one
// does so, once.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <system_error>

#include "number.hpp"

namespace {

bool refuse_membarrier() {
  std::array<sock_filter, 4> code = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program = {.len = code.size(), .filter = code.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int failures = 0;

void check(bool good, const char* what) {
  std::printf("%s %s\n", good ? "PASS" : "FAIL", what);
  failures += good ? 0 : 1;
}

}  // namespace

int main() {
  using Tick = hft::test::Number<16>;
  check(refuse_membarrier(), "membarrier is refused");
  hft::test::TestRing<Tick> ring(16);
  hft_consumer_page& page = *ring.region.consumer_end().page;
  const hft_producer_page& counters = *ring.region.producer_end().page;

  hft::SpinThenSleep wait{.spins = 0};
  try {
    static_cast<void>(ring.consumer.read(wait));
    check(false, "a consumer that would sleep throws");
  } catch (const std::system_error& error) {
    check(error.code().value() == EPERM, "a consumer that would sleep throws");
  }

  check(page.waiting == 0, "and asks for nothing any more");
  check(ring.producer.try_publish(hft::test::number<Tick>(0)), "published");
  check(counters.wakeups == 0, "who has not asked is not woken");
  page.waiting = 1;
  check(ring.producer.try_publish(hft::test::number<Tick>(1)), "published");
  check(page.waiting == 0 && counters.wakeups == 1, "who has asked is woken");
  check(ring.producer.try_publish(hft::test::number<Tick>(2)), "published");
  check(counters.wakeups == 1, "once");
  return failures == 0 ? 0 : 1;
}
