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
          ": kernel.unprivileged_bpf_disabled keeps you out (before Linux "
          "5.19): have the rings sent over a Unix socket";
    } else if (errno == EACCES) {
      hint = ": PinOptions of its loader say who may";
    } else if (errno == ENOENT) {
      hint =
          ": there are no rings pinned: their producer has to pin them first "
          "(hft produce --pin, Rings::pin())";
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

// Removes what a producer that is gone has left there, and nothing else: of a
// folder that has taken its place meanwhile no file is touched.
void make_way(const std::string& folder, bool permitted) {
  const Descriptor there(
      open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Descriptor file(
      openat(there.get(), internal::kProducersFile, O_PATH | O_CLOEXEC));
  const std::string expected =
      fmt::format("pin rings at {}: expected no such folder", folder);
  struct stat status;
  if (!file && fstat(there.get(), &status) == 0 &&
      (status.st_mode & 07777) == S_IRWXU) {
    fail(EEXIST,
         fmt::format("{}, found one that another loader makes at this moment: "
                     "wait for it, or take another; if it stays as it is, that "
                     "loader was killed: rm -r {}",
                     expected, folder));
  }
  internal::expect_gone(file, folder, expected, permitted);
  if (!permitted) {
    fail(EEXIST,
         fmt::format("{}, found rings whose producer is gone{}: hft produce "
                     "--continue, Rings::go_on(), goes on with them; hft "
                     "produce --replace, PinOptions::replace, removes them",
                     expected, when_heard(folder)));
  }
  // Nobody begins to go on with them meanwhile. Where there is no lock yet,
  // their loader was killed while it pinned them.
  Descriptor lock;
  if (faccessat(there.get(), kLock, F_OK, 0) == 0) {
    lock = internal::lock_pin(there.get(), expected);
    internal::expect_gone(file, folder, expected, permitted);
  }
  remove_files(there.get());
  if (rmdir(folder.c_str()) != 0) {
    fail(errno, "remove the folder " + folder);
  }
}

void make_open_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), S_IRWXU) != 0 ||
      chmod(folder.c_str(), kFolderMode) != 0) {
    fail(errno, "make the folder " + folder);
  }
}

void make_folder(const std::string& folder, const PinOptions& options) {
  int made = mkdir(folder.c_str(), S_IRWXU);
  if (made != 0 && errno == EEXIST) {
    make_way(folder, options.replace);
    made = mkdir(folder.c_str(), S_IRWXU);
  }
  if (made != 0) {
    const bool dotted = errno == EPERM && folder.find('.') != std::string::npos;
    fail(errno,
         fmt::format("make the folder {}{}", folder,
                     dotted ? ": no name in a BPF file system has a dot" : ""));
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
             ", found that another loader goes on with the rings, or replaces "
             "them: end it, or take another folder");
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
  const std::string parent = parent_of(folder);
  if (parent == kBpffs) {
    mount_bpffs();
  }
  if (!is_bpffs(parent)) {
    fail(EINVAL,
         fmt::format("pin rings at {}: expected {} in a BPF file system, as "
                     "{} is when mounted (mount -t bpf bpf {})",
                     folder, parent, kBpffs, kBpffs));
  }
  make_folder(folder, options);
  try {
    // First: whoever is killed while pinning leaves what can be replaced.
    if (const Descriptor link = internal::attach_producers(slots_.get())) {
      pin_file(link.get(), folder + '/' + internal::kProducersFile,
               options.consumer_mode & kRead, options);
    }
    pin_file(slots_.get(), folder + "/slots", slots_mode(options.consumer_mode),
             options);
    pin_file(consumers_.get(), folder + "/consumer", options.consumer_mode,
             options);
    if (mkdir((folder + '/' + kLock).c_str(), S_IRWXU) != 0) {
      fail(errno, "make the lock of " + folder);
    }
    if (turns_) {
      // For the next loader alone: nobody else has a use for them.
      pin_file(turns_.get(), folder + '/' + internal::kTurns, kPrivate, {});
      pin_file(bells_.get(), folder + '/' + internal::kBells, kPrivate, {});
    }
    if (!doorbells_.empty()) {
      make_open_folder(folder + '/' + kDoorbells);
    }
    for (std::size_t ring = 0; ring < doorbells_.size(); ++ring) {
      pin_file(doorbells_[ring]->fd(), folder + '/' + doorbell_file(ring),
               options.consumer_mode, options);
    }
  } catch (const std::system_error&) {
    unpin(folder);
    throw;
  }
  // Others see it only now that all is in it.
  if (chmod(folder.c_str(), kFolderMode) != 0) {
    fail(errno, "open the folder " + folder);
  }
}

void Rings::unpin(const std::string& folder) {
  {
    const Descriptor there(
        ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    remove_files(there.get());
  }
  if (rmdir(folder.c_str()) != 0) {
    fail(errno, "remove the folder " + folder);
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
