// SPDX-License-Identifier: MIT
#include "lab/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "error.hpp"
#include "hft/descriptor.hpp"

namespace hft::lab {
namespace {

[[noreturn]] void fail(int error, std::string_view verb,
                       const std::filesystem::path& file) {
  throw std::system_error(error, std::generic_category(),
                          fmt::format("cannot {} {}", verb, file.string()));
}

[[noreturn]] void fail_reading(int error, const std::filesystem::path& file) {
  throw tools::DataError(fmt::format("cannot read {}: {}", file.string(),
                                     std::generic_category().message(error)));
}

void write_all(int fd, std::string_view content,
               const std::filesystem::path& file) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      fail(errno, "write", file);
    }
  }
}

// A file under a temporary name, which is gone again unless it was renamed.
class PendingFile {
 public:
  explicit PendingFile(const std::filesystem::path& target)
      : target_(target),
        name_(fmt::format("{}.{}.tmp", target.string(), getpid())),
        fd_(open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                 0666)) {
    if (fd_ < 0) fail(errno, "create", target_);
  }
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile() {
    if (fd_ >= 0) close(fd_);
    if (!name_.empty()) unlink(name_.c_str());
  }

  void finish(std::string_view content) {
    write_all(fd_, content, target_);
    // A full disk may show only now.
    if (fsync(fd_) != 0 && errno != EINVAL) fail(errno, "write", target_);
    const int closed = close(fd_);
    fd_ = -1;
    if (closed != 0) fail(errno, "write", target_);
    if (rename(name_.c_str(), target_.c_str()) != 0) {
      fail(errno, "write", target_);
    }
    name_.clear();
  }

 private:
  std::filesystem::path target_;
  std::string name_;
  int fd_;
};

// A device, a FIFO or a socket: it can be written, and must not be replaced.
bool is_special(const std::filesystem::path& file) {
  struct stat status {};
  return stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode) &&
         !S_ISDIR(status.st_mode);
}

void write_special(const std::filesystem::path& file,
                   std::string_view content) {
  const Descriptor opened(open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!opened) fail(errno, "write", file);
  write_all(opened.get(), content, file);
}

// The file that a symlink points to, which need not exist.
std::filesystem::path follow(std::filesystem::path file) {
  constexpr int kLinks = 40;  // as many as the kernel follows
  for (int links = 0; std::filesystem::is_symlink(file); ++links) {
    if (links == kLinks) fail(ELOOP, "write", file);
    file = file.parent_path() / std::filesystem::read_symlink(file);
  }
  return file;
}

}  // namespace

void write_file(const std::filesystem::path& file, std::string_view content) {
  if (is_special(file)) {
    write_special(file, content);
    return;
  }
  PendingFile pending(follow(file));
  pending.finish(content);
}

std::string read_file(const std::filesystem::path& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail_reading(errno, file);
  std::string content;
  char buffer[1 << 16];
  ssize_t got;
  while ((got = read(fd, buffer, sizeof buffer)) != 0) {
    if (got > 0) {
      content.append(buffer, static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      const int error = errno;
      close(fd);
      fail_reading(error, file);
    }
  }
  close(fd);
  return content;
}

}  // namespace hft::lab
