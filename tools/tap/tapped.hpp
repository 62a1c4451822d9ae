// SPDX-License-Identifier: MIT
// Any ring, by the name that a user gives it, to look on at.
//
//   hft::tap::Tapped rings = hft::tap::open_rings("/sys/fs/bpf/feed");
//   hft::tap::Watch watch(rings.rings, hft::StartAt::kNext);
//   while (const hft::tap::TappedRecord* tapped = watch.next()) show(*tapped);
#pragma once

#include <hft/abi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hft/attached.hpp"
#include "hft/bpf.hpp"
#include "hft/detail/earliest.hpp"
#include "hft/observer.hpp"

namespace hft::tap {

/// Rings that are open to look on at.
struct Tapped {
  std::string name;
  std::vector<Attached> rings;  // several where BPF has one a CPU
  std::shared_ptr<const bpf::Rings> pinned = nullptr;  // of a pin alone

  /// Whether nothing more comes: rings whose pin says so. Not for hot loops.
  [[nodiscard]] bool producer_gone() const;
};

/// The folder of a pin, or what attach() knows. Throws what attaching throws.
Tapped open_rings(const std::string& name);

/// Whether Watch can look on; a ring of a type of its user's can only be
/// counted.
bool holds_hft_record(const hft_info& info);

/// A record, and where it was seen.
struct TappedRecord {
  std::uint32_t ring = 0;  // hft_info.ring_id
  std::uint64_t position = 0;
  const hft_record* record = nullptr;  // valid until the next one
  std::span<const std::byte> payload;  // as much of it as the slot holds
};

/// A position that a producer in the kernel has reserved, and neither published
/// nor discarded: consumers wait there.
struct Reserved {
  std::uint32_t ring = 0;  // hft_info.ring_id
  std::uint64_t position = 0;
  std::uint64_t since = 0;  // ns, CLOCK_MONOTONIC: when it was first seen
};

/// Positions in a row that their producer reserved, and left behind.
struct Abandoned {
  std::uint32_t ring = 0;  // hft_info.ring_id
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

/// Not thread-safe. The rings must outlive it.
class Watch {
 public:
  Watch(std::span<const Attached> rings, StartAt start);

  /// The next record, of several rings the one that Earliest chooses; nullptr
  /// when there is none.
  const TappedRecord* next();

  /// Where the records of each ring do not go on though positions are taken.
  /// `now` is the time, as in Reserved::since. For when next() gives nothing.
  std::vector<Reserved> reserved(std::uint64_t now);

  /// For when no producer is left and next() gives nothing: goes on behind the
  /// positions at which the records of each ring do not go on, up to the next
  /// record. They were reserved and will never be published.
  std::vector<Abandoned> pass_abandoned();

  /// Published records that were gone before they were seen.
  [[nodiscard]] std::uint64_t missed() const;
  /// Records that producers dropped since this began.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  // Holds a copy of one record, so that it sees one at a time.
  struct View {
    View(const Attached& ring, StartAt start);
    /// The record that waits, or the next one; nullptr when there is none.
    const hft_record* try_read() noexcept;
    /// Of the record that waits.
    [[nodiscard]] std::uint64_t position() const noexcept;
    [[nodiscard]] std::uint64_t published_until(
        std::uint64_t known, std::size_t most) const noexcept;
    void release() noexcept { waits = false; }
    /// Whether a position is taken at which it finds no record.
    [[nodiscard]] bool stands_still() const noexcept;
    /// Published records that it did not see.
    [[nodiscard]] std::uint64_t missed() const noexcept {
      return missed_before + observer.missed();
    }

    ConsumerEnd end;
    Observer observer;
    std::uint64_t dropped_before;
    std::uint64_t missed_before = 0;   // by observers that it no longer has
    std::vector<std::uint64_t> bytes;  // of the record that waits
    bool waits = false;
  };

  Earliest<View> views_;
  std::vector<Reserved> stands_;  // where each ring was found to stand still
  bool given_ = false;            // views_ has a record to be released
  TappedRecord tapped_;
};

}  // namespace hft::tap
