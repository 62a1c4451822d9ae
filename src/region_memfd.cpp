// SPDX-License-Identifier: MIT
// Regions without a name: sealed memfds, passed over a Unix socket.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "duplicate.hpp"
#include "hft/validate.hpp"
#include "pass_files.hpp"
#include "region_internal.hpp"

namespace hft {

using enum internal::File;
using internal::fail;
using internal::File;
using internal::Files;
using internal::has_doorbell;

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
  const bool is_lock = file >= kProducerLock;
  const int frozen = file == kInfo || is_lock ? F_SEAL_WRITE : 0;
  const mode_t mode = is_lock             ? internal::kMemfdLockMode
                      : file == kConsumer ? 0644
                                          : 0444;
  if (fchmod(fd, mode) != 0 ||
      fcntl(fd, F_ADD_SEALS, kFixedSize | frozen | F_SEAL_SEAL) != 0) {
    fail(errno, fmt::format("seal the {} region", internal::kFileNames[file]));
  }
}

Descriptor reopen(int fd, int access) {
  Descriptor opened(
      open(fmt::format("/proc/self/fd/{}", fd).c_str(), access | O_CLOEXEC));
  if (!opened) {
    fail(errno,
         fmt::format("open /proc/self/fd/{} anew: is there a /proc?", fd));
  }
  return opened;
}

struct DoorbellSockets {
  Descriptor heard, rope;
};

// Two sockets, not a pipe and not an eventfd: a hostile consumer could hold up
// whoever writes to these. O_NONBLOCK of an eventfd is a flag that both ends
// share, so a consumer could clear it. A pipe is locked while it is read, and
// the reader decides how long that takes: into memory that FUSE serves, for
// ever. A producer's socket is its own, and nobody who reads from the other one
// holds a lock that a write waits for. With packets, not as a stream: these
// raise no SIGPIPE when the other socket is shut down, and unlike datagrams'
// their sockets cannot be connected anew.
DoorbellSockets make_doorbell() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                 ends.data()) != 0) {
    fail(errno, "make the doorbell of a ring, two sockets");
  }
  DoorbellSockets made{.heard = Descriptor(ends[0]),
                       .rope = Descriptor(ends[1])};
  // What a consumer sends this way, a descriptor of its lock for example, would
  // wait here as long as the producer lives: nobody reads it.
  if (shutdown(made.rope.get(), SHUT_RD) != 0) {
    fail(errno, "shut the doorbell of a ring in one direction");
  }
  // No consumer can leave a filter that keeps signals from its successors.
  const int locked = 1;
  if (setsockopt(made.heard.get(), SOL_SOCKET, SO_LOCK_FILTER, &locked,
                 sizeof locked) != 0) {
    fail(errno, "lock the filters of a ring's doorbell");
  }
  return made;
}

// The files that come with a ring, for a role.
std::vector<File> files_of(Role role, const hft_info& info) {
  std::vector<File> files(internal::kRegions.begin(), internal::kRegions.end());
  for (const File lock : internal::kLocks) {
    if (internal::may_write(lock, role, info)) files.push_back(lock);
  }
  return files;
}

// How many sockets come with a ring.
std::size_t doorbell_files(Role role, const hft_info& info) {
  if (!has_doorbell(role, info)) return 0;
  return role == Role::kProducer ? 2 : 1;
}

void check_doorbell(const Descriptor& socket) {
  int domain = 0;
  int type = 0;
  socklen_t bytes = sizeof domain;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &domain, &bytes) != 0 ||
      getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &bytes) != 0 ||
      domain != AF_UNIX || type != SOCK_SEQPACKET) {
    throw InvalidRing(
        fmt::format("not a usable ring: its doorbell is of domain {} and type "
                    "{}, expected a Unix socket of packets, {} and {}, as "
                    "Region::memfd() makes it",
                    domain, type, AF_UNIX, SOCK_SEQPACKET));
  }
  // A consumer before us may have changed that.
  if (fcntl(socket.get(), F_SETFL, O_RDWR | O_NONBLOCK) != 0) {
    fail(errno, "keep the doorbell of a ring from blocking");
  }
}

void check_received(const Files& files, Role role, const hft_info& info) {
  for (const File file : files_of(role, info)) {
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

// The name that its maker gave a ring; empty when it gave none, and when /proc
// does not tell. Any file may be called so: it is for messages.
std::string name_of(int info_fd) {
  constexpr std::string_view kBefore = "/memfd:hft:";
  std::array<char, 256> link{};
  const ssize_t length =
      readlink(fmt::format("/proc/self/fd/{}", info_fd).c_str(), link.data(),
               link.size());
  std::string_view name(link.data(), length < 0 ? 0 : std::size_t(length));
  if (!name.starts_with(kBefore)) return {};
  name.remove_prefix(kBefore.size());
  name = name.substr(0, name.find(':'));
  return internal::is_name(name) ? internal::ring_called(name) : std::string();
}

void keep_locks(internal::Parts& parts, const Files& files) {
  for (const File lock : internal::kLocks) {
    if (files[lock])
      internal::lock_of(parts, lock) = internal::duplicate(files[lock].get());
  }
}

}  // namespace

Region Region::memfd(const Geometry& geometry, const Options& options) {
  internal::check_name(options.name);
  auto parts = internal::make_parts(
      internal::make_info(geometry, options.writable_slots), Role::kProducer);
  Files& files = parts->files;
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
                       FaultIn::kLater);
      },
      [&](FaultIn when) {
        files[kSlots] = make_memfd(options.name, kSlots, bytes);
        return Mapping(files[kSlots].get(), 0, bytes, Rights::kReadWrite, when);
      });
  internal::map_new_slots(*parts, std::move(slots));
  internal::write_info(files[kInfo].get(), parts->info);
  for (const File file : files_of(parts->role, parts->info)) {
    if (file >= kProducerLock) files[file] = make_memfd(options.name, file, 0);
    seal(files[file].get(), file);
  }
  keep_locks(*parts, files);
  parts->name = internal::ring_called(options.name);
  if (has_doorbell(parts->role, parts->info)) {
    DoorbellSockets made = make_doorbell();
    parts->hear(std::move(made.heard), true);
    parts->rope = std::move(made.rope);
  }
  internal::map_pages(*parts, files);
  internal::lock(*parts, options.lock_memory);
  return Region(std::move(parts));
}

void Region::send(int unix_socket, Role role) const {
  const Files& files = parts().files;
  if (!files[kInfo]) {
    throw std::logic_error(
        "send() of a region that is not a producer's memfd ring: make it with "
        "Region::memfd()");
  }
  Files narrowed;
  std::vector<int> sent;
  for (const File file : files_of(role, info())) {
    sent.push_back(files[file].get());
    // A lock through our own description would outlive the one who took it.
    const bool is_lock = file >= kProducerLock;
    if (is_lock || !internal::may_write(file, role, info())) {
      // A consumer of the same user may have changed its mode.
      if (is_lock) fchmod(sent.back(), internal::kMemfdLockMode);
      narrowed[file] = reopen(sent.back(), is_lock ? O_RDWR : O_RDONLY);
      sent.back() = narrowed[file].get();
    }
  }
  const std::array doorbell{parts().doorbell.get(), parts().rope.get()};
  sent.insert(sent.end(), doorbell.begin(),
              doorbell.begin() + doorbell_files(role, info()));
  internal::send_files(unix_socket, role, sent);
}

Region Region::receive(int unix_socket, Preference lock_memory) {
  internal::Received received = internal::receive_files(
      unix_socket, internal::kRegions.size(), kFileCount + 2);
  const hft_info info = internal::read_info(received.files[kInfo].get());
  const std::vector<File> expected = files_of(received.role, info);
  const std::size_t sockets = doorbell_files(received.role, info);
  if (received.files.size() != expected.size() + sockets) {
    throw InvalidRing(fmt::format(
        "not a usable ring: it came with {} descriptors, expected {} for its "
        "mode and role, {} of them a doorbell's: is the other end of another "
        "version?",
        received.files.size(), expected.size() + sockets, sockets));
  }
  const std::span doorbell = std::span(received.files).subspan(expected.size());
  Files files;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    files[expected[i]] = std::move(received.files[i]);
  }
  check_received(files, received.role, info);
  auto parts = internal::make_parts(info, received.role);
  parts->name = name_of(files[kInfo].get());
  keep_locks(*parts, files);
  for (const Descriptor& socket : doorbell) check_doorbell(socket);
  if (!doorbell.empty()) parts->hear(std::move(doorbell[0]), true);
  if (doorbell.size() > 1) parts->rope = std::move(doorbell[1]);
  internal::map_pages(*parts, files);
  internal::map_slots(*parts, files[kSlots].get());
  internal::lock(*parts, lock_memory);
  if (parts->role == Role::kProducer) parts->files = std::move(files);
  return Region(std::move(parts));
}

}  // namespace hft
