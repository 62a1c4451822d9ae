// SPDX-License-Identifier: MIT
// What a file of /proc or /sys says.
//
//   const std::string stat = hft::read_proc_file("/proc/self/stat");
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "hft/descriptor.hpp"

namespace hft {

/// The whole content. Throws std::system_error, which names the file.
inline std::string read_proc_file(const std::string& file) {
  const auto fail = [&] {
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("cannot read {}", file));
  };
  const Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened) {
    fail();
  }
  constexpr std::size_t kPiece = 1 << 16;
  std::string content;
  for (;;) {
    const std::size_t size = content.size();
    content.resize(size + kPiece);
    const ssize_t got = read(opened.get(), content.data() + size, kPiece);
    content.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0) {
      return content;
    }
    if (got < 0 && errno != EINTR) {
      fail();
    }
  }
}

}  // namespace hft
