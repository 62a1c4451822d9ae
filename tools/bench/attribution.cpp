// SPDX-License-Identifier: MIT
#include "bench/attribution.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
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

// How often a thread was switched out, from /proc/PID/status.
std::uint64_t switches(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  std::uint64_t total = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.find("ctxt_switches:") != std::string::npos) {
      total += std::stoull(line.substr(line.find(':') + 1));
    }
  }
  return total;
}

long preemptions() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

// "; NAME xN" for each count that grew.
template <typename Counts>
std::string growth(const Counts& before, const Counts& after) {
  std::string text;
  for (const auto& [name, now] : after) {
    const auto old = before.find(name);
    const std::uint64_t more = now - (old == before.end() ? 0 : old->second);
    if (more != 0) {
      text += fmt::format("; {} x{}", name, more);
    }
  }
  return text;
}

}  // namespace

Attribution::Attribution()
    : interrupts_(open("/proc/interrupts", O_RDONLY | O_CLOEXEC)) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto [end, error] =
        std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc{} && *end == '\0' && pid != getpid()) {
      threads_.push_back(pid);
    }
  }
  switches_before_ = count_switches();
}

Attribution::~Attribution() { close(interrupts_); }

Attribution::Counts Attribution::count_interrupts() const {
  std::array<char, 16384> text{};
  const ssize_t bytes = pread(interrupts_, text.data(), text.size(), 0);
  std::istringstream file(std::string(
      text.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0));
  std::string line;
  std::getline(file, line);
  std::istringstream header(line);
  std::vector<std::string> cpus;
  for (std::string cpu; header >> cpu;) {
    cpus.push_back(cpu.substr(3));
  }
  Counts counts;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string name;
    fields >> name;
    for (const std::string& cpu : cpus) {
      std::uint64_t count = 0;
      if (!(fields >> count)) {
        break;
      }
      counts[fmt::format("interrupt {} on CPU {}",
                         name.substr(0, name.find(':')), cpu)] = count;
    }
  }
  return counts;
}

Attribution::Counts Attribution::count_switches() const {
  Counts counts;
  for (const pid_t pid : threads_) {
    if (const std::uint64_t count = switches(pid); count != 0) {
      counts[fmt::format("thread {}", thread_name(pid))] += count;
    }
  }
  return counts;
}

void Attribution::before() {
  interrupts_before_ = count_interrupts();
  preemptions_before_ = preemptions();
}

std::string Attribution::explain(std::uint64_t latency,
                                 const Arrival& arrival) {
  std::string cause;
  if (arrival.stall_cycles * 2 > latency) {
    cause =
        fmt::format("consumer stood still for {} cycles", arrival.stall_cycles);
  } else if (arrival.stall_cycles != 0) {
    cause = fmt::format(
        "producer stood still between stamp and publication; the consumer "
        "polled on, at most {} cycles apart",
        arrival.stall_cycles);
  } else {
    cause = "not polled";
  }
  cause += growth(interrupts_before_, count_interrupts());
  if (const long more = preemptions() - preemptions_before_; more != 0) {
    const Counts after = count_switches();
    cause += fmt::format("; consumer preempted x{}", more) +
             growth(switches_before_, after);
    switches_before_ = after;
  }
  return cause;
}

}  // namespace hft::bench
