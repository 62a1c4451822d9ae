// SPDX-License-Identifier: MIT
#include "bench/paths/producer_process.hpp"

#include <fmt/format.h>
#include <hft/abi.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>

#include "exit_status.hpp"
#include "hft/affinity.hpp"

namespace hft::bench {
namespace {

// Written before the handler is in place, which only reads them: one for a
// child that exited, one for a child that was killed.
std::string exited;
std::string killed;

// In a signal handler nothing may allocate.
void say(const char* text, std::size_t length) {
  const ssize_t ignored = write(STDERR_FILENO, text, length);
  static_cast<void>(ignored);
}

void report_end(int, siginfo_t* info, void*) {
  const std::string& verdict = info->si_code == CLD_EXITED ? exited : killed;
  say(verdict.data(), verdict.size());
  const auto status = static_cast<unsigned>(info->si_status);  // 0 to 255
  const char number[] = {static_cast<char>('0' + status / 100 % 10),
                         static_cast<char>('0' + status / 10 % 10),
                         static_cast<char>('0' + status % 10), '\n'};
  const std::size_t zeros = status >= 100 ? 0 : status >= 10 ? 1 : 2;
  say(number + zeros, sizeof(number) - zeros);
  _exit(tools::kFailed);
}

void watch_children(std::string_view path) {
  const std::string begin = fmt::format(
      "hft bench: path {}: expected the producer process to stay, found that "
      "it ",
      path);
  exited = begin + "ended with status ";
  killed = begin + "was killed by signal ";
  struct sigaction action {};
  action.sa_sigaction = report_end;
  action.sa_flags = SA_SIGINFO | SA_NOCLDSTOP;
  sigaction(SIGCHLD, &action, nullptr);
}

pid_t fork_watched(std::string_view path) {
  watch_children(path);
  const pid_t pid = fork();
  if (pid < 0) {
    throw std::system_error(errno, std::generic_category(),
                            "fork a producer process");
  }
  return pid;
}

}  // namespace

ProducerProcess::ProducerProcess(std::string_view path, int cpu,
                                 const std::function<void(const Ready&)>& body)
    : state_(Mapping::anonymous(HFT_PAGE)),
      parent_(getpid()),
      pid_(fork_watched(path)) {
  if (pid_ == 0) {
    run_child(cpu, body);
  }
  while (state().load(std::memory_order_acquire) == kPreparing) {
    usleep(100);
  }
}

ProducerProcess::~ProducerProcess() {
  signal(SIGCHLD, SIG_DFL);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

// Release pairs with the child's acquire: what was prepared here is there.
void ProducerProcess::start() {
  state().store(kStarted, std::memory_order_release);
}

void ProducerProcess::run_child(
    int cpu, const std::function<void(const Ready&)>& body) const {
  // The parent may have ended before the kernel knew what to do then.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent_) {
    _exit(tools::kFailed);
  }
  try {
    pin_to_cpu(cpu);
    body([this] {
      state().store(kReady, std::memory_order_release);
      // Acquire pairs with start().
      while (state().load(std::memory_order_acquire) != kStarted) {
      }
    });
  } catch (const std::exception& error) {
    fmt::print(stderr, "hft bench: producer process: {}\n", error.what());
  }
  _exit(tools::kFailed);
}

}  // namespace hft::bench
