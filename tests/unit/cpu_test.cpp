// SPDX-License-Identifier: MIT
#include "hft/cpu.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace hft {
namespace {

[[gnu::noinline]] void pause_once() { cpu_pause(); }

[[gnu::noinline]] void fence() { full_fence(); }

[[gnu::noinline]] std::uint64_t count() { return cycle_counter(); }

[[gnu::noinline]] std::uint64_t count_ordered() {
  return cycle_counter_ordered();
}

[[gnu::noinline]] void own(const std::byte* line) { own_line(line); }

[[gnu::noinline]] void demote(const std::byte* line) { demote_line(line); }

[[gnu::noinline]] void take(const std::byte* line, bool* taken) {
  fetch_line(line);
  *taken = true;
}

// Where in the first bytes of a function these are; -1 where they are not.
template <class Function>
std::ptrdiff_t place(Function* function,
                     const std::vector<unsigned char>& opcode) {
  std::array<unsigned char, 96> code;
  std::memcpy(code.data(), reinterpret_cast<const void*>(function),
              code.size());
  const auto* const found =
      std::search(code.begin(), code.end(), opcode.begin(), opcode.end());
  return found == code.end() ? -1 : found - code.begin();
}

const std::vector<unsigned char> kRdtsc = {0x0f, 0x31};
const std::vector<unsigned char> kLfence = {0x0f, 0xae, 0xe8};

TEST(Cpu, PausesByPause) { EXPECT_GE(place(&pause_once, {0xf3, 0x90}), 0); }

TEST(Cpu, FencesByMfence) { EXPECT_GE(place(&fence, {0x0f, 0xae, 0xf0}), 0); }

TEST(Cpu, CountsByRdtsc) { EXPECT_GE(place(&count, kRdtsc), 0); }

TEST(Cpu, CountsAfterEarlierLoads) {
  const std::ptrdiff_t fenced = place(&count_ordered, kLfence);
  EXPECT_GE(fenced, 0);
  EXPECT_GT(place(&count_ordered, kRdtsc), fenced);
}

// A compiler may make a prefetch to read of one to write, or drop either, and
// nothing but the time that a record takes tells.
TEST(Cpu, OwnsALineByPrefetchw) {
  EXPECT_GE(place(&own, {0x0f, 0x0d}), 0);
  const std::byte line{};
  own(&line);
}

TEST(Cpu, FetchesALineByPrefetch) {
  EXPECT_GE(place(&take, {0x0f, 0x18}), 0);
  const std::byte line{};
  bool taken = false;
  take(&line, &taken);
  EXPECT_TRUE(taken);
}

TEST(Cpu, DemotesALineByCldemote) {
  EXPECT_GE(place(&demote, {0x0f, 0x1c, 0x00}), 0);
  const std::byte line{};
  demote(&line);
}

TEST(Cpu, CounterGoesOn) {
  const std::uint64_t before = cycle_counter_ordered();
  EXPECT_GT(cycle_counter_ordered(), before);
}

TEST(Cpu, KnowsOfAHypervisorWhatTheKernelKnows) {
  std::ifstream cpuinfo("/proc/cpuinfo");
  const std::string text{std::istreambuf_iterator<char>(cpuinfo), {}};
  EXPECT_EQ(hypervisor_name().has_value(),
            text.find(" hypervisor") != std::string::npos);
}

}  // namespace
}  // namespace hft
