// SPDX-License-Identifier: MIT
// Who may produce, and who may consume: one process each, and a successor when
// it has died.
//
//   auto claim = hft::Claim::take(&end.page->owner, lock_of(end),
//                                 "the producer of ring ticks");
//   if (claim.took_over()) recover(end);
//   publish(end);  // until claim is destroyed
#pragma once

#include <hft/abi.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "hft/descriptor.hpp"

namespace hft {

/// A process, also after its pid was given to another: its pid in the low 22
/// bits (no Linux pid is larger) and, above, the time it started in clock ticks
/// since boot, field 22 of /proc/PID/stat (42 bits last 1,394 years). Never 0.
///
/// It holds within one pid namespace and one time namespace, and where /proc is
/// that of this pid namespace. Under hidepid a process that /proc hides counts
/// as alive as long as its pid is in use, whoever uses it now. exec() keeps
/// both pid and start.
using Identity = std::uint64_t;

namespace internal {
struct EndLock;
}  // namespace internal

/// Of the calling process. Thread-safe. Throws std::system_error without /proc.
Identity own_identity();

/// Of this process, and of no child that it forks: pids do not tell them apart,
/// since the first process of a pid namespace and of one within it are both 1.
/// Never 0. Thread-safe.
std::uint64_t process_token() noexcept;

/// A zombie is dead: it will store nothing any more. Thread-safe; reads /proc.
/// Throws std::system_error when that fails for another reason than the process
/// being gone or hidden.
bool is_alive(Identity identity);

/// The end of a ring, held until destruction: its lock where there is one, and
/// the owner word in its page. Move-only. The word has to outlive it: destroy
/// it before the Attached. Not thread-safe, but any number of threads and
/// processes may contend for one end: one takes it.
///
/// With a lock the kernel says who owns the end, and the word is only a name
/// for messages. The lock is the open file description's: it ends with the last
/// process that has the description, in any pid namespace and however that
/// process ends; exec() closes it; a child of fork() keeps it while the child
/// lives, unless the process that took the end gives it back. A mapping holds
/// the description as well, so a program that closes all its descriptors keeps
/// the end. Without a lock the word decides, by Identity.
class Claim {
 public:
  /// Take the end by its lock, an open file description of its own that can
  /// write, or, where `lock` is empty, take the word when it is 0 or its owner
  /// has died. Throws std::system_error: EBUSY, naming the owner, when the end
  /// has one, also when that is this very process. `what` names the end for the
  /// message.
  ///
  /// Acquire: pairs with the release in give_back(), so that whoever takes a
  /// word that was given back sees all that its last owner stored. A dead owner
  /// released nothing: its stores are in coherent memory since the kernel
  /// stopped running it, which we learned from the kernel, and no C++ ordering
  /// is involved. Those it had not made yet it never will: what stands
  /// half-written is for the successor to recover.
  static Claim take(__u64* word, Descriptor lock, std::string_view what);

  Claim() = default;
  Claim(Claim&& other) noexcept
      : word_(std::exchange(other.word_, nullptr)),
        identity_(other.identity_),
        token_(other.token_),
        lock_(std::exchange(other.lock_, nullptr)),
        took_over_(other.took_over_) {}
  /// Gives back what this held.
  Claim& operator=(Claim&& other) noexcept {
    if (this != &other) {
      std::destroy_at(this);
      std::construct_at(this, std::move(other));
    }
    return *this;
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  /// Gives the word back if it is still ours, and the lock. A child that
  /// inherited the claim by fork() only lets go of its share of the lock: as
  /// long as the process that took the end holds it, the child never had it.
  ///
  /// Inlined always, also where an exception passes: an end of a ring, whose
  /// member this is, can live in registers as long as its address is passed to
  /// no function.
  [[gnu::always_inline]] ~Claim() {
    if (word_ != nullptr) {
      give_back(word_, identity_, token_, lock_);
    }
  }

  /// Whether the previous owner died without giving the word back.
  [[nodiscard]] bool took_over() const noexcept { return took_over_; }

 private:
  Claim(__u64* word, Identity identity, internal::EndLock* lock,
        bool took_over) noexcept
      : word_(word),
        identity_(identity),
        token_(process_token()),
        lock_(lock),
        took_over_(took_over) {}

  static Claim take_word(__u64* word, std::string_view what);
  static void give_back(__u64* word, Identity identity, std::uint64_t token,
                        internal::EndLock* lock) noexcept;

  __u64* word_ = nullptr;
  Identity identity_ = 0;
  std::uint64_t token_ = 0;
  // Not a smart pointer: a destructor would take its address.
  internal::EndLock* lock_ = nullptr;
  bool took_over_ = false;
};

/// An end of a ring, and what keeps others out of it.
template <class End>
struct Claimed {
  End end;
  Claim claim;
};

}  // namespace hft
