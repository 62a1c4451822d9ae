// SPDX-License-Identifier: MIT
#include "hft/mapping.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <system_error>

namespace hft {

Mapping::Mapping(int fd, unsigned long offset, std::size_t bytes, Rights rights)
    : bytes_(bytes) {
  const int protection =
      rights == Rights::kRead ? PROT_READ : PROT_READ | PROT_WRITE;
  void* start = mmap(nullptr, bytes, protection, MAP_SHARED | MAP_POPULATE, fd,
                     static_cast<off_t>(offset));
  if (start == MAP_FAILED) {
    const char* hint = errno == EBUSY
                           ? " (the ring has another consumer: close it first)"
                           : "";
    throw std::system_error(
        errno, std::generic_category(),
        fmt::format("mmap {} of {} bytes at offset {:#x}{}",
                    rights == Rights::kRead ? "r" : "rw", bytes, offset, hint));
  }
  start_ = start;
}

Mapping::~Mapping() {
  if (start_ != nullptr) {
    munmap(start_, bytes_);
  }
}

}  // namespace hft
