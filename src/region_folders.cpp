// SPDX-License-Identifier: MIT
#include "region_folders.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <system_error>

#include "hft/detail/owner.hpp"
#include "region_internal.hpp"

namespace hft::internal {
namespace {

constexpr std::string_view kShm = "/dev/shm";
// Rings begin with "hft.": no name is another's temporary one.
constexpr std::string_view kTemporary = ".hft.";

// Only a maker of our pid namespace can be asked whether it lives.
std::uint64_t pid_namespace() {
  struct stat status;
  return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

// /dev/shm/.hft.NAME.NAMESPACE.MAKER.COUNT
std::string temporary_path(std::string_view name) {
  static std::atomic<unsigned> count{0};
  return fmt::format("{}/{}{}.{:x}.{:x}.{:x}", kShm, kTemporary, name,
                     pid_namespace(), own_identity(), count++);
}

// The last number of a dotted name, which it loses.
std::optional<std::uint64_t> cut_number(std::string_view& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view digits = name.substr(dot + 1);
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  name = name.substr(0, dot);
  return value;
}

bool is_left_behind(std::string_view name) {
  if (!name.starts_with(kTemporary)) return false;
  const auto count = cut_number(name);
  const auto maker = cut_number(name);
  const auto maker_namespace = cut_number(name);
  return count && maker && maker_namespace == pid_namespace() &&
         !is_alive(*maker);
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
    if (!is_left_behind(entry.path().filename().native())) continue;
    const Descriptor folder = open_folder(path);
    struct stat status;
    if (folder && fstat(folder.get(), &status) == 0 &&
        status.st_uid == geteuid()) {
      erase_ring(path, folder);
    }
  }
}

}  // namespace

std::string folder_path(std::string_view name) {
  return fmt::format("{}/hft.{}", kShm, name);
}

PendingFolder::PendingFolder(std::string_view name)
    : name_(name), temporary_(temporary_path(name)) {
  sweep();
  // For no one else until it is whole, and for us whatever the umask.
  if (mkdir(temporary_.c_str(), 0700) != 0 ||
      chmod(temporary_.c_str(), 0700) != 0) {
    fail(errno,
         fmt::format("create the directory {}: is a tmpfs mounted at {}?",
                     temporary_, kShm));
  }
  folder_ = open_folder(temporary_);
  if (!folder_) {
    const int error = errno;
    rmdir(temporary_.c_str());
    fail(error, "open the directory " + temporary_);
  }
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
  if (rename(path.c_str(), temporary.c_str()) != 0) {
    fail(errno, fmt::format("remove ring {}: only its owner may remove {}",
                            name, path));
  }
  if (!erase_ring(temporary, folder)) {
    fail(errno, fmt::format("remove the directory {}: it holds more than a "
                            "ring; look at it, and remove it by hand",
                            temporary));
  }
}

}  // namespace hft::internal
