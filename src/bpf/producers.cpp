// SPDX-License-Identifier: MIT
#include "bpf/producers.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "bpf/skeleton.hpp"
#include "hft/bpf.hpp"
#include "producers.skel.h"
#include "region_internal.hpp"

namespace hft::bpf::internal {

using hft::internal::fail;

Descriptor attach_producers(int slots) {
  bpf_map_info info{};
  __u32 size = sizeof info;
  if (bpf_obj_get_info_by_fd(slots, &info, &size) != 0) {
    return {};
  }
  const auto skeleton =
      open_skeleton<producers_bpf__open, producers_bpf__destroy>();
  skeleton->rodata->slots = info.id;
  try {
    load(*skeleton->obj);
  } catch (const std::system_error&) {
    return {};
  }
  const int program = bpf_program__fd(skeleton->progs.list_producers);
  return Descriptor(bpf_link_create(program, 0, BPF_TRACE_ITER, nullptr));
}

std::optional<std::string> producers_of(int file) {
  // The kernel looks once for each time that it is opened.
  const Descriptor look(open(fmt::format("/proc/self/fd/{}", file).c_str(),
                             O_RDONLY | O_CLOEXEC));
  if (!look) {
    return std::nullopt;
  }
  std::string ids;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t got = read(look.get(), part.data(), part.size());
    if (got == 0) {
      break;
    }
    if (got > 0) {
      ids.append(part.data(), static_cast<std::size_t>(got));
    } else if (errno != EINTR && errno != EAGAIN) {
      return std::nullopt;
    }
  }
  std::string list;
  for (std::string_view rest = ids; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    list += fmt::format("{}{}", list.empty() ? "" : ", ", rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return list;
}

void expect_gone(const Descriptor& file, const std::string& folder,
                 const std::string& expected, bool patiently) {
  constexpr int kLooks = 100;
  constexpr useconds_t kBetween = 10'000;  // us
  std::optional<std::string> producers;
  for (int look = 0; look == 0 || (patiently && look < kLooks); ++look) {
    if (look > 0) {
      usleep(kBetween);
    }
    producers = file ? producers_of(file.get()) : std::nullopt;
    if (!producers) {
      fail(EEXIST,
           fmt::format("{}, found a directory that does not say whether its "
                       "rings have a producer: use another, or remove it if "
                       "nobody needs it (rm -r {})",
                       expected, folder));
    }
    if (producers->empty()) {
      return;
    }
  }
  fail(EEXIST, fmt::format("{}, found rings whose producer is running (BPF "
                           "programs {}): end it, or use another directory",
                           expected, *producers));
}

}  // namespace hft::bpf::internal
