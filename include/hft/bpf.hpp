// SPDX-License-Identifier: MIT
// Rings that BPF programs produce into, on an unmodified kernel.
//
//   hft::bpf::shape(*skeleton->obj, "ticks", {.slot_count = 4096});
//   hft::bpf::load(*skeleton);
//   auto rings = hft::bpf::Rings::of(*skeleton->obj, "ticks");
//   auto ring = rings.attach(cpu, hft::Role::kConsumer);
//   hft::KernelConsumer consumer = ring.consumer();
#pragma once

#include <hft/abi.h>
#include <sys/types.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "hft/attached.hpp"
#include "hft/descriptor.hpp"
#include "hft/detail/mapping.hpp"

// libbpf's: of any skeleton, or of bpf_object__open().
struct bpf_object;
struct bpf_object_skeleton;

namespace hft::bpf {

/// One ring of a name is a ring like any other.
using Ring = Attached;

/// Rings of a name: one for each possible CPU.
inline constexpr std::uint32_t kEachCpu = 0;

struct Shape {
  std::uint32_t slot_count = HFT_DEFAULT_SLOT_COUNT;  // a power of two
  hft_mode mode = HFT_MODE_DROP;
  /// kEachCpu (or as many as that is), or 1 for all CPUs. Both are right for
  /// every program; CPUs that share a ring pass its lines between them for each
  /// record. hft::Merger reads several as one.
  std::uint32_t rings = kEachCpu;
  /// Bytes. 0: as HFT_BPF_RING has it. A larger one leaves the rest unused,
  /// unless the program is written for it; the verifier refuses a smaller one.
  std::uint32_t slot_size = 0;
  /// In drop mode a consumer may sleep, and is woken: a doorbell of 16 KiB and
  /// a descriptor for each ring. Without it a SleepingPolicy looks again after
  /// its `longest`, and there is no wake_fd().
  bool wake_ups = true;
};

/// Say what HFT_BPF_RING(name, …) of an object is to be; before it is loaded.
/// Throws std::invalid_argument for sizes that no ring has, std::logic_error
/// when the object has no such ring or is loaded.
void shape(bpf_object& object, std::string_view name, const Shape& shape);

/// A struct that `bpftool gen skeleton` made; not a light skeleton's (-L).
template <class T>
concept Skeleton = requires(const T& made) {
  { made.skeleton } -> std::convertible_to<bpf_object_skeleton*>;
  { made.obj } -> std::convertible_to<bpf_object*>;
};

/// The kernel did not load programs; its text says why.
struct LoadError : std::system_error {
  using std::system_error::system_error;
};

/// bpf_object__load_skeleton(): what NAME__load() of every skeleton calls.
/// Throws LoadError with the reason when it fails: what privilege or kernel
/// feature is missing, or the lines of libbpf's and the verifier's log that
/// matter. Not thread-safe: takes over libbpf's log meanwhile.
void load(bpf_object_skeleton& skeleton);

/// Load the programs of a skeleton, as its NAME__load() does; throws as above.
/// Its `bss` and `data` are the programs' own globals from then on.
template <Skeleton T>
void load(T& skeleton) {
  load(*skeleton.skeleton);
}

/// bpf_object__load(), for an object that was opened without a skeleton; throws
/// as above. It does not connect the globals of a skeleton: its `bss` and
/// `data` may remain copies that no program reads or writes.
void load(bpf_object& object);

/// Why this process cannot load BPF programs on this kernel; empty when it can.
std::string unavailable();

/// How many rings kEachCpu makes.
std::uint32_t possible_cpus();

/// Bytes of kernel memory that the rings of a shape take, from load() on.
/// `slot_size` is that of HFT_BPF_RING; one of the shape's own comes first.
std::uint64_t memory_bytes(const Shape& shape, std::uint32_t slot_size);

/// Attached::stats() for the process that loaded the object, after Rings::of().
/// `index` is less than Rings::size(): std::out_of_range otherwise. Throws
/// std::system_error, InvalidRing.
hft_ring_stats stats(bpf_object& object, std::string_view name,
                     std::uint32_t index = 0);

/// Mount a BPF file system at /sys/fs/bpf unless there is one. Throws
/// std::system_error, and says how it is done, when that is not permitted.
void mount_bpffs();

// A doorbell, shared by what was made from one Rings.
class DoorbellMap;

/// What a pinned ring's files let others do.
struct PinOptions {
  /// Of the file that makes a consumer. Whoever may only read it is let in as
  /// an observer.
  mode_t consumer_mode = 0600;
  std::optional<gid_t> group = std::nullopt;
  /// Take the place of rings whose producer is gone, and of a folder whose
  /// loader was killed while it pinned them.
  bool replace = false;
};

/// The pinned rings that a program goes on with, instead of making new ones.
struct GoOn {
  std::string folder;  // of Rings::pin()
  /// Throw unless their producer is known to be gone, as PinOptions::replace
  /// does, and keep others that want to be alone, or to replace the rings, out
  /// while the Rings live. Without it the program may be one more producer
  /// beside others.
  bool alone = false;
  /// The program is written for slots of any size. Without it a size other than
  /// that of HFT_BPF_RING is refused.
  bool any_slot_size = false;
};

/// All rings of a name, by their maps. Move-only. Not thread-safe.
class Rings {
 public:
  /// Of a loaded object that was shaped: writes what the rings are, then
  /// freezes the slots and what only programs use, so that no one can ever map
  /// them writable or update them. Once for an object and a name. Throws
  /// std::logic_error when there is no such ring, it has no shape, its object
  /// is not loaded, or this was called before; std::system_error, as where
  /// /proc is not mounted.
  static Rings of(bpf_object& object, std::string_view name);

  /// Instead of shape() and of(), and before load(): the object goes on with
  /// pinned rings of this name. Its programs take the next positions, and
  /// whoever is attached sees them, sleepers included. Any number of programs
  /// may produce into a ring, so others may do so at the same time. The
  /// counters go on as well. The rings stay pinned, and live until the folder
  /// is removed. Positions that were taken and never published stay held:
  /// `pending` in Attached::stats() counts them. A loader that is killed leaves
  /// none, since a BPF program runs to its end. The rings need
  /// no pin(), which for the same folder throws EEXIST.
  ///
  /// Throws std::logic_error when the object has no such ring, is loaded, or
  /// goes on already; InvalidRing when these are not BPF rings of this name, or
  /// of a size, a number or maps that do not fit; std::system_error: ENOENT
  /// without the folder, or without the private maps in it, which an older
  /// version has not pinned; EACCES for anyone but root and who pinned them;
  /// EEXIST with `alone`, unless their producer is known to be gone.
  static Rings go_on(bpf_object& object, std::string_view name,
                     const GoOn& pinned);

  /// Make `folder`, in a folder of a BPF file system that is there, with the
  /// files "slots" and "consumer", and "producers", which tells readers the ids
  /// of the BPF programs that fill the rings. That one is left out where the
  /// kernel has no BTF or the caller no CAP_PERFMON. Rings of of() and go_on()
  /// also get "turns" and "bells", which only their owner may open, and which
  /// go_on() needs. The rings then live until the folder is removed. Throws
  /// std::system_error: EEXIST when it is there, and with `replace` unless its
  /// producer is known to be gone.
  void pin(const std::string& folder, const PinOptions& options = {}) const;
  static void unpin(const std::string& folder);
  /// Throws std::system_error: EACCES without the rights for `role`. Kernels
  /// before 5.19 refuse it to the unprivileged where
  /// kernel.unprivileged_bpf_disabled is set: those get it by send().
  static Rings open(const std::string& folder, Role role);

  /// Hand them to the process at the other end of a Unix socket: to a consumer,
  /// or to an observer, who cannot become one.
  void send(int unix_socket, Role role) const;
  /// Blocks until they come. Throws InvalidRing when it is none.
  static Rings receive(int unix_socket);

  /// Whether no BPF program is left that fills these rings: what is in them
  /// can be read, and nothing more comes. Only open() knows; of other rings,
  /// and where the pin does not say, it is false. Runs through all programs of
  /// the kernel: not for the hot path.
  [[nodiscard]] bool producer_gone() const;
  /// When the last record was published or dropped, of all rings; ns of
  /// CLOCK_MONOTONIC, 0 for never.
  [[nodiscard]] std::uint64_t last_heard() const;

  [[nodiscard]] std::uint32_t size() const noexcept { return count_; }
  /// Map ring `index`, less than size(), as kConsumer or kObserver. Throws
  /// std::out_of_range, std::logic_error for a producer, and for a consumer of
  /// rings that were given to an observer.
  [[nodiscard]] Attached attach(std::uint32_t index, Role role) const;

 private:
  Rings(Descriptor slots, Descriptor consumers,
        std::vector<std::shared_ptr<const DoorbellMap>> doorbells);

  Descriptor slots_;
  Descriptor consumers_;  // empty for an observer
  Mapping unfrozen_;      // keeps others from freezing the consumers' pages
  std::vector<std::shared_ptr<const DoorbellMap>> doorbells_;  // a ring each
  Descriptor producers_;  // the file of a pin; empty when there is none
  Descriptor turns_;      // only a loader has these two, to pin them
  Descriptor bells_;
  Descriptor lock_;  // of go_on() with `alone`
  hft_info info_{};  // of the first; the others differ in ring_id
  std::uint32_t count_ = 0;
};

}  // namespace hft::bpf
