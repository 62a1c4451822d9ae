// SPDX-License-Identifier: MIT
#include "region_folders.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "duplicate.hpp"
#include "region_internal.hpp"

namespace hft::internal {
namespace {

constexpr std::string_view kShm = "/dev/shm";
// Rings begin with "hft.": no name is another's temporary one.
constexpr std::string_view kTemporary = ".hft.";

// /dev/shm/.hft.NAME.RANDOM: no process of another pid namespace has the same.
std::string temporary_path(std::string_view name) {
  std::uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random) {
    fail(errno, "ask the kernel for a random number");
  }
  return fmt::format("{}/{}{}.{:016x}", kShm, kTemporary, name, random);
}

// Whoever makes or removes a folder has it locked until it is done or dead,
// in whatever pid namespace.
bool try_to_lock(const Descriptor& folder) {
  if (flock(folder.get(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) fail(errno, "lock the directory of a ring");
  return false;
}

bool is_removed(const Descriptor& folder) {
  struct stat status;
  return fstat(folder.get(), &status) == 0 && status.st_nlink == 0;
}

// Whether a folder is what the path leads to.
bool is_at(const std::string& path, const Descriptor& folder) {
  struct stat there;
  struct stat ours;
  return lstat(path.c_str(), &there) == 0 && fstat(folder.get(), &ours) == 0 &&
         there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

[[noreturn]] void fail_removed(std::string_view name, const std::string& path) {
  fail(ENOENT, fmt::format("remove ring {}: another process has removed {} "
                           "meanwhile",
                           name, path));
}

Descriptor open_folder(const std::string& path) {
  return Descriptor(
      open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Nothing but what a ring is made of, and no links followed: what stands there
// may be anyone's.
bool erase_ring(const std::string& path, const Descriptor& folder) {
  for (const char* file : kFileNames) {
    unlinkat(folder.get(), file, 0);
  }
  unlinkat(folder.get(), kDoorbellName, 0);
  return rmdir(path.c_str()) == 0;
}

void sweep() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(kShm, ignored)) {
    const std::string& path = entry.path().native();
    if (!entry.path().filename().native().starts_with(kTemporary)) continue;
    const Descriptor folder = open_folder(path);
    struct stat status;
    if (folder && fstat(folder.get(), &status) == 0 &&
        status.st_uid == geteuid() && try_to_lock(folder)) {
      erase_ring(path, folder);
    }
  }
}

}  // namespace

std::string folder_path(std::string_view name) {
  return fmt::format("{}/hft.{}", kShm, name);
}

PendingFolder::PendingFolder(std::string_view name) : name_(name) {
  sweep();
  // Another sweeper may come between making the folder and locking it.
  do {
    temporary_ = temporary_path(name);
    // For no one else until it is whole, and for us whatever the umask.
    if (mkdir(temporary_.c_str(), 0700) != 0 ||
        (chmod(temporary_.c_str(), 0700) != 0 && errno != ENOENT)) {
      fail(errno,
           fmt::format("create the directory {}: is a tmpfs mounted at {}?",
                       temporary_, kShm));
    }
    folder_ = open_folder(temporary_);
    if (!folder_ && errno != ENOENT) {
      const int error = errno;
      rmdir(temporary_.c_str());
      fail(error, "open the directory " + temporary_);
    }
  } while (!folder_ || !try_to_lock(folder_) || is_removed(folder_));
}

PendingFolder::~PendingFolder() {
  if (!temporary_.empty()) erase_ring(temporary_, folder_);
}

Descriptor PendingFolder::make(const char* file, std::uint64_t bytes,
                               mode_t mode) const {
  Descriptor made(openat(folder_.get(), file,
                         O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         0600));
  if (!made || fchmod(made.get(), mode) != 0 ||
      ftruncate(made.get(), static_cast<off_t>(bytes)) != 0) {
    fail(errno,
         fmt::format("create {}/{} of {} bytes", temporary_, file, bytes));
  }
  return made;
}

Descriptor PendingFolder::make_doorbell(mode_t mode) const {
  Descriptor made;
  // Whatever the umask, it opens for us; then its mode is the one asked for.
  if (mkfifoat(folder_.get(), kDoorbellName, 0600) == 0 &&
      fchmodat(folder_.get(), kDoorbellName, 0600, 0) == 0) {
    made = Descriptor(openat(folder_.get(), kDoorbellName,
                             O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!made || fchmod(made.get(), mode) != 0) {
    fail(errno,
         fmt::format("create the pipe {}/{}", temporary_, kDoorbellName));
  }
  return made;
}

void PendingFolder::reserve(const Descriptor& file, std::uint64_t bytes) const {
  int result;
  do {
    result = fallocate(file.get(), 0, 0, static_cast<off_t>(bytes));
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    fail(errno, fmt::format("{} bytes for ring {}: use fewer records, or make "
                            "room in {} (df {})",
                            bytes, name_, kShm, kShm));
  }
}

Descriptor PendingFolder::descriptor() const {
  return duplicate(folder_.get());
}

void PendingFolder::finish() {
  const std::string path = folder_path(name_);
  if (fchmod(folder_.get(), 0755) != 0 ||
      renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path.c_str(),
                RENAME_NOREPLACE) != 0) {
    fail(errno, errno == EEXIST
                    ? fmt::format("ring {} exists as {}: attach to it with "
                                  "Region::attach(), or free the name with "
                                  "Region::remove()",
                                  name_, path)
                    : fmt::format("rename {} to {}", temporary_, path));
  }
  temporary_.clear();
  flock(folder_.get(), LOCK_UN);
}

void remove_folder(std::string_view name) {
  const std::string path = folder_path(name);
  const Descriptor folder = open_folder(path);
  if (!folder) {
    fail(errno, fmt::format("remove ring {}: open {}", name, path));
  }
  // Renamed first: the name is free at once, and should we be killed, the next
  // creator sweeps the rest.
  const std::string temporary = temporary_path(name);
  // Another remover has it for a moment; but any user may have it for ever.
  constexpr int kTries = 1000;
  constexpr useconds_t kPause = 1000;  // us
  for (int i = 0; i < kTries && !try_to_lock(folder); ++i) usleep(kPause);
  if (!is_at(path, folder)) fail_removed(name, path);
  if (rename(path.c_str(), temporary.c_str()) != 0) {
    const int error = errno;
    const bool forbidden = error == EPERM || error == EACCES;
    fail(error,
         fmt::format("remove ring {}: {} {}", name,
                     forbidden ? "only its owner may remove" : "rename", path));
  }
  // Another one's by that name, made since: give it back its name.
  if (!is_at(temporary, folder)) {
    renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(),
              RENAME_NOREPLACE);
    fail_removed(name, path);
  }
  if (!erase_ring(temporary, folder) && errno != ENOENT) {
    fail(errno, fmt::format("remove the directory {}: it holds more than a "
                            "ring; look at it, and remove it by hand",
                            temporary));
  }
}

}  // namespace hft::internal
