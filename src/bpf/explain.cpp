// SPDX-License-Identifier: MIT
#include "bpf/explain.hpp"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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
constexpr std::size_t kWarningLines = 4;
constexpr int kSeccompFilter = 2;                  // SECCOMP_MODE_FILTER
constexpr ino_t kHostUserNamespace = 0xeffffffdU;  // PROC_USER_INIT_INO

// A hexadecimal number of /proc/self/status. 0 when there is none.
std::uint64_t status_field(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) {
      return std::strtoull(line.c_str() + name.size(), nullptr, 16);
    }
  }
  return 0;
}

// Where /proc does not say, they are taken for the host's.
bool in_host_user_namespace() {
  struct stat file {};
  return stat("/proc/self/ns/user", &file) != 0 ||
         file.st_ino == kHostUserNamespace;
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

// Of libbpf, after the line that says what failed: the same once more, and
// limits of locked memory, which kernels that we load on do not have.
bool adds_nothing(std::string_view line) {
  constexpr std::array<std::string_view, 6> kParts = {
      ": failed to load: -",
      "failed to prepare load attributes",
      "failed to load object",
      "failed to load BPF skeleton",
      "ulimit -l",
      "RLIMIT_MEMLOCK"};
  return std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) {
    return line.find(part) != std::string_view::npos;
  });
}

// The first lines that say something, each on a line of its own.
std::string warnings_in(std::string_view log) {
  std::string text;
  std::size_t count = 0;
  for (const std::string_view line : lines_of(log)) {
    if (!line.empty() && !adds_nothing(line) && ++count <= kWarningLines) {
      text += fmt::format("\n  {}", line);
    }
  }
  return text;
}

// Not for want of memory: that is another error from Linux 5.11 on.
std::string why_not_permitted(const Failure& failure, const Facts& facts) {
  if (facts.lockdown == "confidentiality") {
    return "the kernel is locked down (confidentiality), and refuses programs "
           "that read its memory: boot with lockdown=integrity, or without "
           "secure boot";
  }
  if (!facts.host_user) {
    return "expected the capabilities of a user of the host, found those of a "
           "user namespace, which do not count for BPF: run it outside of the "
           "rootless container";
  }
  if (!facts.net_admin) {
    return "expected the capability CAP_NET_ADMIN, which programs for packets "
           "need, found none: run as root";
  }
  if (failure.log.find("trivial BPF program") != std::string_view::npos) {
    return fmt::format(
        "expected that whoever has the capabilities may load programs, found "
        "even a trivial one refused: have {} permit bpf(2)",
        facts.filtered ? "the seccomp filter of this process"
                       : "the security modules of this kernel");
  }
  const std::string found = failure.section.empty()
                                ? "it"
                                : fmt::format("SEC(\"{}\")", failure.section);
  return fmt::format(
      "expected a kind of program or map that this kernel permits, found {} "
      "refused though the capabilities are there: its configuration or a "
      "security module forbids that kind; use another kind, such as tp_btf, or "
      "another kernel",
      found);
}

// What hft_bpf_wake_if_asked() calls; kernels say it in one of two ways.
bool may_not_ring(std::string_view verdict) {
  constexpr std::string_view kCall = " bpf_ringbuf_output#";
  return verdict.find(fmt::format("unknown func{}", kCall)) !=
             std::string_view::npos ||
         verdict.find(fmt::format("cannot use helper{}", kCall)) !=
             std::string_view::npos;
}

// A pointer that the verifier takes for a number.
bool may_be_given_back(std::string_view verdict) {
  constexpr std::array<std::string_view, 4> kParts = {
      " invalid mem access 'scalar'", " invalid mem access 'inv'",
      " type=scalar expected=", " type=inv expected="};
  return std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) {
    return verdict.find(part) != std::string_view::npos;
  });
}

// What of our header may be behind a verdict; empty for others.
std::string_view hint(std::string_view verdict) {
  if (may_not_ring(verdict)) {
    return ", a kind of program that may not ring a doorbell: shape its rings "
           "with wake_ups = false";
  }
  if (may_be_given_back(verdict)) {
    return "; if it uses a record there: that is NULL once it was given back "
           "by hft_bpf_publish() or hft_bpf_discard(), and where "
           "hft_bpf_reserve() found no room";
  }
  return {};
}

}  // namespace

Facts facts_here() {
  const std::uint64_t held = status_field("CapEff:");
  const auto has = [&](unsigned capability) {
    return (held >> capability & 1U) != 0;
  };
  utsname name{};
  uname(&name);
  const bool admin = has(CAP_SYS_ADMIN);
  const bool built_in =
      syscall(SYS_bpf, -1, nullptr, 0) == 0 || errno != ENOSYS;
  return {.built_in = built_in,
          .cap_bpf = admin || has(CAP_BPF),
          .cap_perfmon = admin || has(CAP_PERFMON),
          .net_admin = admin || has(CAP_NET_ADMIN),
          .btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0,
          .host_user = in_host_user_namespace(),
          .filtered = status_field("Seccomp:") == kSeccompFilter,
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
  if (!facts.cap_bpf || !facts.cap_perfmon) {
    return fmt::format(
        "expected the capabilities CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, "
        "found {}: run as root",
        facts.cap_bpf       ? "no CAP_PERFMON"
        : facts.cap_perfmon ? "no CAP_BPF"
                            : "none of them");
  }
  if (too_old(facts.release)) {
    return fmt::format(
        "expected a kernel from {}.{} on, found {}: use the driver, or boot a "
        "later one",
        kOldestMajor, kOldestMinor, facts.release);
  }
  return {};
}

std::string refused_program(std::string_view log) {
  constexpr std::string_view kBefore = "libbpf: prog '";
  for (std::string_view line : lines_of(log)) {
    if (line.starts_with(kBefore)) {
      line.remove_prefix(kBefore.size());
      return std::string(line.substr(0, line.find('\'')));
    }
  }
  return {};
}

std::string explain(const Failure& failure, const Facts& facts) {
  const auto& [error, log, section] = failure;
  const std::string begin = "load BPF programs: ";
  if (const std::string what = missing(facts); !what.empty()) {
    return begin + what;
  }
  // The log then has what libbpf tried instead, and why that failed. A probe
  // for which it has no descriptor says that the kernel has no global
  // variables, and libbpf goes on without their map.
  if (error == EMFILE || log.find("wasn't created") != std::string_view::npos) {
    return begin +
           "expected free file descriptors, found none: raise `ulimit -n`";
  }
  if (const std::string verdict = verdict_in(log); !verdict.empty()) {
    return fmt::format("{}the verifier refused one{}:{}", begin, hint(verdict),
                       verdict);
  }
  const std::string warnings = warnings_in(log);
  if (!facts.btf) {
    return begin +
           "expected /sys/kernel/btf/vmlinux, found none: the kernel was "
           "built without CONFIG_DEBUG_INFO_BTF" +
           warnings;
  }
  if (error == EPERM) {
    return begin + why_not_permitted(failure, facts) + warnings;
  }
  if (error == ENOMEM) {
    return begin +
           "expected memory for their maps, found too little: a memory cgroup "
           "may be at its limit; ask for fewer slots or fewer rings" +
           warnings;
  }
  if (error == ESRCH &&
      log.find("kernel BTF type ID") != std::string_view::npos) {
    return begin +
           "expected a tracepoint or function of this kernel, found none of "
           "that name: `bpftool btf dump file /sys/kernel/btf/vmlinux` lists "
           "them" +
           warnings;
  }
  return warnings.empty() ? "load BPF programs"
                          : fmt::format("{}libbpf says:{}", begin, warnings);
}

}  // namespace hft::bpf::internal
