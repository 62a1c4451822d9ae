// SPDX-License-Identifier: MIT
// Other processes and other users, for tests of what they may do.
//
//   EXPECT_TRUE(passes_as_other_user([&] { EXPECT_THROW(attach(), ...); }));
//   Child child([&](Pipe& pipe) { pipe.tell(take()); pause(); });
//   child.pipe().ask<__u64>();
//   child.kill();
#pragma once

#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <system_error>

namespace hft {

inline constexpr uid_t kNobody = 65534;

inline bool is_root() { return geteuid() == 0; }

/// Of a system_error, 0 when there is none.
inline int error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::system_error& error) {
    return error.code().value();
  }
  return 0;
}

/// One way, from the child to its parent.
class Pipe {
 public:
  Pipe() {
    if (pipe(ends_) != 0)
      throw std::system_error(errno, std::system_category());
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    hear();
    close(ends_[0]);
  }

  /// The parent's side: a child that dies is the end of the file.
  void hear() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

  [[nodiscard]] int reading_end() const { return ends_[0]; }
  [[nodiscard]] int writing_end() const { return ends_[1]; }

  template <typename T>
  void tell(const T& value) const {
    if (write(ends_[1], &value, sizeof value) != sizeof value) _exit(3);
  }

  template <typename T>
  [[nodiscard]] T ask() const {
    T value{};
    EXPECT_EQ(read(ends_[0], &value, sizeof value),
              static_cast<ssize_t>(sizeof value));
    return value;
  }

 private:
  int ends_[2];
};

/// A process that runs `body`; killed at the latest when it goes out of scope.
class Child {
 public:
  explicit Child(const std::function<void(const Pipe&)>& body)
      : pid_(flush_and_fork()) {
    if (pid_ != 0) {
      pipe_.hear();
      return;
    }
    try {
      body(pipe_);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    std::fflush(nullptr);
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) kill();
  }

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const Pipe& pipe() const { return pipe_; }

  /// The status of waitpid().
  int wait() {
    int status = -1;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return status;
  }

  void kill() {
    ::kill(pid_, SIGKILL);
    wait();
  }

 private:
  // What is buffered is not for the child to print again.
  static pid_t flush_and_fork() {
    std::fflush(nullptr);
    return fork();
  }

  Pipe pipe_;
  pid_t pid_;
};

/// Whether `body` meets its expectations in a process of its own.
inline bool passes_in_child(const std::function<void()>& body) {
  return Child([&](const Pipe&) { body(); }).wait() == 0;
}

/// The same as another user than root, if we are root.
inline bool passes_as_other_user(const std::function<void()>& body) {
  return passes_in_child([&] {
    if (is_root()) {
      ASSERT_EQ(setgroups(0, nullptr), 0);
      ASSERT_EQ(setgid(kNobody), 0);
      ASSERT_EQ(setuid(kNobody), 0);
    }
    body();
  });
}

}  // namespace hft
