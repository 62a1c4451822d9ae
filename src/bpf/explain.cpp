// SPDX-License-Identifier: MIT
#include "bpf/explain.hpp"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

namespace hft::bpf::internal {
namespace {

constexpr int kOldestMajor = 5;
constexpr int kOldestMinor = 15;
constexpr std::ptrdiff_t kVerdictLines = 4;

std::uint64_t effective_capabilities() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("CapEff:")) {
      return std::strtoull(line.c_str() + 7, nullptr, 16);
    }
  }
  return 0;
}

// "none [integrity] confidentiality": the one in force is in brackets.
std::string lockdown_in_force() {
  std::ifstream file("/sys/kernel/security/lockdown");
  std::string text;
  std::getline(file, text);
  const auto begin = text.find('[');
  const auto end = text.find(']');
  return begin < end && end != std::string::npos
             ? text.substr(begin + 1, end - begin - 1)
             : "";
}

bool too_old(const std::string& release) {
  int major = 0;
  int minor = 0;
  return std::sscanf(release.c_str(), "%d.%d", &major, &minor) == 2 &&
         (major < kOldestMajor ||
          (major == kOldestMajor && minor < kOldestMinor));
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

Facts facts_here() {
  const std::uint64_t held = effective_capabilities();
  const auto has = [&](unsigned capability) {
    return (held >> capability & 1U) != 0;
  };
  utsname name{};
  uname(&name);
  const bool admin = has(CAP_SYS_ADMIN);
  const bool built_in =
      syscall(SYS_bpf, -1, nullptr, 0) == 0 || errno != ENOSYS;
  return {.built_in = built_in,
          .capable = admin || (has(CAP_BPF) && has(CAP_PERFMON)),
          .net_admin = admin || has(CAP_NET_ADMIN),
          .btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0,
          .lockdown = lockdown_in_force(),
          .release = name.release};
}

std::string verdict_in(std::string_view log) {
  const std::vector<std::string_view> lines = lines_of(log);
  const auto verdict = std::find_if(
      lines.begin(), lines.end(),
      [](std::string_view line) { return line.starts_with("processed "); });
  if (verdict == lines.end()) {
    return {};
  }
  const auto has = [](std::string_view part) {
    return [part](std::string_view line) {
      return line.find(part) != std::string_view::npos;
    };
  };
  std::string text;
  const auto program = std::find_if(lines.begin(), verdict, has("load failed"));
  if (program != verdict) {
    text += fmt::format("\n  {}", *program);
  }
  const auto before = std::make_reverse_iterator(verdict);
  const auto begin =
      std::find_if(before, lines.rend(), has("BEGIN PROG LOAD LOG")).base();
  const auto source = std::find_if(
      before, std::make_reverse_iterator(begin),
      [](std::string_view line) { return line.starts_with("; "); });
  const auto first =
      verdict - std::min<std::ptrdiff_t>(verdict - begin, kVerdictLines);
  if (source.base() != begin && source.base() - 1 < first) {
    text += fmt::format("\n  {}", *source);
  }
  for (auto line = first; line != verdict; ++line) {
    text += fmt::format("\n  {}", *line);
  }
  return text;
}

std::string missing(const Facts& facts) {
  if (!facts.built_in) {
    return "expected a kernel with bpf(2), found none: it was built without "
           "CONFIG_BPF_SYSCALL";
  }
  if (!facts.capable) {
    return "expected the capabilities CAP_BPF and CAP_PERFMON, found neither "
           "them nor CAP_SYS_ADMIN: run as root";
  }
  if (too_old(facts.release)) {
    return fmt::format(
        "expected a kernel from {}.{} on, found {}: use the driver, or boot a "
        "later one",
        kOldestMajor, kOldestMinor, facts.release);
  }
  return {};
}

std::string explain(int error, const Facts& facts, std::string_view log) {
  const std::string begin = "load BPF programs";
  if (const std::string what = missing(facts); !what.empty()) {
    return fmt::format("{}: {}", begin, what);
  }
  if (const std::string verdict = verdict_in(log); !verdict.empty()) {
    return fmt::format("{}: the verifier refused one:{}", begin, verdict);
  }
  if (error == EPERM && facts.lockdown == "confidentiality") {
    return begin +
           ": the kernel is locked down (confidentiality), and refuses "
           "programs that read its memory: boot with lockdown=integrity, or "
           "without secure boot";
  }
  if (!facts.btf) {
    return begin +
           ": expected /sys/kernel/btf/vmlinux, found none: the kernel was "
           "built without CONFIG_DEBUG_INFO_BTF";
  }
  if (error == EPERM && !facts.net_admin) {
    return begin + ": packets need the capability CAP_NET_ADMIN, too";
  }
  if (error == ENOMEM || error == EPERM) {
    return begin +
           ": not permitted or no memory: a memory cgroup may be at its limit "
           "(before Linux 5.11 also `ulimit -l`); ask for fewer slots";
  }
  const std::vector<std::string_view> lines = lines_of(log);
  return lines.empty() ? begin : fmt::format("{}: {}", begin, lines.back());
}

}  // namespace hft::bpf::internal
