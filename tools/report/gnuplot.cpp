// SPDX-License-Identifier: MIT
#include "report/gnuplot.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "error.hpp"

namespace hft::report {
namespace {

void check(bool succeeded, const char* what) {
  if (!succeeded) throw std::system_error(errno, std::generic_category(), what);
}

// A nameless file in memory: no pipe that could fill up on either side.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content = "")
      : fd_(memfd_create("gnuplot", MFD_CLOEXEC)) {
    check(fd_ >= 0, "memfd_create");
    while (!content.empty()) {
      const ssize_t written = write(fd_, content.data(), content.size());
      check(written >= 0, "write");
      content.remove_prefix(static_cast<std::size_t>(written));
    }
    check(lseek(fd_, 0, SEEK_SET) == 0, "lseek");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(fd_); }

  int fd() const { return fd_; }

  std::string content() const {
    std::string out;
    char buffer[1 << 16];
    for (;;) {
      const ssize_t got =
          pread(fd_, buffer, sizeof buffer, static_cast<off_t>(out.size()));
      check(got >= 0, "read");
      if (got == 0) return out;
      out.append(buffer, static_cast<std::size_t>(got));
    }
  }

 private:
  int fd_;
};

}  // namespace

std::string run_gnuplot(std::string_view script) {
  const MemoryFile input(script);
  const MemoryFile output;
  const MemoryFile complaints;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.fd(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.fd(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, complaints.fd(), STDERR_FILENO);
  char name[] = "gnuplot";
  char* arguments[] = {name, nullptr};
  pid_t child = 0;
  const int error =
      posix_spawnp(&child, name, &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) {
    throw tools::Unavailable(
        "expected gnuplot in PATH, found none: install the package "
        "gnuplot-nox");
  }
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "gnuplot");
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    check(errno == EINTR, "waitpid");
  }
  std::string png = output.content();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || png.empty()) {
    throw std::runtime_error(
        fmt::format("expected a picture from gnuplot, found status {:#x}: {}",
                    static_cast<unsigned>(status), complaints.content()));
  }
  return png;
}

}  // namespace hft::report
