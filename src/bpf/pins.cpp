// SPDX-License-Identifier: MIT
// Rings in a BPF file system: a folder with a file for each map.
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "hft/bpf.hpp"
#include "region_internal.hpp"

namespace hft::bpf {

using hft::internal::fail;

namespace {

constexpr const char* kBpffs = "/sys/fs/bpf";
constexpr mode_t kFolderMode = 0755;

// The kernel maps a file shared only for who may write it; frozen slots no one
// can write all the same. So who may read may "write" them.
constexpr mode_t slots_mode(mode_t consumer_mode) {
  constexpr mode_t kRead = 0444;
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

void pin_map(int fd, const std::string& path, mode_t mode,
             const PinOptions& options) {
  if (bpf_obj_pin(fd, path.c_str()) != 0) {
    fail(errno, "pin a map as " + path);
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
      hint = ": there are no rings pinned";
    }
    fail(errno, fmt::format("open {}{}", path, hint));
  }
  return file;
}

}  // namespace

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
  if (mkdir(folder.c_str(), S_IRWXU) != 0) {
    fail(errno, "make the folder " + folder);
  }
  try {
    pin_map(slots_.get(), folder + "/slots", slots_mode(options.consumer_mode),
            options);
    pin_map(consumers_.get(), folder + "/consumer", options.consumer_mode,
            options);
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
  for (const char* file : {"/consumer", "/slots"}) {
    unlink((folder + file).c_str());
  }
  if (rmdir(folder.c_str()) != 0) {
    fail(errno, "remove the folder " + folder);
  }
}

Rings Rings::open(const std::string& folder, Role role) {
  Descriptor consumers;
  if (role == Role::kConsumer) {
    consumers = open_pin(folder + "/consumer");
  }
  return {open_pin(folder + "/slots"), std::move(consumers)};
}

}  // namespace hft::bpf
