// SPDX-License-Identifier: MIT
// Regions by name: a folder in /dev/shm, of four files and, in drop mode, a
// pipe.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "hft/validate.hpp"
#include "region_folders.hpp"
#include "region_internal.hpp"

namespace hft {

using enum internal::File;
using internal::fail;
using internal::File;
using internal::Files;
using internal::kDoorbellName;
using internal::kFileNames;

namespace {

mode_t mode_of(File file, const RegionOptions& options) {
  switch (file) {
    case kConsumer:
      return options.consumer_mode;
    case kSlots:
      return options.writable_slots ? 0644 | (options.consumer_mode & 0022)
                                    : 0644;
    // Who may only look can neither take the lock nor stop another from taking
    // it: to read is to write.
    case kProducerLock:
      return 0600;
    case kConsumerLock: {
      const mode_t write = options.consumer_mode & 0022;
      return 0600 | write | write << 1U;
    }
    default:
      return 0644;
  }
}

// A ring to attach to: its folder, opened and found trustworthy.
class Folder {
 public:
  Folder(std::string_view name, const AttachOptions& options)
      : path_(internal::folder_path(name)),
        folder_(open(path_.c_str(),
                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {
    struct stat status;
    if (!folder_ || fstat(folder_.get(), &status) != 0) {
      fail(errno,
           fmt::format("attach to {}: start the producer of ring {} first",
                       path_, name));
    }
    owner_ = status.st_uid;
    if (owner_ != options.owner && !internal::is_mapped(owner_)) {
      fail(EPERM,
           fmt::format("attach to {}: it belongs to a user that this user "
                       "namespace does not know (shown as {}), expected root "
                       "or user {}; use a memfd ring, or map that user",
                       path_, owner_, geteuid()));
    }
    if (owner_ != geteuid() && owner_ != 0 && owner_ != options.owner) {
      fail(EPERM,
           fmt::format(
               "attach to {}: it belongs to user {}, expected root or user {}; "
               "if you trust that user, name it in AttachOptions.owner",
               path_, owner_, geteuid()));
    }
    if ((status.st_mode & 0022) != 0) {
      throw InvalidRing(
          fmt::format("{}: others may write to it (mode {:o}), "
                      "expected 755: remove it",
                      path_, status.st_mode & 07777));
    }
  }

  [[nodiscard]] std::string path(const char* file) const {
    return fmt::format("{}/{}", path_, file);
  }

  // Empty when the rights do not allow it.
  [[nodiscard]] Descriptor try_open(File file, bool write) const {
    Descriptor opened = open_file(kFileNames[file], write);
    if (opened) {
      expect_type(kFileNames[file], opened, S_IFREG, "a regular file");
    } else if (errno != EACCES) {
      fail(errno, "open " + path(kFileNames[file]) + when_gone(errno));
    }
    return opened;
  }

  [[nodiscard]] Descriptor open_or_throw(File file, bool write) const {
    Descriptor opened = try_open(file, write);
    if (!opened) fail_to_open(kFileNames[file], write);
    return opened;
  }

  // For the locks of its rings, as long as these are attached.
  [[nodiscard]] Descriptor release() && { return std::move(folder_); }

  [[nodiscard]] Descriptor open_doorbell() const {
    // To write as well: a pipe that nobody can write to counts as readable.
    Descriptor opened = open_file(kDoorbellName, true);
    if (opened) {
      expect_type(kDoorbellName, opened, S_IFIFO, "a pipe");
    } else if (errno == EACCES) {
      fail_to_open(kDoorbellName, true);
    } else {
      fail(errno, "open " + path(kDoorbellName) + when_gone(errno));
    }
    return opened;
  }

  // Name the file in what is found wrong with it.
  template <typename Check>
  auto checked(File file, Check check) const {
    try {
      return check();
    } catch (const InvalidRing& error) {
      throw InvalidRing(
          fmt::format("{}: {}", path(kFileNames[file]), error.what()));
    }
  }

 private:
  [[nodiscard]] Descriptor open_file(const char* file, bool write) const {
    // O_NONBLOCK: do not wait for who writes to a pipe, and never for the pipe.
    return Descriptor(openat(
        folder_.get(), file,
        (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  }

  static const char* when_gone(int error) {
    return error == ENOENT
               ? ": the ring is being removed, or somebody has removed this "
                 "file of it: remove the ring"
               : "";
  }

  void expect_type(const char* file, const Descriptor& opened, mode_t type,
                   const char* expected) const {
    struct stat status;
    if (fstat(opened.get(), &status) != 0) fail(errno, "fstat " + path(file));
    if ((status.st_mode & S_IFMT) != type || status.st_uid != owner_) {
      throw InvalidRing(fmt::format(
          "{}: expected {} of user {}, found one of user {} and mode {:o}: "
          "remove the ring",
          path(file), expected, owner_, status.st_uid, status.st_mode));
    }
  }

  [[noreturn]] void fail_to_open(const char* file, bool write) const {
    struct stat status {};
    const bool known =
        fstatat(folder_.get(), file, &status, AT_SYMLINK_NOFOLLOW) == 0;
    std::string advice =
        "create the ring with a consumer_mode that admits this user, such as "
        "0666, or 0660 for a group";
    if (std::string_view(file).starts_with(kFileNames[kProducer])) {
      advice = fmt::format("only user {}, who created the ring, may produce",
                           owner_);
    } else if (known && (status.st_mode & 0006) == 0006) {
      advice = fmt::format(
          "its mode, {:o}, admits everyone: a security module forbids it",
          status.st_mode & 07777);
    }
    fail(EACCES, fmt::format("open {} to {}: {}", path(file),
                             write ? "read and write" : "read", advice));
  }

  std::string path_;
  Descriptor folder_;
  uid_t owner_ = 0;
};

}  // namespace

Region Region::create(std::string_view name, const Geometry& geometry,
                      const Options& options) {
  internal::check_name(name);
  auto parts = internal::make_parts(
      internal::make_info(geometry, options.writable_slots), Role::kProducer);
  internal::PendingFolder folder(name);
  parts->name = internal::ring_called(name);
  Files files;
  for (const File file : internal::kRegions) {
    files[file] =
        folder.make(kFileNames[file], internal::bytes_of(file, parts->info),
                    mode_of(file, options));
  }
  for (const File lock : internal::kLocks) {
    if (!internal::may_write(lock, parts->role, parts->info)) continue;
    internal::lock_of(*parts, lock) =
        folder.make(kFileNames[lock], 0, mode_of(lock, options));
  }
  parts->folder = folder.descriptor();
  if (internal::has_doorbell(parts->role, parts->info)) {
    parts->hear(folder.make_doorbell(options.consumer_mode));
  }
  const std::uint64_t bytes = geometry.slots_bytes();
  internal::Backed slots = internal::back(
      bytes, options.huge_pages,
      // The pool's pages cannot be had in /dev/shm, transparent ones can.
      []() -> Mapping { fail(EOPNOTSUPP, "pages of the pool by name"); },
      [&](FaultIn when) {
        return Mapping(files[kSlots].get(), 0, bytes, Rights::kReadWrite, when);
      });
  internal::map_new_slots(*parts, std::move(slots));
  for (const File file : internal::kRegions) {
    folder.reserve(files[file], internal::bytes_of(file, parts->info));
  }
  internal::map_pages(*parts, files);
  internal::lock(*parts, options.lock_memory);
  internal::write_info(files[kInfo].get(), parts->info);
  folder.finish();
  return Region(std::move(parts));
}

Region Region::attach(std::string_view name, Role role,
                      const AttachOptions& options) {
  internal::check_name(name);
  Folder folder(name, options);
  Files files;
  files[kInfo] = folder.open_or_throw(kInfo, false);
  const hft_info info = folder.checked(
      kInfo, [&] { return internal::read_info(files[kInfo].get()); });
  auto parts = internal::make_parts(info, role);
  for (const File file : {kProducer, kConsumer, kSlots}) {
    const bool write = internal::may_write(file, role, info);
    if (file == kConsumer && !write && info.mode == HFT_MODE_OVERWRITE) {
      continue;
    }
    // A consumer that may write slots does without where their mode forbids.
    const bool optional = file == kSlots && role == Role::kConsumer;
    if (write && optional) files[file] = folder.try_open(file, true);
    if (!files[file]) {
      files[file] = folder.open_or_throw(file, write && !optional);
    }
    folder.checked(
        file, [&] { internal::check_size(files[file].get(), file, info); });
  }
  internal::map_pages(*parts, files);
  internal::map_slots(*parts, files[kSlots].get());
  if (internal::has_doorbell(role, info)) parts->hear(folder.open_doorbell());
  for (const File lock : internal::kLocks) {
    if (internal::may_write(lock, role, info)) {
      internal::lock_of(*parts, lock) = folder.open_or_throw(lock, true);
    }
  }
  parts->name = internal::ring_called(name);
  parts->folder = std::move(folder).release();
  internal::lock(*parts, options.lock_memory);
  return Region(std::move(parts));
}

void Region::remove(std::string_view name) {
  internal::check_name(name);
  internal::remove_folder(name);
}

}  // namespace hft
