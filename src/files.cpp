// SPDX-License-Identifier: MIT
// Files of results: written whole or not at all, and samples as CSV.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "hft/descriptor.hpp"
#include "hft/results.hpp"

namespace hft {
namespace {

constexpr std::string_view kCsvHeader = "sample,latency";

[[noreturn]] void fail(int error, std::string_view verb,
                       const std::filesystem::path& file) {
  throw std::system_error(error, std::generic_category(),
                          fmt::format("cannot {} {}", verb, file.string()));
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

[[noreturn]] void fail_line(const std::filesystem::path& file, std::size_t line,
                            const std::string& expected,
                            std::string_view found) {
  throw ResultsError(fmt::format(
      "{}:{}: expected {}, found \"{}\": the file was cut or edited; measure "
      "again with `hft bench`",
      file.string(), line, expected, found.substr(0, 60)));
}

// "INDEX,LATENCY", nothing before, between or after.
bool parse_row(std::string_view row, std::uint64_t& index,
               std::uint64_t& latency) {
  const char* end = row.data() + row.size();
  const auto first = std::from_chars(row.data(), end, index);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ',') {
    return false;
  }
  const auto second = std::from_chars(first.ptr + 1, end, latency);
  return second.ec == std::errc() && second.ptr == end;
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
  if (fd < 0) fail(errno, "read", file);
  std::string content;
  char buffer[1 << 16];
  ssize_t got;
  while ((got = read(fd, buffer, sizeof buffer)) != 0) {
    if (got > 0) {
      content.append(buffer, static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      const int error = errno;
      close(fd);
      fail(error, "read", file);
    }
  }
  close(fd);
  return content;
}

void write_samples_csv(const std::filesystem::path& file,
                       std::span<const std::uint64_t> samples) {
  fmt::memory_buffer out;
  fmt::format_to(std::back_inserter(out), "{}\n", kCsvHeader);
  for (std::size_t index = 0; index < samples.size(); ++index) {
    fmt::format_to(std::back_inserter(out), "{},{}\n", index, samples[index]);
  }
  write_file(file, {out.data(), out.size()});
}

std::vector<std::uint64_t> read_samples_csv(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  std::string_view rest = content;
  std::vector<std::uint64_t> samples;
  for (std::size_t line = 1; line == 1 || !rest.empty(); ++line) {
    const std::size_t length = rest.find('\n');
    const std::string_view row = rest.substr(0, length);
    if (line == 1 && row != kCsvHeader) {
      fail_line(file, line, fmt::format("the header \"{}\"", kCsvHeader), row);
    }
    if (length == std::string_view::npos) {
      fail_line(file, line, "a whole line", row);
    }
    rest.remove_prefix(length + 1);
    if (line == 1) continue;
    std::uint64_t index = 0;
    std::uint64_t latency = 0;
    if (!parse_row(row, index, latency) || index != samples.size()) {
      fail_line(file, line, fmt::format("\"{},LATENCY\"", samples.size()), row);
    }
    samples.push_back(latency);
  }
  return samples;
}

}  // namespace hft
