// SPDX-License-Identifier: MIT
#include "attribution.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace hft::bench {
namespace {

std::string thread_name(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/comm", pid));
  std::string name;
  std::getline(file, name);
  return name;
}

// How often a thread was switched in, from /proc/PID/status.
std::uint64_t switches(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  std::uint64_t total = 0;
  for (std::string line; std::getline(file, line);) {
    const auto at = line.find("ctxt_switches:");
    if (at != std::string::npos) {
      total += std::stoull(line.substr(line.find(':') + 1));
    }
  }
  return total;
}

}  // namespace

Attribution::Attribution() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto [end, error] =
        std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc{} && *end == '\0' && pid != getpid()) {
      threads_.push_back(pid);
    }
  }
}

void Attribution::count_interrupts(Counts& counts) const {
  std::ifstream file("/proc/interrupts");
  std::string line;
  std::getline(file, line);
  std::istringstream header(line);
  std::vector<std::string> cpus;
  for (std::string cpu; header >> cpu;) {
    cpus.push_back(cpu.substr(3));
  }
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string name;
    fields >> name;
    name.pop_back();
    for (const std::string& cpu : cpus) {
      std::uint64_t count = 0;
      if (!(fields >> count)) {
        break;
      }
      counts[fmt::format("interrupt {} on CPU {}", name, cpu)] = count;
    }
  }
}

void Attribution::count_switches(Counts& counts) const {
  for (const pid_t pid : threads_) {
    const std::uint64_t count = switches(pid);
    if (count != 0) {
      counts[fmt::format("thread {}", thread_name(pid))] += count;
    }
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  counts["preemption of the consumer"] =
      static_cast<std::uint64_t>(usage.ru_nivcsw);
  counts["page fault of the consumer"] =
      static_cast<std::uint64_t>(usage.ru_minflt + usage.ru_majflt);
}

Attribution::Counts Attribution::count() const {
  Counts counts;
  count_interrupts(counts);
  count_switches(counts);
  return counts;
}

void Attribution::before() { before_ = count(); }

std::string Attribution::explain(std::uint64_t latency, const Seen& seen) {
  std::string cause;
  if (seen.stall * 2 > latency) {
    cause = fmt::format("consumer paused {} cycles", seen.stall);
  } else if (seen.stall != 0) {
    cause = fmt::format(
        "producer late between stamp and publication (consumer polled on, "
        "longest pause {})",
        seen.stall);
  } else {
    cause = "waited";
  }
  for (const auto& [name, now] : count()) {
    const auto old = before_.find(name);
    const std::uint64_t more = now - (old == before_.end() ? 0 : old->second);
    if (more != 0) {
      cause += fmt::format("; {} x{}", name, more);
    }
  }
  return cause;
}

}  // namespace hft::bench
