// SPDX-License-Identifier: MIT
// Several rings as one: the record with the earliest stamp comes first.
//
//   hft::Earliest<hft::KernelConsumer> rings;
//   for (hft::Attached& ring : mapped) rings.add(ring.consumer());
//   while (const hft_record* record = rings.try_read()) {
//     react(*record, rings.ring());
//     rings.release();
//   }
#pragma once

#include <hft/abi.h>

#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace hft {

/// What Earliest asks of a ring. try_read() gives the next record or nullptr,
/// and the same record until release(). position() is that of the record it
/// gave. published_until() is called only while there is one, with what it
/// returned last: all records before the position that it returns are
/// published, and there is no need to know of more than `most`.
template <class Ring>
concept StampedRing = requires(Ring& ring, std::uint64_t known,
                               std::size_t most) {
  { ring.try_read() } -> std::same_as<const hft_record*>;
  { ring.position() } -> std::same_as<std::uint64_t>;
  { ring.published_until(known, most) } -> std::same_as<std::uint64_t>;
  ring.release();
};

/// Not thread-safe. The clocks of the rings have to be one clock, and each ring
/// has to be in the order of its stamps: a record that its own ring holds back
/// comes late.
///
/// The order is by what has been *seen*. A ring *waits* if it had a record when
/// it was last looked at; the others were empty. A record has been seen at a
/// moment at which we knew that it was published, and after which we have
/// looked at every ring that did not wait. The waiting ring whose next record
/// has the earliest stamp is the first, and its record is given if it has been
/// seen; if not, we look until it has.
///
/// No record that had been published when the given one was seen is earlier and
/// still to come. For assume there is one. Its ring waited at that moment, or
/// the look that followed found it; and a ring waits until we find it empty, so
/// it waits now. The next record of that ring is no later than the assumed one,
/// so it is earlier than the given one, and that ring would have been the
/// first.
///
/// What is published after that moment is stamped later, unless its producer
/// was interrupted between the stamp and the publication, or holds an earlier
/// position of its ring that is still pending. Such a late record
/// comes as soon as a look has found it.
///
/// One look sees many records: of each ring that waits all those that are
/// published when the look begins, up to kSeenAtOnce. Empty rings are not
/// looked at again before a record that has not been seen is the first. So what
/// a record costs does not depend on how many rings are empty while others have
/// a backlog. When no ring has a record, a call looks at each ring once. For a
/// record that arrives then, the rings before its own are looked at again.
template <StampedRing Ring>
class Earliest {
 public:
  /// Of each ring a look sees at most as many records. More of them make empty
  /// rings cheaper, and let a late record wait for longer.
  static constexpr std::size_t kSeenAtOnce = 256;

  /// Returns the index of the ring: 0, 1, … Throws std::bad_alloc.
  std::size_t add(Ring ring) {
    waiting_.reserve(rings_.size() + 1);
    rings_.push_back({.ring = std::move(ring)});
    return rings_.size() - 1;
  }

  /// The next record, or nullptr when no ring has one; of equal stamps that of
  /// the ring that was added first. It stays valid until release(), and calling
  /// this again before returns the same record.
  [[nodiscard]] const hft_record* try_read() noexcept {
    if (released_) {
      released_ = false;
      look_at_first();
    }
    if ((waiting_.empty() || !is_seen(first())) && !see_first()) {
      return nullptr;
    }
    return first().ring.try_read();
  }

  /// Done with the record that try_read() gave.
  void release() noexcept {
    assert(!waiting_.empty() && !released_);
    first().ring.release();
    released_ = true;
  }

  /// Of the record that try_read() gave: the index of its ring, and its stamp.
  [[nodiscard]] std::size_t ring() const noexcept {
    assert(!waiting_.empty());
    return waiting_.front().ring;
  }
  [[nodiscard]] std::uint64_t stamp() const noexcept {
    assert(!waiting_.empty());
    return waiting_.front().stamp;
  }

  [[nodiscard]] std::size_t size() const noexcept { return rings_.size(); }
  /// `ring` is less than size(). Its records are for try_read() alone.
  [[nodiscard]] const Ring& operator[](std::size_t ring) const noexcept {
    assert(ring < rings_.size());
    return rings_[ring].ring;
  }
  [[nodiscard]] Ring& operator[](std::size_t ring) noexcept {
    assert(ring < rings_.size());
    return rings_[ring].ring;
  }

 private:
  struct LookedAt {
    Ring ring;
    std::uint64_t published = 0;  // until this position, when last asked
    std::uint64_t seen = 0;       // until this position
    bool waits = false;
  };
  struct Turn {
    std::uint64_t stamp;  // of the next record of a ring that waits
    std::size_t ring;
  };

  static bool is_later(const Turn& a, const Turn& b) noexcept {
    return a.stamp != b.stamp ? a.stamp > b.stamp : a.ring > b.ring;
  }
  static bool is_seen(const LookedAt& one) noexcept {
    return one.ring.position() < one.seen;
  }
  LookedAt& first() noexcept { return rings_[waiting_.front().ring]; }

  // Looks until the first record has been seen. False when no ring waits.
  bool see_first() noexcept {
    for (;;) {
      look_at_all();
      if (waiting_.empty()) {
        return false;
      }
      if (is_seen(first())) {
        return true;
      }
      // This look found it and went on to the rings after it. The rings before
      // it have to be looked at again. If one of them is now the first, not
      // every ring has been looked at since we found that one.
      const std::size_t found = ring();
      look_at_empty(found);
      if (ring() == found) {
        first().seen = first().published;
        return true;
      }
    }
  }

  void look_at_all() noexcept {
    for (const Turn& turn : waiting_) {
      LookedAt& one = rings_[turn.ring];
      ask(one);
      one.seen = one.published;
    }
    look_at_empty(rings_.size());
  }

  // Among the first `count` rings.
  void look_at_empty(std::size_t count) noexcept {
    // A span, for a vector's begin and end are loaded again after each look,
    // which is an acquire.
    for (LookedAt& one : std::span(rings_).first(count)) {
      if (!one.waits) {
        if (const hft_record* record = one.ring.try_read()) [[unlikely]] {
          add_to_waiting(one, record->stamp);
        }
      }
    }
  }

  // Not inlined: the loop over the empty rings keeps its registers.
  [[gnu::noinline]] void add_to_waiting(LookedAt& one,
                                        std::uint64_t stamp) noexcept {
    one.waits = true;
    ask(one);
    const auto ring = static_cast<std::size_t>(&one - rings_.data());
    waiting_.push_back({.stamp = stamp, .ring = ring});
    std::push_heap(waiting_.begin(), waiting_.end(), is_later);
  }

  static void ask(LookedAt& one) noexcept {
    one.published = one.ring.published_until(one.published, kSeenAtOnce);
  }

  // Its record was released: another one is next, or the ring does not wait.
  void look_at_first() noexcept {
    LookedAt& one = first();
    if (const hft_record* record = one.ring.try_read()) {
      waiting_.front().stamp = record->stamp;
      sink_first();
    } else {
      one.waits = false;
      std::pop_heap(waiting_.begin(), waiting_.end(), is_later);
      waiting_.pop_back();
    }
  }

  // std::pop_heap and std::push_heap would do the same, but go through the
  // whole heap even if the first remains first, as it does in a burst.
  void sink_first() noexcept {
    const Turn sinking = waiting_.front();
    std::size_t at = 0;
    for (std::size_t next = 1; next < waiting_.size(); next = 2 * at + 1) {
      if (next + 1 < waiting_.size() &&
          is_later(waiting_[next], waiting_[next + 1])) {
        ++next;
      }
      if (!is_later(sinking, waiting_[next])) {
        break;
      }
      waiting_[at] = waiting_[next];
      at = next;
    }
    waiting_[at] = sinking;
  }

  std::vector<LookedAt> rings_;
  std::vector<Turn> waiting_;  // a heap
  bool released_ = false;
};

}  // namespace hft
