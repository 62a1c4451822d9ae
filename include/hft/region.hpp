// SPDX-License-Identifier: MIT
// The shared memory of a process ring: made, named, passed on, attached to.
//
//   auto geometry = hft::Geometry::for_records(sizeof(Tick), 16384);
//   auto region = hft::Region::create("ticks", geometry);  // one process
//   auto ours = hft::attach("ticks", hft::Role::kConsumer);  // another
//   auto consumer = hft::Ring<Tick>(ours).consumer();
//   hft::Region::remove("ticks");
#pragma once

#include <hft/abi.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hft/attached.hpp"
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

/// A ring between processes, or the threads of one: what creates it, and ways
/// to attach to it. Everything else is Attached's.
///
/// Whoever made a ring by name, and whoever may write its consumer file, can
/// truncate that file, and others get a SIGBUS: files in /dev/shm cannot be
/// sealed. They can also keep a producer waiting that rings the doorbell.
/// Between users that do not trust each other use memfd().
class Region : public Attached {
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

  /// Like hft::attach(), with options. ENOENT when there is none, EPERM when it
  /// is another user's and not options.owner's, EACCES without the rights,
  /// InvalidRing when it is not usable: each says what to do.
  static Region attach(std::string_view name, Role role,
                       const AttachOptions& options = {});

  /// The name is free at once; who is attached stays so.
  static void remove(std::string_view name);

  [[nodiscard]] HugePages huge_pages() const noexcept;
  /// Whether all of it is locked in RAM.
  [[nodiscard]] bool locked() const noexcept;

 private:
  explicit Region(std::unique_ptr<internal::Parts> parts) noexcept;
};

}  // namespace hft
