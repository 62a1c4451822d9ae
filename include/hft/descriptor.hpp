// SPDX-License-Identifier: MIT
// A file descriptor that closes itself.
//
//   hft::Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
//   if (!file) throw std::system_error(errno, std::generic_category(), path);
#pragma once

#include <unistd.h>

#include <utility>

namespace hft {

/// Move-only; empty when the call that made it failed. Not thread-safe.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }

  explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int get() const noexcept { return fd_; }
  /// The descriptor, for the caller to close.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace hft
