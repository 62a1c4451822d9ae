// SPDX-License-Identifier: MIT
// What the kinds of Region share: the files of its memory, their rights, their
// pages.
//
//   Files files;
//   files[kSlots] = Descriptor(openat(folder, kFileNames[kSlots], O_RDONLY));
//   const hft_info info = read_info(files[kInfo].get());
//   bool rw = may_write(kSlots, Role::kConsumer, info);
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "attached_parts.hpp"
#include "fail.hpp"
#include "hft/descriptor.hpp"
#include "hft/detail/mapping.hpp"
#include "hft/region.hpp"

namespace hft::internal {

enum File : std::size_t {
  kInfo,
  kProducer,
  kConsumer,
  kSlots,
  kProducerLock,
  kConsumerLock,
  kFileCount
};
inline constexpr std::array<const char*, kFileCount> kFileNames = {
    "info", "producer", "consumer", "slots", "producer.lock", "consumer.lock"};
inline constexpr std::array kRegions = {kInfo, kProducer, kConsumer, kSlots};
inline constexpr std::array kLocks = {kProducerLock, kConsumerLock};
using Files = std::array<Descriptor, kFileCount>;

/// Whoever has a descriptor of one opens it anew to lock it.
inline constexpr mode_t kMemfdLockMode = 0666;

inline constexpr std::size_t kHugePage = std::size_t{2} << 20U;

bool may_write(File file, Role role, const hft_info& info) noexcept;
/// Whether this role can ring the doorbell of that ring, or wait for it.
bool has_doorbell(Role role, const hft_info& info) noexcept;

/// Whether a file that shows this owner is that user's: those whom a user
/// namespace does not know all show the same one.
bool is_mapped(uid_t user);

/// Whether it is [A-Za-z0-9._-]{1,64}.
bool is_name(std::string_view name) noexcept;
/// Throws std::invalid_argument unless is_name().
void check_name(std::string_view name);

hft_info make_info(const Geometry& geometry, bool writable_slots);
void write_info(int fd, const hft_info& info);
/// By read() rather than a mapping: a file that its owner truncates meanwhile
/// is an error and no SIGBUS. Validated.
hft_info read_info(int fd);

/// How long the file has to be.
std::uint64_t bytes_of(File file, const hft_info& info) noexcept;
/// Throws InvalidRing when it is shorter.
void check_size(int fd, File file, const hft_info& info);

struct Backed {
  Mapping mapping;
  HugePages pages = HugePages::kNone;
};

/// Map new slots on the largest pages to be had. `reserved` maps pages of the
/// pool or throws std::system_error; `normal` maps any. Throws when huge pages
/// are required and there are none.
Backed back(std::uint64_t bytes, Preference huge_pages,
            const std::function<Mapping()>& reserved,
            const std::function<Mapping(FaultIn)>& normal);

/// Slots in whole 2 MiB pages.
std::uint64_t in_huge_pages(std::uint64_t bytes) noexcept;

/// Whether the kernel maps any of it by 2 MiB pages of its own accord.
bool is_transparent_huge(const Mapping& mapping);

std::unique_ptr<Parts> make_parts(const hft_info& info, Role role);
/// Where the parts keep the file that is locked: kProducerLock, kConsumerLock.
Descriptor& lock_of(Parts& parts, File lock);
/// "ring 'ticks'"
std::string ring_called(std::string_view name);
/// Map the producer page, and the consumer page where the role has one.
void map_pages(Parts& parts, const Files& files);
/// Slots that were made for this ring.
void map_new_slots(Parts& parts, Backed slots);
/// Slots that another process made, with the rights of the role.
void map_slots(Parts& parts, int fd);
/// Lock all of it in RAM. Throws std::system_error when it is required and a
/// limit forbids it.
void lock(Parts& parts, Preference preference);

}  // namespace hft::internal
