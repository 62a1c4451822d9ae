// SPDX-License-Identifier: MIT
// The shared memory of a process ring: made, named, passed on, attached to.
//
//   auto geometry = hft::Geometry::for_records(sizeof(Tick), 16384);
//   auto region = hft::Region::create("ticks", geometry);  // one process
//   auto ours = hft::Region::attach("ticks", hft::Role::kConsumer);  // another
//   hft::ConsumerEnd end = ours.consumer_end();
//   hft::Region::remove("ticks");
#pragma once

#include <hft/abi.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hft/descriptor.hpp"
#include "hft/detail/ends.hpp"
#include "hft/detail/mapping.hpp"
#include "hft/geometry.hpp"

namespace hft {

/// Of what not every machine grants. kTry goes on without it where it cannot be
/// had; kRequire throws std::system_error then, and says why.
enum class Preference { kNever, kTry, kRequire };

/// What the slots stand on.
enum class HugePages {
  kNone,
  kTransparent,  // at least a part of the slots: /proc/PID/smaps says so
  kReserved,     // 2 MiB pages of the pool of /proc/sys/vm/nr_hugepages
};

/// Which mappings are writable, hence which ends can be had:
///
///             producer  consumer  slots
///   kProducer    rw        rw       rw    both ends
///   kConsumer    r         rw       r     consumer_end(); slots are rw where
///                                         the creator allowed it
///   kObserver    r         r        r     consumer_end() in overwrite mode
///
/// In overwrite mode only a producer maps the consumer page: nothing is in it.
/// In drop mode a producer and a consumer have the ring's doorbell as well, the
/// one to ring it and the other to wait for it (Consumer::wake_fd()).
enum class Role { kProducer, kConsumer, kObserver };

struct RegionOptions {
  /// kTry begins at 2 MiB of slots: less would waste most of a page. By name
  /// there are only transparent ones, where /dev/shm is mounted with them.
  Preference huge_pages = Preference::kTry;
  Preference lock_memory = Preference::kTry;
  /// Let consumers take ownership of the lines they poll (faster), and trust
  /// them not to write records.
  bool writable_slots = false;
  /// create(): rights of the consumer file and of the doorbell, and the group's
  /// and others' write bits of the slots file when those are writable. 0660 or
  /// 0666 admits the consumers of other users. The umask does not apply.
  mode_t consumer_mode = 0600;
  /// memfd(): what /proc/PID/maps shows, "hft:NAME:slots".
  std::string name = "ring";
};

struct AttachOptions {
  /// A user, beside root and oneself, whose ring may be attached to.
  std::optional<uid_t> owner;
  Preference lock_memory = Preference::kTry;
};

/// The regions info, producer, consumer and slots of a ring, each mapped on its
/// own. Move-only; the ends it hands out hold until it is destroyed, and a move
/// does not invalidate them. Not thread-safe.
///
/// Whoever made a ring by name, and whoever may write its consumer file, can
/// truncate that file, and others get a SIGBUS: files in /dev/shm cannot be
/// sealed. They can also keep a producer waiting that rings the doorbell.
/// Between users that do not trust each other use memfd().
class Region {
 public:
  using Options = RegionOptions;

  /// For the threads and the future children of one process. Where no
  /// descriptor is left (ulimit -n) it has no doorbell, and wake_fd() says so.
  static Region anonymous(const Geometry& geometry,
                          const Options& options = {});

  /// Without a name: gone with its last user. Sealed: no one can truncate it.
  /// When the last process with a producer's region of it is gone, wake_fd()
  /// of its consumer hangs up (EPOLLHUP) and stays readable.
  static Region memfd(const Geometry& geometry, const Options& options = {});

  /// Hand a memfd ring to the process at the other end of a Unix socket. It
  /// gets descriptors with the rights of `role` and no more; a process of the
  /// same user could still give itself more, as it could with ptrace. Only a
  /// producer can: std::logic_error otherwise.
  void send(int unix_socket, Role role) const;

  /// Blocks until a ring comes. Throws InvalidRing when what comes is none, or
  /// could be truncated.
  static Region receive(int unix_socket,
                        Preference lock_memory = Preference::kTry);

  /// Make /dev/shm/hft.NAME, whole or not at all. EEXIST when it is there. The
  /// creator is a producer. What creators that were killed have left behind is
  /// removed in passing.
  static Region create(std::string_view name, const Geometry& geometry,
                       const Options& options = {});

  /// ENOENT when there is none, EPERM when it is another user's and not
  /// options.owner's, EACCES without the rights, InvalidRing when it is not
  /// usable: each says what to do.
  static Region attach(std::string_view name, Role role,
                       const AttachOptions& options = {});

  /// The name is free at once; who is attached stays so.
  static void remove(std::string_view name);

  /// A copy of the info region, checked: no one can change it afterwards.
  [[nodiscard]] const hft_info& info() const noexcept { return *info_; }
  /// Throws std::logic_error when the role is not the producer's.
  [[nodiscard]] ProducerEnd producer_end() const;
  /// Throws std::logic_error for an observer of a ring in drop mode.
  [[nodiscard]] ConsumerEnd consumer_end() const;
  /// For an Observer, whatever the role and the mode.
  [[nodiscard]] ConsumerEnd observer_end() const noexcept;
  /// For monitors, whatever the role.
  [[nodiscard]] const hft_producer_page& producer_page() const noexcept {
    return *producer_.as<const hft_producer_page>();
  }
  /// Null in overwrite mode, but for a producer.
  [[nodiscard]] const hft_consumer_page* consumer_page() const noexcept {
    return consumer_.as<const hft_consumer_page>();
  }

  [[nodiscard]] Role role() const noexcept { return role_; }
  [[nodiscard]] HugePages huge_pages() const noexcept { return huge_pages_; }
  /// Whether all of it is locked in RAM.
  [[nodiscard]] bool locked() const noexcept { return locked_; }

 private:
  Region(const hft_info& info, Role role);

  void map_pages(const std::array<Descriptor, 4>& files);
  void map_slots(int fd);
  void lock(Preference preference);

  // On the heap, so that the ends survive a move.
  std::unique_ptr<const hft_info> info_;
  Mapping producer_;
  Mapping consumer_;
  Mapping slots_;
  std::array<Descriptor, 4> files_;  // memfd producers only: what send() sends
  Descriptor doorbell_;              // readable once it has been rung
  Descriptor rope_;                  // rings it; empty: doorbell_ does
  bool doorbell_is_socket_ = false;  // of a memfd ring
  Role role_;
  bool slots_writable_ = true;
  HugePages huge_pages_ = HugePages::kNone;
  bool locked_ = false;
};

}  // namespace hft
