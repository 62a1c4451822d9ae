// SPDX-License-Identifier: MIT
// Rings in a BPF file system: a folder with a file for each map, and one that
// says who fills them.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "bpf/doorbells.hpp"
#include "bpf/maps.hpp"
#include "bpf/producers.hpp"
#include "hft/bpf.hpp"
#include "hft/clock.hpp"
#include "region_internal.hpp"

namespace hft::bpf {

using hft::internal::fail;

namespace {

constexpr const char* kBpffs = "/sys/fs/bpf";
constexpr mode_t kFolderMode = 0755;
constexpr mode_t kHalfMade = S_IRWXU;  // of a folder until all is in it
constexpr mode_t kRead = 0444;
constexpr mode_t kPrivate = 0600;
constexpr std::array kFiles = {"consumer", "slots", internal::kTurns,
                               internal::kBells, internal::kProducersFile};
constexpr const char* kDoorbells = "doorbells";  // a folder of its own
// A folder with nothing in it, which only the rings' owner can open and lock.
constexpr const char* kLock = "lock";
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

// The kernel maps a file shared only for who may write it; frozen slots no one
// can write all the same. So who may read may "write" them.
constexpr mode_t slots_mode(mode_t consumer_mode) {
  return (consumer_mode & kRead) | (consumer_mode & kRead) >> 1U;
}

bool is_bpffs(const std::string& path) {
  struct statfs found {};
  return statfs(path.c_str(), &found) == 0 &&
         static_cast<unsigned long>(found.f_type) == BPF_FS_MAGIC;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

void pin_file(int fd, const std::string& path, mode_t mode,
              const PinOptions& options) {
  if (bpf_obj_pin(fd, path.c_str()) != 0) {
    fail(errno, "pin " + path);
  }
  if (options.group &&
      chown(path.c_str(), static_cast<uid_t>(-1), *options.group) != 0) {
    fail(errno, fmt::format("give {} to group {}", path, *options.group));
  }
  if (chmod(path.c_str(), mode) != 0) {
    fail(errno, fmt::format("chmod {:o} {}", mode, path));
  }
}

Descriptor open_pin(const std::string& path) {
  Descriptor file(bpf_obj_get(path.c_str()));
  if (!file) {
    const char* hint = "";
    if (errno == EPERM) {
      hint =
          ": kernel.unprivileged_bpf_disabled does not permit it (before Linux "
          "5.19): let the loader send the rings over a Unix socket";
    } else if (errno == EACCES) {
      hint = ": the PinOptions of its loader decide who may";
    } else if (errno == ENOENT) {
      hint =
          ": no rings are pinned there: start their producer first (hft "
          "produce --pin, Rings::pin())";
    }
    fail(errno, fmt::format("open {}{}", path, hint));
  }
  return file;
}

std::string doorbell_file(std::size_t ring) {
  return fmt::format("{}/{}", kDoorbells, ring);
}

// One for each ring, or none: the files are numbered from 0.
std::vector<Descriptor> open_doorbells(const std::string& folder) {
  std::vector<Descriptor> opened;
  for (;;) {
    const std::string path =
        fmt::format("{}/{}", folder, doorbell_file(opened.size()));
    if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
      return opened;
    }
    opened.push_back(open_pin(path));
  }
}

// All that pin() makes in a folder; errors show when the folder is removed.
void remove_files(int folder) {
  for (const char* name : kFiles) {
    unlinkat(folder, name, 0);
  }
  for (std::size_t ring = 0;
       unlinkat(folder, doorbell_file(ring).c_str(), 0) == 0; ++ring) {
  }
  unlinkat(folder, kDoorbells, AT_REMOVEDIR);
  unlinkat(folder, kLock, AT_REMOVEDIR);
}

// "; it was last heard of 12 s ago", as far as that is known.
std::string when_heard(const std::string& folder) {
  try {
    const Rings rings = Rings::open(folder, Role::kObserver);
    if (const std::uint64_t heard = rings.last_heard(); heard != 0) {
      return fmt::format("; it was last heard of {} s ago",
                         (monotonic_now() - heard) / kNsPerSecond);
    }
  } catch (const std::exception&) {
    // There is nothing to add, then.
  }
  return {};
}

std::string expect_no_folder(const std::string& folder) {
  return fmt::format("pin rings at {}: expected no such directory", folder);
}

// The lock that a loader holds while it makes a folder; empty when it does not
// get it. Nobody else can take it: only root opens a folder that is half made.
Descriptor lock_half_made(const std::string& folder) {
  Descriptor lock(
      open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (lock && flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    lock = Descriptor();
  }
  return lock;
}

[[noreturn]] void fail_half_made(const std::string& expected) {
  fail(EEXIST, expected +
                   ", found one that another loader is creating: wait for it, "
                   "or use another");
}

// Removes a folder whose loader was killed while it made it.
void remove_half_made(const std::string& folder, const std::string& expected,
                      bool permitted) {
  const Descriptor lock = lock_half_made(folder);
  if (!lock) {
    fail_half_made(expected);
  }
  if (!permitted) {
    fail(EEXIST, expected +
                     ", found one whose loader was killed while it created it: "
                     "hft produce --replace, PinOptions::replace, removes it");
  }
  remove_files(lock.get());
  if (rmdir(folder.c_str()) != 0) {
    fail(errno, "remove the directory " + folder);
  }
}

// Removes what a producer that is gone has left there, and nothing else: of a
// folder that has taken its place meanwhile no file is touched.
void make_way(const std::string& folder, bool permitted) {
  const Descriptor there(
      open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Descriptor file(
      openat(there.get(), internal::kProducersFile, O_PATH | O_CLOEXEC));
  const std::string expected = expect_no_folder(folder);
  struct stat status;
  if (fstat(there.get(), &status) == 0 &&
      (status.st_mode & 07777) == kHalfMade) {
    remove_half_made(folder, expected, permitted);
    return;
  }
  internal::expect_gone(file, folder, expected, permitted);
  if (!permitted) {
    fail(EEXIST,
         fmt::format("{}, found rings whose producer is gone{}: hft produce "
                     "--continue, Rings::go_on(), continues with them; hft "
                     "produce --replace, PinOptions::replace, removes them",
                     expected, when_heard(folder)));
  }
  // Nobody begins to go on with them meanwhile.
  Descriptor lock;
  if (faccessat(there.get(), kLock, F_OK, 0) == 0) {
    lock = internal::lock_pin(there.get(), expected);
    internal::expect_gone(file, folder, expected, permitted);
  }
  remove_files(there.get());
  if (rmdir(folder.c_str()) != 0) {
    fail(errno, "remove the directory " + folder);
  }
}

void make_open_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), S_IRWXU) != 0 ||
      chmod(folder.c_str(), kFolderMode) != 0) {
    fail(errno, "create the directory " + folder);
  }
}

// What mkdir()'s error leaves open, beginning with a colon; empty for others.
std::string why_not_made(int error, const std::string& folder) {
  if (error == EPERM && folder.find('.') != std::string::npos) {
    return ": names in a BPF file system have no dots";
  }
  if (error == EROFS) {
    return ": its file system is mounted read-only; use one that is not, or "
           "mount it again (mount -o remount,rw)";
  }
  return {};
}

// Locked, as long as it is half made.
Descriptor make_folder(const std::string& folder, const PinOptions& options) {
  int made = mkdir(folder.c_str(), kHalfMade);
  if (made != 0 && errno == EEXIST) {
    make_way(folder, options.replace);
    made = mkdir(folder.c_str(), kHalfMade);
  }
  if (made != 0) {
    fail(errno, fmt::format("create the directory {}{}", folder,
                            why_not_made(errno, folder)));
  }
  // Until it is locked, another loader may take it for one left behind.
  Descriptor lock = lock_half_made(folder);
  struct stat status;
  if (!lock || fstat(lock.get(), &status) != 0 || status.st_nlink == 0) {
    fail_half_made(expect_no_folder(folder));
  }
  return lock;
}

// An absolute path, without slashes at its end, and without "." and "..".
std::string resolve(const std::string& folder) {
  std::error_code unresolved;  // where a directory on the way cannot be read
  std::filesystem::path found =
      std::filesystem::weakly_canonical(folder, unresolved);
  if (unresolved) found = std::filesystem::absolute(folder);
  std::string path = found.string();
  while (path.size() > 1 && path.ends_with('/')) {
    path.pop_back();
  }
  return path;
}

void expect_in_bpffs(const std::string& folder) {
  const std::string parent = parent_of(folder);
  if (is_bpffs(folder) && !is_bpffs(parent)) {
    fail(EINVAL,
         fmt::format("pin rings at {}: expected a directory in the BPF file "
                     "system, found the mount point itself: use {}/NAME",
                     folder, folder));
  }
  if (access(parent.c_str(), F_OK) != 0) {
    fail(errno, fmt::format("pin rings at {}: expected the directory {}, found "
                            "none: create it first (mkdir -p {})",
                            folder, parent, parent));
  }
  if (!is_bpffs(parent)) {
    fail(EINVAL,
         fmt::format("pin rings at {}: expected {} in a BPF file system, such "
                     "as {} once it is mounted (mount -t bpf bpf {})",
                     folder, parent, kBpffs, kBpffs));
  }
}

}  // namespace

Descriptor internal::lock_pin(int folder, const std::string& expected) {
  Descriptor lock(
      openat(folder, kLock, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!lock) {
    fail(errno, expected + ": open its lock");
  }
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    fail(errno == EWOULDBLOCK ? EEXIST : errno,
         expected +
             ", found another loader that continues or replaces the rings: end "
             "it, or use another directory");
  }
  return lock;
}

void mount_bpffs() {
  if (is_bpffs(kBpffs)) {
    return;
  }
  if (mount("bpf", kBpffs, "bpf", 0, "mode=0755") != 0) {
    fail(errno, fmt::format("expected a BPF file system at {}, found none; as "
                            "root run: mount -t bpf bpf {}",
                            kBpffs, kBpffs));
  }
}

void Rings::pin(const std::string& folder, const PinOptions& options) const {
  const std::string path = resolve(folder);
  if (path.starts_with(std::string(kBpffs) + '/')) {
    mount_bpffs();
  }
  expect_in_bpffs(path);
  const Descriptor lock = make_folder(path, options);
  try {
    if (const Descriptor link = internal::attach_producers(slots_.get())) {
      pin_file(link.get(), path + '/' + internal::kProducersFile,
               options.consumer_mode & kRead, options);
    }
    pin_file(slots_.get(), path + "/slots", slots_mode(options.consumer_mode),
             options);
    pin_file(consumers_.get(), path + "/consumer", options.consumer_mode,
             options);
    if (mkdir((path + '/' + kLock).c_str(), S_IRWXU) != 0) {
      fail(errno, "make the lock of " + path);
    }
    if (turns_) {
      // For the next loader alone: nobody else has a use for them.
      pin_file(turns_.get(), path + '/' + internal::kTurns, kPrivate, {});
      pin_file(bells_.get(), path + '/' + internal::kBells, kPrivate, {});
    }
    if (!doorbells_.empty()) {
      make_open_folder(path + '/' + kDoorbells);
    }
    for (std::size_t ring = 0; ring < doorbells_.size(); ++ring) {
      pin_file(doorbells_[ring]->fd(), path + '/' + doorbell_file(ring),
               options.consumer_mode, options);
    }
  } catch (const std::system_error&) {
    unpin(path);
    throw;
  }
  // Others see it only now that all is in it.
  if (chmod(path.c_str(), kFolderMode) != 0) {
    fail(errno, "open the directory " + path);
  }
}

void Rings::unpin(const std::string& folder) {
  {
    const Descriptor there(
        ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (there && !is_bpffs(folder)) {
      fail(EINVAL, fmt::format("unpin {}: expected a directory of a BPF file "
                               "system, found another one",
                               folder));
    }
    remove_files(there.get());
  }
  if (rmdir(folder.c_str()) != 0) {
    fail(errno, "remove the directory " + folder);
  }
}

Rings Rings::open(const std::string& folder, Role role) {
  Descriptor consumers;
  std::vector<Descriptor> doorbells;
  if (role == Role::kConsumer) {
    consumers = open_pin(folder + "/consumer");
    doorbells = open_doorbells(folder);
  }
  Rings rings(open_pin(folder + "/slots"), std::move(consumers),
              internal::as_doorbells(std::move(doorbells)));
  rings.producers_ = Descriptor(::open(
      (folder + '/' + internal::kProducersFile).c_str(), O_PATH | O_CLOEXEC));
  return rings;
}

bool Rings::producer_gone() const {
  return producers_ && internal::producers_of(producers_.get()) == "";
}

std::uint64_t Rings::last_heard() const {
  std::uint64_t last = 0;
  for (std::uint32_t ring = 0; ring < count_; ++ring) {
    const Mapping page(
        slots_.get(), ring * internal::ring_bytes(info_.slots_bytes) + HFT_PAGE,
        HFT_PAGE, Rights::kRead);
    const std::uint64_t heard = __atomic_load_n(
        &page.as<const hft_producer_page>()->heartbeat, __ATOMIC_RELAXED);
    last = std::max(last, heard);
  }
  return last;
}

}  // namespace hft::bpf
