// SPDX-License-Identifier: MIT
// A ring that this process is attached to, whoever produces into it: the
// driver, a BPF program or another process.
//
//   hft::Attached ring = hft::attach("/dev/hft", hft::Role::kConsumer);
//   hft::KernelConsumer consumer = ring.consumer();
//   react(consumer.read());
//   consumer.release();
#pragma once

#include <hft/abi.h>

#include <memory>
#include <string>
#include <string_view>

#include "hft/consumer.hpp"
#include "hft/detail/ends.hpp"
#include "hft/detail/owner.hpp"
#include "hft/observer.hpp"
#include "hft/reader.hpp"

namespace hft {

/// What a process may do with a ring, and so which mappings are writable:
///
///             producer  consumer  slots
///   kProducer    rw        rw       rw    rings of processes only; either end
///   kConsumer    r         rw       r     a consumer, or a reader; slots are
///                                         rw where the creator allowed it
///   kObserver    r         r        r     a reader or an observer
///
/// In overwrite mode only a producer maps the consumer page: nothing is in it.
/// Of a ring that the kernel produces into, only a consumer maps it. In drop
/// mode a producer and a consumer have the ring's doorbell as well, the one to
/// ring it and the other to wait for it (Consumer::wake_fd()).
enum class Role { kProducer, kConsumer, kObserver };

/// Whether the driver wakes a consumer that sleeps (SpinThenSleep, wake_fd()).
/// Processes and BPF programs wake whoever asks, without being told before.
enum class WakeUp {
  kNever,
  kOnRequest,  // each record then costs the driver a full fence
};

namespace internal {
struct Parts;
}  // namespace internal

/// The regions of a ring, mapped and validated: what attach(), Region and
/// bpf::Rings give. Move-only. What it hands out stays valid until it is
/// destroyed, and a move does not invalidate it. Any number of threads may call
/// its const members at once.
///
/// These members check, for every kind of ring, the mode, the role, the type of
/// the records, and that nobody else is at the end that is asked for. Ring<T,
/// Policy> asks here too.
class Attached {
 public:
  /// Of what attach(), Region and bpf::Rings have mapped and validated.
  explicit Attached(std::unique_ptr<internal::Parts> parts) noexcept;
  Attached(Attached&& other) noexcept;
  Attached& operator=(Attached&& other) noexcept;
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;
  ~Attached();

  /// A checked copy of the info region: no one can change it afterwards.
  [[nodiscard]] const hft_info& info() const noexcept;
  [[nodiscard]] Role role() const noexcept;
  /// For monitors, whatever the role. Its producer changes it at any time.
  [[nodiscard]] const hft_producer_page& producer_page() const noexcept;
  /// Null where the role or the mode has none: see Role.
  [[nodiscard]] const hft_consumer_page* consumer_page() const noexcept;
  /// What became of every offer: offered = published + dropped + discarded +
  /// pending. Only producers in the kernel discard or leave something pending.
  /// Exact once none is at it; while they run, off by what they do during the
  /// look, and `published` may go back for a moment. Reads a line of each slot.
  [[nodiscard]] hft_ring_stats stats() const noexcept;

  /// The one consumer of a ring of hft_record in drop mode, until it is
  /// destroyed. kOldest goes on where the last consumer told that it stopped,
  /// or, if no honest consumer can have been there, at the first position that
  /// is not published. The driver forgets where a consumer stopped: its rings
  /// go on where attach() found the first unpublished position. kNext skips
  /// what is published by now.
  ///
  /// Throws InvalidRing for a ring in overwrite mode or of other records,
  /// std::logic_error for an observer, std::system_error EBUSY while another
  /// consumer lives, also in this process; one that died is succeeded. For a
  /// ring between processes Ring<hft_record>::consumer() is faster: it may own
  /// the lines that it polls.
  [[nodiscard]] KernelConsumer consumer(StartAt start = StartAt::kOldest) const;
  /// One of any number of readers of a ring of hft_record in overwrite mode,
  /// whatever the role. Throws InvalidRing for a ring in drop mode or of other
  /// records.
  [[nodiscard]] Reader<hft_record> reader(StartAt start = StartAt::kNext) const;
  /// Looks on at a ring of hft_record, whatever the mode and the role. Throws
  /// InvalidRing for a ring of other records.
  [[nodiscard]] Observer observer(StartAt start = StartAt::kNext) const;

  /// What these are made from, for an end of one's own. They check all but the
  /// type of the records, and keep nobody out. A producer's: throws
  /// std::logic_error for another role.
  [[nodiscard]] ProducerEnd producer_end() const;
  /// Throws InvalidRing in overwrite mode, std::logic_error for an observer.
  [[nodiscard]] ConsumerEnd consumer_end() const;
  /// Throws InvalidRing in drop mode. Without a consumer page.
  [[nodiscard]] ConsumerEnd reader_end() const;
  /// For an Observer. Without a consumer page.
  [[nodiscard]] ConsumerEnd observer_end() const noexcept;

  /// The same ends, with what keeps others out as long as it lives. Throws as
  /// the ends do, InvalidRing for a ring that is not in `mode`, and
  /// std::system_error EBUSY, naming the process, while the end has an owner
  /// that lives.
  [[nodiscard]] Claimed<ProducerEnd> claim_producer(hft_mode mode) const;
  /// Withdraws what the last consumer asked its producer, and begins as
  /// consumer() does.
  [[nodiscard]] Claimed<ConsumerEnd> claim_consumer(StartAt start) const;

 protected:
  [[nodiscard]] internal::Parts& parts() const noexcept { return *parts_; }

 private:
  /// "consumer of ring 'ticks'"
  [[nodiscard]] std::string called(std::string_view end) const;

  // On the heap, so that the ends survive a move.
  std::unique_ptr<internal::Parts> parts_;
};

/// Attach to a ring by what a user calls it: "/dev/hft" or "/dev/hft:CHANNEL"
/// is a ring of the driver, anything else the name of a ring that a process
/// made with Region::create(). `wake_up` is for a consumer of a ring of the
/// driver. Throws what attach(Device) and Region::attach() throw, and
/// std::invalid_argument when it can be neither.
Attached attach(std::string_view where, Role role,
                WakeUp wake_up = WakeUp::kNever);

}  // namespace hft
