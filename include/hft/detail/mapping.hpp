// SPDX-License-Identifier: MIT
// A shared mapping that unmaps itself.
//
//   hft::Mapping page(fd, HFT_MMAP_INFO, HFT_PAGE, hft::Rights::kRead);
//   const auto* info = page.as<const hft_info>();
#pragma once

#include <cstddef>
#include <utility>

namespace hft {

enum class Rights { kRead, kReadWrite };

/// When pages are faulted in. kLater is for those who first have to say how.
enum class FaultIn { kNow, kLater };

/// Shared. Move-only. Not thread-safe; what it maps is another matter.
class Mapping {
 public:
  Mapping() = default;
  /// Throws std::system_error naming the offset, the length and the rights.
  Mapping(int fd, unsigned long offset, std::size_t bytes, Rights rights,
          FaultIn when = FaultIn::kNow);
  /// Zeroed memory for the threads and the future children of this process.
  /// Throws std::system_error naming the length.
  static Mapping anonymous(std::size_t bytes, FaultIn when = FaultIn::kNow);
  /// The same in pages of the pool of /proc/sys/vm/nr_hugepages; `bytes` is a
  /// multiple of 2 MiB. Throws when the pool has too few. Faulted in later.
  static Mapping anonymous_huge(std::size_t bytes);
  Mapping(Mapping&& other) noexcept
      : start_(std::exchange(other.start_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(start_, other.start_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  /// Keep it in RAM. False, with errno set, when a limit forbids it.
  [[nodiscard]] bool lock() const noexcept;

  template <typename T>
  [[nodiscard]] T* as() const noexcept {
    return static_cast<T*>(start_);
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  void* start_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace hft
