// SPDX-License-Identifier: MIT
#include "pass_files.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "hft/validate.hpp"
#include "region_internal.hpp"

namespace hft::internal {
namespace {

struct Message {
  __u64 magic;
  __u32 role;
  __u32 files;  // in this message
  __u32 left;   // in those that follow
  __u32 reserved;
};

constexpr std::size_t kFilesMax = 253;  // SCM_MAX_FD of the kernel

// One message, and room for its descriptors.
struct Envelope {
  Message message{};
  iovec data{.iov_base = &message, .iov_len = sizeof message};
  alignas(
      cmsghdr) std::array<char, CMSG_SPACE(kFilesMax * sizeof(int))> control{};
  msghdr header{};

  Envelope() {
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
  Envelope(const Envelope&) = delete;
  Envelope& operator=(const Envelope&) = delete;
  ~Envelope() = default;
};

// The descriptors of one message, whatever else was in it.
std::vector<Descriptor> take_descriptors(msghdr& header) {
  std::vector<Descriptor> taken;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
       part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      taken.emplace_back(fd);
    }
  }
  return taken;
}

}  // namespace

namespace {

void send_message(int unix_socket, Role role, std::span<const int> files,
                  std::size_t left) {
  Envelope envelope;
  envelope.message = {.magic = HFT_INFO_MAGIC,
                      .role = static_cast<__u32>(role),
                      .files = static_cast<__u32>(files.size()),
                      .left = static_cast<__u32>(left),
                      .reserved = 0};
  envelope.header.msg_controllen = CMSG_SPACE(files.size_bytes());
  cmsghdr* part = CMSG_FIRSTHDR(&envelope.header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(files.size_bytes());
  std::memcpy(CMSG_DATA(part), files.data(), files.size_bytes());
  ssize_t got;
  do {
    got = sendmsg(unix_socket, &envelope.header, MSG_NOSIGNAL);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof envelope.message) {
    fail(got < 0 ? errno : EMSGSIZE, "send a ring over a Unix socket");
  }
}

// Adds to `taken`; how many files are still to come.
std::size_t receive_message(int unix_socket, std::size_t least,
                            std::size_t most, Received& taken) {
  Envelope envelope;
  ssize_t got;
  do {
    got = recvmsg(unix_socket, &envelope.header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) fail(errno, "receive a ring over a Unix socket");
  if (got == 0) {
    fail(ECONNRESET, "receive a ring: the other end has closed the socket");
  }
  const Message& message = envelope.message;
  std::vector<Descriptor> files = take_descriptors(envelope.header);
  const std::size_t total =
      taken.files.size() + files.size() + std::size_t{message.left};
  if (got != sizeof message || message.magic != HFT_INFO_MAGIC ||
      message.role > static_cast<__u32>(Role::kObserver) || files.empty() ||
      message.files != files.size() || total < least || total > most) {
    throw InvalidRing(fmt::format(
        "not a ring of this kind: {} bytes and {} descriptors, expected what "
        "its send() sends, {} and from {} to {}; is RLIMIT_NOFILE (ulimit -n) "
        "exhausted?",
        got, files.size(), sizeof message, least, most));
  }
  taken.role = static_cast<Role>(message.role);
  std::ranges::move(files, std::back_inserter(taken.files));
  return message.left;
}

}  // namespace

void send_files(int unix_socket, Role role, std::span<const int> files) {
  while (!files.empty()) {
    const std::size_t now = std::min(files.size(), kFilesMax);
    send_message(unix_socket, role, files.first(now), files.size() - now);
    files = files.subspan(now);
  }
}

Received receive_files(int unix_socket, std::size_t least, std::size_t most) {
  Received taken{};
  while (receive_message(unix_socket, least, most, taken) > 0) {
  }
  return taken;
}

}  // namespace hft::internal
