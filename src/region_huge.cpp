// SPDX-License-Identifier: MIT
// Slots on huge pages: of the pool, else transparent ones, else none.
#include <fmt/format.h>
#include <linux/mman.h>
#include <sys/mman.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "read_file.hpp"
#include "region_internal.hpp"

namespace hft::internal {
namespace {

// Says why not instead of leaving it to a SIGBUS. Before Linux 5.14 (EINVAL)
// the pages come one by one, on first use.
bool fault_in(const Mapping& mapping) {
  return madvise(mapping.as<void>(), mapping.bytes(), MADV_POPULATE_WRITE) ==
             0 ||
         errno == EINVAL;
}

// Empty when the pool does not have them.
Mapping try_reserved(const std::function<Mapping()>& reserved) {
  try {
    Mapping mapping = reserved();
    // A limit of the cgroup on such pages shows only now.
    if (fault_in(mapping)) return mapping;
  } catch (const std::system_error&) {
  }
  return {};
}

}  // namespace

std::uint64_t in_huge_pages(std::uint64_t bytes) noexcept {
  return (bytes + kHugePage - 1) / kHugePage * kHugePage;
}

// /proc/self/smaps, proc(5): a line "start-end rights ..." begins a mapping.
bool is_transparent_huge(const Mapping& mapping) {
  const std::string smaps = read_proc_file("/proc/self/smaps");
  const std::string start = fmt::format(
      "{:08x}-", reinterpret_cast<std::uintptr_t>(mapping.as<const void>()));
  constexpr std::string_view kField = "\nShmemPmdMapped:";
  const std::size_t entry =
      smaps.starts_with(start) ? 0 : smaps.find("\n" + start);
  const std::size_t field = smaps.find(kField, entry);
  if (entry == std::string::npos || field == std::string::npos) return false;
  const std::size_t digits =
      smaps.find_first_not_of(' ', field + kField.size());
  return digits != std::string::npos && smaps[digits] != '0';
}

Backed back(std::uint64_t bytes, Preference huge_pages,
            const std::function<Mapping()>& reserved,
            const std::function<Mapping(FaultIn)>& normal) {
  if (huge_pages == Preference::kNever ||
      (huge_pages == Preference::kTry && bytes < kHugePage)) {
    return {.mapping = normal(FaultIn::kNow)};
  }
  if (Mapping mapping = try_reserved(reserved); mapping.bytes() != 0) {
    return {.mapping = std::move(mapping), .pages = HugePages::kReserved};
  }
  // Advice counts when a page is made, so it goes before the first fault.
  Backed result{.mapping = normal(FaultIn::kLater)};
  madvise(result.mapping.as<void>(), result.mapping.bytes(), MADV_HUGEPAGE);
  fault_in(result.mapping);
  if (is_transparent_huge(result.mapping)) {
    result.pages = HugePages::kTransparent;
  } else if (huge_pages == Preference::kRequire) {
    fail(ENOMEM,
         fmt::format(
             "huge pages for {} bytes of slots: reserve {} of 2 MiB in "
             "/proc/sys/vm/nr_hugepages (for a ring by name: mount -o "
             "remount,huge=advise /dev/shm), or ask for Preference::kTry",
             bytes, in_huge_pages(bytes) / kHugePage));
  }
  return result;
}

}  // namespace hft::internal
