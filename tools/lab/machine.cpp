// SPDX-License-Identifier: MIT
#include "lab/machine.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>

#include "hft/affinity.hpp"
#include "hft/clock.hpp"
#include "hft/cpu.hpp"

namespace hft::lab {
namespace {

// Steal beyond this share of all CPU time is noise.
constexpr double kStealShare = 0.005;

std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string cpu_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("model name")) {
      return line.substr(line.find(':') + 2);
    }
  }
  return "unknown";
}

std::string kernel() {
  utsname name{};
  uname(&name);
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

std::string accelerator() {
  const auto name = hypervisor_name();
  if (!name) {
    return "none";
  }
  const std::string text = name->data();
  if (text == "TCGTCGTCGTCG") {
    return "tcg";
  }
  return text.starts_with("KVMKVMKVM") ? "kvm" : text;
}

bool cpu_in_list(int cpu, const std::string& list) {
  std::istringstream in(list);
  for (std::string range; std::getline(in, range, ',');) {
    int first = -1;
    int last = -1;
    const int fields = std::sscanf(range.c_str(), "%d-%d", &first, &last);
    if (fields == 1 && cpu == first) {
      return true;
    }
    if (fields == 2 && first <= cpu && cpu <= last) {
      return true;
    }
  }
  return false;
}

}  // namespace

Manifest describe_machine() {
  Manifest manifest;
  manifest.kernel = kernel();
  manifest.command_line = first_line("/proc/cmdline");
  manifest.cpu_model = cpu_model();
  manifest.isolated_cpus = first_line("/sys/devices/system/cpu/isolated");
  manifest.accelerator = accelerator();
  manifest.tsc_hz = tsc_hz();
  manifest.clock_cost_cycles = tsc_cost();
  manifest.extra["monotonic_cost_cycles"] = std::to_string(monotonic_cost());
  manifest.extra["tsc_step_cycles"] = std::to_string(tsc_step());
  manifest.time =
      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  return manifest;
}

NoiseWatch::NoiseWatch(int consumer_cpu, std::vector<std::string> known)
    : consumer_cpu_(consumer_cpu),
      known_(std::move(known)),
      begin_(cpu_times()) {}

NoiseWatch::CpuTimes NoiseWatch::cpu_times() {
  // cpu  user nice system idle iowait irq softirq steal guest guest_nice
  constexpr int kSteal = 7;
  std::istringstream in(first_line("/proc/stat"));
  std::string name;
  in >> name;
  CpuTimes times;
  std::uint64_t ticks = 0;
  for (int field = 0; field <= kSteal && in >> ticks; ++field) {
    times.total += ticks;
    if (field == kSteal) {
      times.steal = ticks;
    }
  }
  return times;
}

void NoiseWatch::add(const std::vector<std::string>& reasons) {
  known_.insert(known_.end(), reasons.begin(), reasons.end());
}

Validity NoiseWatch::judge(const Manifest& manifest) const {
  Validity validity;
  validity.reasons = known_;
  if (!cpu_in_list(consumer_cpu_, manifest.isolated_cpus)) {
    validity.reasons.push_back(
        fmt::format("CPU {} is not isolated: boot with isolcpus={}",
                    consumer_cpu_, consumer_cpu_));
  }
  const CpuTimes end = cpu_times();
  const auto total = static_cast<double>(end.total - begin_.total);
  const auto steal = static_cast<double>(end.steal - begin_.steal);
  if (total > 0 && steal > kStealShare * total) {
    validity.reasons.push_back(
        fmt::format("{:.1f} % of CPU time was stolen by the hypervisor",
                    100 * steal / total));
  }
  const std::string governor = first_line(fmt::format(
      "/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor", consumer_cpu_));
  if (!governor.empty() && governor != "performance") {
    validity.reasons.push_back(fmt::format(
        "CPU {} scales its frequency: governor {}", consumer_cpu_, governor));
  }
  const bool noisy = !validity.reasons.empty();
  if (manifest.accelerator == "tcg") {
    validity.label = "emulated";
    validity.reasons.emplace_back(
        "QEMU emulates the CPU: compare paths of one run, not cycles with "
        "other machines");
  } else if (manifest.accelerator != "none") {
    validity.label = "virtualised";
    validity.reasons.push_back(
        fmt::format("runs under the hypervisor {}", manifest.accelerator));
  } else {
    validity.label = "bare-metal";
  }
  if (noisy) {
    validity.label = "noisy";
  }
  return validity;
}

void try_lock_memory(std::vector<std::string>& reasons) {
  try {
    lock_memory();
  } catch (const std::system_error& error) {
    reasons.push_back(fmt::format("memory is not locked: {}", error.what()));
  }
}

void wait_for_uptime(double seconds) {
  double up = 0;
  std::istringstream(first_line("/proc/uptime")) >> up;
  if (up < seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds - up));
  }
}

}  // namespace hft::lab
