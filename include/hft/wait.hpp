// SPDX-License-Identifier: MIT
// What a thread does while there is nothing for it to do.
//
//   hft::BusySpin wait;
//   consumer.run(handler, wait, stop);                // a CPU of its own
//   hft::SpinThenSleep patient{.spins = 10'000};
//   consumer.run(handler, patient, stop);             // a CPU to share
#pragma once

#include <sched.h>

#include <chrono>
#include <concepts>
#include <cstdint>

#include "hft/cpu.hpp"

namespace hft {

/// found(): there was something. rest(): there is nothing yet. Kept by the
/// caller, so that a policy may count; one thread each. Orders nothing: what it
/// waits for is looked at by its user, with acquire.
template <class W>
concept WaitPolicy = requires(W& wait) {
  { wait.found() }
  noexcept;
  { wait.rest() }
  noexcept;
};

/// A policy after whose rests a consumer may sleep in the kernel: for `longest`
/// at most, once it is tired().
template <class W>
concept SleepingPolicy = WaitPolicy<W> && requires(const W& wait) {
  { wait.tired() }
  noexcept->std::same_as<bool>;
  { wait.longest } -> std::convertible_to<std::chrono::nanoseconds>;
};

/// Whether a `pause` is shorter here than the transfer that one waits for:
/// measured once, before main(). About 65 cycles on Zen 3; 140 and more on
/// Skylake and later; thousands under emulation, where it leaves the CPU loop.
extern const bool kPauseIsShort;

/// Look again at once: quickest, and needs a CPU of its own. Where `pause` is
/// short there is one between two looks, so that looking does not get in the
/// way of the line that is to come (docs/policy.md has the figures); where it
/// is long there is none.
struct BusySpin {
  void found() noexcept {}
  void rest() noexcept {
    if (kPauseIsShort) {
      cpu_pause();
    }
  }
};

/// Always a `pause` between two looks: kinder to the other thread of a core.
struct Pause {
  void found() noexcept {}
  void rest() noexcept { cpu_pause(); }
};

/// Let others run that want this CPU.
struct Yield {
  void found() noexcept {}
  void rest() noexcept { sched_yield(); }
};

/// Spin, then sleep until the producer wakes us, again and again until
/// something is there. While it spins neither side makes a system call.
struct SpinThenSleep {
  std::uint32_t spins = 10'000;  // looks in vain before it sleeps
  std::chrono::nanoseconds longest = std::chrono::milliseconds(100);
  std::uint32_t looked = 0;  // since something was there

  void found() noexcept { looked = 0; }
  void rest() noexcept {
    ++looked;
    BusySpin{}.rest();
  }
  [[nodiscard]] bool tired() const noexcept { return looked > spins; }
};

}  // namespace hft
