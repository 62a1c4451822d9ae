// SPDX-License-Identifier: MIT
// Every instruction that the library asks the CPU for by name, and no other
// file names one. The next architecture needs another version of this file.
//
//   while (!is_there(line)) hft::cpu_pause();
//   const std::uint64_t now = hft::cycle_counter_ordered();
//   hft::demote_line(slot);  // just written: push it towards the other CPU
//
// The costs are those of current Intel and AMD processors; an emulator has
// others. Builtins instead of <immintrin.h>, which takes the compiler longer
// than all the rest of a ring.
#pragma once

#ifndef __x86_64__
#error "hft/cpu.hpp: expected x86-64: its functions have no other version yet"
#endif

#include <hft/abi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace hft {

/// Tell the CPU that this is a loop that waits (PAUSE, Intel SDM vol. 2B): it
/// speculates less and leaves more to the other thread of its core. About 65
/// cycles on Zen 3, 140 and more on Skylake and later, thousands under
/// emulation. Orders nothing.
inline void cpu_pause() noexcept { __builtin_ia32_pause(); }

/// The time-stamp counter (RDTSC), 20 to 40 cycles. Orders nothing: the CPU may
/// read it before earlier loads have their values, and after later ones.
inline std::uint64_t cycle_counter() noexcept { return __builtin_ia32_rdtsc(); }

/// The same once every earlier load has its value (LFENCE, then RDTSC), as the
/// kernel's rdtsc_ordered(): a counter that is read after a record was seen is
/// not earlier than the record (Intel SDM vol. 2B, RDTSC; AMD APM vol. 3, with
/// LFENCE dispatch-serialising). Later loads may still come before it. Some 10
/// cycles more than cycle_counter(), and as long as the loads still take.
inline std::uint64_t cycle_counter_ordered() noexcept {
  __builtin_ia32_lfence();
  return __builtin_ia32_rdtsc();
}

/// Every earlier load and store of this thread is visible before any later one
/// (MFENCE): stronger than std::atomic_thread_fence(seq_cst), since it orders
/// non-temporal stores too. 30 to 100 cycles, and as long as the store buffer
/// takes to drain. The rings need none; the baselines have it.
inline void full_fence() noexcept { __builtin_ia32_mfence(); }

/// Keep the compiler from moving memory accesses across. No instruction: on
/// x86, where the CPU keeps stores in order, what is stored before it becomes
/// visible before what is stored after it.
inline void compiler_barrier() noexcept { asm volatile("" : : : "memory"); }

/// Bring a line here to read it (PREFETCHT0). A hint: never faults, orders
/// nothing, and does not wait for the line.
// Inline always: GCC drops calls of a function that does nothing but a builtin
// prefetch, as one without effects.
[[gnu::always_inline]] inline void fetch_line(const std::byte* line) noexcept {
  __builtin_prefetch(line, 0, 3);
}

/// The same of `count` lines in a row.
[[gnu::always_inline]] inline void fetch_lines(const std::byte* first,
                                               std::size_t count) noexcept {
  for (std::size_t line = 0; line < count; ++line) {
    fetch_line(first + line * HFT_CACHE_LINE);
  }
}

/// Bring a line here to write it (PREFETCHW, Intel SDM vol. 2B): every other
/// CPU loses it. A hint: without the right to write it does nothing. Never
/// faults, orders nothing, and does not wait for the line.
inline void own_line(const std::byte* line) noexcept {
  // Spelt out: for a baseline x86-64 GCC makes a builtin that is to write a
  // prefetch that is to read. Processors without PREFETCHW run a NOP.
  asm volatile("prefetchw %0" : : "m"(*line));
}

/// Move a line just written to a cache that the other CPU reaches sooner
/// (CLDEMOTE, Intel SDM vol. 2A). A hint: the line's contents and who may read
/// it stay as they are. Processors without it run a NOP. Orders nothing in the
/// CPU; the compiler moves no store across.
inline void demote_line(const std::byte* line) noexcept {
  asm volatile(".byte 0x0f, 0x1c, 0x00" : : "a"(line) : "memory");
}

namespace internal {

// CPUID, sub-leaf 0. A processor that does not have the leaf answers with
// another one. Hundreds of cycles, under a hypervisor thousands.
struct Cpuid {
  std::uint32_t eax = 0;
  std::uint32_t ebx = 0;
  std::uint32_t ecx = 0;
  std::uint32_t edx = 0;

  explicit Cpuid(std::uint32_t leaf) noexcept {
    asm volatile("cpuid"
                 : "=a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx)
                 : "a"(leaf), "c"(0));
  }
};

}  // namespace internal

/// Whether the processor promises that the cycle counter runs at one rate in
/// every power state (CPUID 8000_0007h, EDX bit 8). An emulator seldom does.
/// Not for the hot path: under a hypervisor CPUID takes thousands of cycles.
inline bool counter_is_invariant() noexcept {
  constexpr std::uint32_t kGreatest = 0x8000'0000;
  constexpr std::uint32_t kPower = 0x8000'0007;
  return internal::Cpuid(kGreatest).eax >= kPower &&
         (internal::Cpuid(kPower).edx & (1U << 8)) != 0;
}

/// The twelve letters by which a hypervisor names itself (CPUID 4000_0000h),
/// and a zero byte; QEMU's emulator is "TCGTCGTCGTCG". Nothing where bit 31 of
/// 1.ECX says that there is no hypervisor. Not for the hot path, as above.
inline std::optional<std::array<char, 13>> hypervisor_name() noexcept {
  if ((internal::Cpuid(1).ecx & (1U << 31)) == 0) {
    return std::nullopt;
  }
  const internal::Cpuid hypervisor(0x4000'0000);
  const std::array<std::uint32_t, 3> words = {hypervisor.ebx, hypervisor.ecx,
                                              hypervisor.edx};
  std::array<char, 13> name{};
  std::memcpy(name.data(), words.data(), sizeof words);
  return name;
}

}  // namespace hft
