// SPDX-License-Identifier: MIT
// What a ring is tuned for: one word that both its ends agree on.
//
//   hft::Ring<Tick> quick(region);                    // hft::Latency
//   hft::Ring<Tick, hft::Throughput> bulk(region);
//   hft::KernelConsumer consumer = ring.consumer();   // hft::FromKernel
//
// docs/policy.md says how to choose, and shows what each is good for.
#pragma once

#include <hft/abi.h>

#include <concepts>
#include <cstdint>

namespace hft {

/// A record reaches a waiting consumer in the time of one cache-line transfer.
/// One record a slot, so that two records never fight for a line.
struct Latency {
  static constexpr bool kPacked = false;
  /// The consumer takes ownership of the line that it waits for, the producer
  /// demotes the line that it has published.
  static constexpr bool kOwnAndDemote = true;
  /// Lines that the producer asks for ahead of use; 0 for none.
  static constexpr std::uint32_t kLinesAhead = 0;
  /// Of its next slot the consumer asks for as many lines, and of none further:
  /// it would take lines that the producer is about to write.
  static constexpr std::uint32_t kNextSlotLines = 0;
  static constexpr std::uint32_t kSlip = 0;
};

/// Latency, for the consumer of a ring that the kernel produces into. It cannot
/// take ownership of lines that only the kernel may write. So it asks for the
/// next record's line while the one before it is read: of a burst between
/// distant CPUs the lines otherwise come one after the other.
struct FromKernel : Latency {
  static constexpr bool kOwnAndDemote = false;
  static constexpr std::uint32_t kNextSlotLines = 1;
};

/// Most records a second. Slots hold several records, both sides ask for lines
/// ahead, and a consumer that has caught up lets the producer get ahead again
/// before it looks, so that they work on different lines (temporal slipping:
/// FastForward, Giacomoni et al., PPoPP 2008).
struct Throughput {
  static constexpr bool kPacked = true;
  static constexpr bool kOwnAndDemote = false;
  static constexpr std::uint32_t kLinesAhead = 16;
  static constexpr std::uint32_t kNextSlotLines =
      HFT_SLOT_SIZE_MAX / HFT_CACHE_LINE;
  /// Most pauses after an empty poll.
  static constexpr std::uint32_t kSlip = 128;
};

/// Latency, Throughput, FromKernel, or an experiment with numbers of its own.
template <class P>
concept Policy = requires {
  { P::kPacked } -> std::convertible_to<bool>;
  { P::kOwnAndDemote } -> std::convertible_to<bool>;
  { P::kLinesAhead } -> std::convertible_to<std::uint32_t>;
  { P::kNextSlotLines } -> std::convertible_to<std::uint32_t>;
  { P::kSlip } -> std::convertible_to<std::uint32_t>;
};

}  // namespace hft
