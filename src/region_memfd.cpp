// SPDX-License-Identifier: MIT
// Regions without a name: sealed memfds, passed over a Unix socket.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "hft/validate.hpp"
#include "pass_files.hpp"
#include "region_internal.hpp"

namespace hft {

using enum internal::File;
using internal::fail;
using internal::File;
using internal::Files;

namespace {

constexpr int kFixedSize = F_SEAL_SHRINK | F_SEAL_GROW;

Descriptor make_memfd(std::string_view ring, File file, std::uint64_t bytes,
                      unsigned flags = 0) {
  const std::string name =
      fmt::format("hft:{}:{}", ring, internal::kFileNames[file]);
  Descriptor made(
      memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING | flags));
  if (!made) fail(errno, "memfd_create " + name);
  if (ftruncate(made.get(), static_cast<off_t>(bytes)) != 0) {
    fail(errno, fmt::format("make {} {} bytes long", name, bytes));
  }
  return made;
}

// Whoever gets a descriptor of another user's file can open the file anew
// through /proc, with the rights of its mode: none to write.
void seal(int fd, File file) {
  const int frozen = file == kInfo ? F_SEAL_WRITE : 0;
  if (fchmod(fd, file == kConsumer ? 0644 : 0444) != 0 ||
      fcntl(fd, F_ADD_SEALS, kFixedSize | frozen | F_SEAL_SEAL) != 0) {
    fail(errno, fmt::format("seal the {} region", internal::kFileNames[file]));
  }
}

Descriptor reopen_read_only(int fd) {
  Descriptor opened(
      open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened) {
    fail(errno,
         fmt::format("open /proc/self/fd/{} read-only: is there a /proc?", fd));
  }
  return opened;
}

void check_received(const Files& files, const hft_info& info) {
  for (const File file : {kInfo, kProducer, kConsumer, kSlots}) {
    const int seals = fcntl(files[file].get(), F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) {
      throw InvalidRing(
          fmt::format("not a usable ring: its {} region could be truncated, "
                      "expected a memfd with F_SEAL_SHRINK as "
                      "Region::memfd() makes it",
                      internal::kFileNames[file]));
    }
    internal::check_size(files[file].get(), file, info);
  }
}

}  // namespace

Region Region::memfd(const Geometry& geometry, const Options& options) {
  internal::check_name(options.name);
  Region region(internal::make_info(geometry, options.writable_slots),
                Role::kProducer);
  Files& files = region.files_;
  for (const File file : {kInfo, kProducer, kConsumer}) {
    files[file] = make_memfd(options.name, file, HFT_PAGE);
  }
  const std::uint64_t bytes = geometry.slots_bytes();
  internal::Backed slots = internal::back(
      bytes, options.huge_pages,
      [&] {
        const std::uint64_t rounded = internal::in_huge_pages(bytes);
        files[kSlots] = make_memfd(options.name, kSlots, rounded,
                                   MFD_HUGETLB | MFD_HUGE_2MB);
        return Mapping(files[kSlots].get(), 0, rounded, Rights::kReadWrite,
                       Fault::kLater);
      },
      [&](Fault fault) {
        files[kSlots] = make_memfd(options.name, kSlots, bytes);
        return Mapping(files[kSlots].get(), 0, bytes, Rights::kReadWrite,
                       fault);
      });
  region.slots_ = std::move(slots.mapping);
  region.huge_pages_ = slots.pages;
  internal::write_info(files[kInfo].get(), region.info());
  for (const File file : {kInfo, kProducer, kConsumer, kSlots}) {
    seal(files[file].get(), file);
  }
  region.map_pages(files);
  region.lock(options.lock_memory);
  return region;
}

void Region::send(int unix_socket, Role role) const {
  if (role_ != Role::kProducer || !files_[kInfo]) {
    throw std::logic_error(
        "send() of a region that is not a producer's memfd ring: make it with "
        "Region::memfd()");
  }
  Files narrowed;
  std::array<int, kFileCount> sent{};
  for (const File file : {kInfo, kProducer, kConsumer, kSlots}) {
    sent[file] = files_[file].get();
    if (!internal::may_write(file, role, info())) {
      narrowed[file] = reopen_read_only(sent[file]);
      sent[file] = narrowed[file].get();
    }
  }
  internal::send_files(unix_socket, role, sent);
}

Region Region::receive(int unix_socket, Wish lock_memory) {
  internal::Received received =
      internal::receive_files(unix_socket, kFileCount, kFileCount);
  Files files;
  std::move(received.files.begin(), received.files.end(), files.begin());
  const hft_info info = internal::read_info(files[kInfo].get());
  check_received(files, info);
  Region region(info, received.role);
  region.map_pages(files);
  region.map_slots(files[kSlots].get());
  region.lock(lock_memory);
  if (region.role_ == Role::kProducer) region.files_ = std::move(files);
  return region;
}

}  // namespace hft
