// SPDX-License-Identifier: MIT
#include "bench/paths/producer_process.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include "exit_status.hpp"

namespace hft::bench {
namespace {

using Ready = ProducerProcess::Ready;
using ::testing::ExitedWithCode;

// A CPU that this process may use.
int any_cpu() { return sched_getcpu(); }

[[noreturn]] void wait_for_ever() {
  for (;;) {
    pause();
  }
}

TEST(ProducerProcess, RunsOnceStartedAndIsGoneAfterwards) {
  const Mapping page = Mapping::anonymous(4096);
  auto& pid = *page.as<std::atomic<pid_t>>();
  {
    ProducerProcess producer("pipe", any_cpu(), [&](const Ready& ready) {
      ready();
      pid.store(getpid());
      wait_for_ever();
    });
    EXPECT_EQ(pid.load(), 0);
    producer.start();
    while (pid.load() == 0) {
      usleep(100);
    }
  }
  EXPECT_EQ(kill(pid.load(), 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(ProducerProcessDeathTest, ItsEndIsToldApart) {
  EXPECT_EXIT(
      {
        ProducerProcess producer("pipe", any_cpu(), [](const Ready& ready) {
          ready();
          raise(SIGKILL);
        });
        producer.start();
        wait_for_ever();
      },
      ExitedWithCode(tools::kFailed),
      "path pipe: expected the producer process to stay, found that it was "
      "killed by signal 9\n");
}

TEST(ProducerProcessDeathTest, ItsErrorIsSaid) {
  EXPECT_EXIT(ProducerProcess("pipe", any_cpu(),
                              [](const Ready&) {
                                throw std::runtime_error("no more ink");
                              }),
              ExitedWithCode(tools::kFailed),
              "producer process: no more ink\n.*ended with status 1\n");
}

TEST(ProducerProcessDeathTest, ACpuThatIsNotThereIsSaid) {
  EXPECT_EXIT(ProducerProcess("pipe", 4095, [](const Ready&) {}),
              ExitedWithCode(tools::kFailed), "pin to CPU 4095");
}

TEST(ProducerProcess, EndsWithItsParent) {
  const Mapping page = Mapping::anonymous(4096);
  auto& pid = *page.as<std::atomic<pid_t>>();
  const pid_t parent = fork();
  if (parent == 0) {
    ProducerProcess producer("pipe", any_cpu(), [&](const Ready& ready) {
      pid.store(getpid());
      ready();
    });
    raise(SIGKILL);
  }
  ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
  // It is init's now, or of whoever stands in for it, who may take its time.
  int attempts = 50'000;
  while (kill(pid.load(), 0) == 0 && --attempts > 0) {
    usleep(100);
  }
  EXPECT_GT(attempts, 0) << "process " << pid.load() << " was left behind";
}

}  // namespace
}  // namespace hft::bench
