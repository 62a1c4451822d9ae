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

/// Shared, pre-faulted. Move-only.
class Mapping {
 public:
  Mapping() = default;
  /// Throws std::system_error naming the offset, the length and the rights.
  Mapping(int fd, unsigned long offset, std::size_t bytes, Rights rights);
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
