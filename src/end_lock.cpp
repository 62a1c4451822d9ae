// SPDX-License-Identifier: MIT
#include "end_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "fail.hpp"

namespace hft::internal {

Descriptor open_lock(Parts& parts, File lock) {
  const Descriptor& held = lock_of(parts, lock);
  if (!held) return {};
  // Its name may be gone or another ring's by now.
  Descriptor opened(open(fmt::format("/proc/self/fd/{}", held.get()).c_str(),
                         O_WRONLY | O_CLOEXEC));
  // A /proc of another pid namespace knows nothing of us.
  if (!opened && parts.folder) {
    opened = Descriptor(openat(parts.folder.get(), kFileNames[lock],
                               O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!opened) {
    fail(errno,
         fmt::format("open the {} of a ring through /proc/self/fd: mount "
                     "the /proc of this pid namespace",
                     kFileNames[lock]));
  }
  return opened;
}

}  // namespace hft::internal
