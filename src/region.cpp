// SPDX-License-Identifier: MIT
#include "hft/region.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/vfs.h>

#include <cerrno>
#include <utility>

#include "region_internal.hpp"

namespace hft {

using enum internal::File;
using internal::File;
using internal::Files;
using internal::may_write;

namespace {

Rights rights(File file, Role role, const hft_info& info) {
  return may_write(file, role, info) ? Rights::kReadWrite : Rights::kRead;
}

}  // namespace

Region::Region(std::unique_ptr<internal::Parts> parts) noexcept
    : Attached(std::move(parts)) {}

HugePages Region::huge_pages() const noexcept { return parts().huge_pages; }

bool Region::locked() const noexcept { return parts().locked; }

Region Region::anonymous(const Geometry& geometry, const Options& options) {
  auto parts = internal::make_parts(internal::make_info(geometry, true),
                                    Role::kProducer);
  parts->producer = Mapping::anonymous(HFT_PAGE);
  parts->consumer = Mapping::anonymous(HFT_PAGE);
  const std::uint64_t bytes = geometry.slots_bytes();
  internal::map_new_slots(
      *parts,
      internal::back(
          bytes, options.huge_pages,
          [&] {
            return Mapping::anonymous_huge(internal::in_huge_pages(bytes));
          },
          [&](FaultIn when) { return Mapping::anonymous(bytes, when); }));
  if (internal::has_doorbell(parts->role, parts->info)) {
    parts->hear(Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
  }
  internal::lock(*parts, options.lock_memory);
  return Region(std::move(parts));
}

namespace internal {

std::unique_ptr<Parts> make_parts(const hft_info& info, Role role) {
  auto parts = std::make_unique<Parts>();
  parts->info = info;
  parts->role = role;
  return parts;
}

Descriptor& lock_of(Parts& parts, File lock) {
  return parts.locks.at(lock - kProducerLock);
}

std::string ring_called(std::string_view name) {
  return fmt::format("ring '{}'", name);
}

void map_pages(Parts& parts, const Files& files) {
  const hft_info& info = parts.info;
  parts.producer = Mapping(files[kProducer].get(), 0, HFT_PAGE,
                           rights(kProducer, parts.role, info));
  if (parts.role == Role::kProducer || info.mode == HFT_MODE_DROP) {
    parts.consumer = Mapping(files[kConsumer].get(), 0, HFT_PAGE,
                             rights(kConsumer, parts.role, info));
  }
}

void map_new_slots(Parts& parts, Backed slots) {
  parts.slots = std::move(slots.mapping);
  parts.slots_writable = true;
  parts.huge_pages = slots.pages;
}

void map_slots(Parts& parts, int fd) {
  const hft_info& info = parts.info;
  // Where the creator allows writing its file's mode may not: then we read.
  parts.slots_writable = may_write(kSlots, parts.role, info) &&
                         (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
  struct statfs status;
  const bool reserved =
      fstatfs(fd, &status) == 0 && status.f_type == HUGETLBFS_MAGIC;
  // munmap() of such a file wants whole huge pages.
  parts.slots = Mapping(
      fd, 0, reserved ? in_huge_pages(info.slots_bytes) : info.slots_bytes,
      parts.slots_writable ? Rights::kReadWrite : Rights::kRead);
  if (reserved) {
    parts.huge_pages = HugePages::kReserved;
  } else if (parts.slots.bytes() >= kHugePage &&
             is_transparent_huge(parts.slots)) {
    parts.huge_pages = HugePages::kTransparent;
  }
}

void lock(Parts& parts, Preference preference) {
  if (preference == Preference::kNever) return;
  parts.locked = parts.producer.lock() &&
                 (parts.consumer.bytes() == 0 || parts.consumer.lock()) &&
                 parts.slots.lock();
  if (parts.locked || preference == Preference::kTry) return;
  const int error = errno;
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  fail(error, fmt::format("lock {} bytes of a ring in memory where "
                          "RLIMIT_MEMLOCK is {}: raise it with ulimit -l, or "
                          "ask for Preference::kTry",
                          parts.producer.bytes() + parts.consumer.bytes() +
                              parts.slots.bytes(),
                          limit.rlim_cur));
}

}  // namespace internal

}  // namespace hft
