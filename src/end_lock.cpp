// SPDX-License-Identifier: MIT
#include "end_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "fail.hpp"

namespace hft::internal {
namespace {

const char* advice(int error) {
  switch (error) {
    case ENOENT:
      return ": is there the /proc of this pid namespace, and is the "
             "descriptor open?";
    case EACCES:
      return ": this user may not open it; take the end before giving up "
             "privileges";
    case EMFILE:
      return ": raise `ulimit -n`";
    default:
      return "";
  }
}

}  // namespace

Descriptor open_lock(Parts& parts, File lock) {
  const Descriptor& held = lock_of(parts, lock);
  if (!held) return {};
  const std::string path = fmt::format("/proc/self/fd/{}", held.get());
  const auto try_to_open = [&] {
    return Descriptor(open(path.c_str(), O_RDWR | O_CLOEXEC));
  };
  // Its name may be gone or another ring's by now.
  Descriptor opened = try_to_open();
  // A process of the same user may have changed the mode of a memfd.
  if (!opened && errno == EACCES && !parts.folder &&
      fchmod(held.get(), kMemfdLockMode) == 0) {
    opened = try_to_open();
  }
  // A /proc of another pid namespace knows nothing of us.
  if (!opened && errno == ENOENT && parts.folder) {
    opened = Descriptor(openat(parts.folder.get(), kFileNames[lock],
                               O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!opened) {
    const int error = errno;
    fail(error, fmt::format("open {}, the {} of a ring{}", path,
                            kFileNames[lock], advice(error)));
  }
  return opened;
}

}  // namespace hft::internal
