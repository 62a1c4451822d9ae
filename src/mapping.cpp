// SPDX-License-Identifier: MIT
#include "hft/detail/mapping.hpp"

#include <fmt/format.h>
#include <linux/mman.h>
#include <sys/mman.h>

#include <cerrno>

#include "fail.hpp"

namespace hft {
namespace {

int populate(FaultIn when) { return when == FaultIn::kNow ? MAP_POPULATE : 0; }

// nullptr, with errno set, when there is none.
void* map_anonymous(std::size_t bytes, int flags) {
  void* start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | flags, -1, 0);
  return start == MAP_FAILED ? nullptr : start;
}

}  // namespace

Mapping::Mapping(int fd, unsigned long offset, std::size_t bytes, Rights rights,
                 FaultIn when)
    : bytes_(bytes) {
  const int protection =
      rights == Rights::kRead ? PROT_READ : PROT_READ | PROT_WRITE;
  void* start = mmap(nullptr, bytes, protection, MAP_SHARED | populate(when),
                     fd, static_cast<off_t>(offset));
  if (start == MAP_FAILED) {
    const char* hint = errno == EBUSY
                           ? " (the ring has another consumer: close it first)"
                           : "";
    internal::fail(errno, fmt::format("mmap {} of {} bytes at offset {:#x}{}",
                                      rights == Rights::kRead ? "r" : "rw",
                                      bytes, offset, hint));
  }
  start_ = start;
}

Mapping Mapping::anonymous(std::size_t bytes, FaultIn when) {
  Mapping mapping;
  mapping.start_ = map_anonymous(bytes, populate(when));
  if (mapping.start_ == nullptr) {
    internal::fail(errno, fmt::format("mmap of {} bytes of memory", bytes));
  }
  mapping.bytes_ = bytes;
  return mapping;
}

Mapping Mapping::anonymous_huge(std::size_t bytes) {
  Mapping mapping;
  mapping.start_ = map_anonymous(bytes, MAP_HUGETLB | MAP_HUGE_2MB);
  if (mapping.start_ == nullptr) {
    internal::fail(errno,
                   fmt::format("mmap of {} bytes of 2 MiB pages", bytes));
  }
  mapping.bytes_ = bytes;
  return mapping;
}

Mapping::~Mapping() {
  if (start_ != nullptr) {
    munmap(start_, bytes_);
  }
}

bool Mapping::lock() const noexcept { return mlock(start_, bytes_) == 0; }

}  // namespace hft
