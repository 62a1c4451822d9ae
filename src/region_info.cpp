// SPDX-License-Identifier: MIT
// The info region of process rings, and what it says of the other three.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>

#include "hft/clock.hpp"
#include "hft/validate.hpp"
#include "region_internal.hpp"

namespace hft::internal {

bool may_write(File file, Role role, const hft_info& info) noexcept {
  switch (file) {
    case kProducer:
      return role == Role::kProducer;
    case kConsumer:
      return role == Role::kProducer ||
             (role == Role::kConsumer && info.mode == HFT_MODE_DROP);
    case kSlots:
      return role == Role::kProducer ||
             (role == Role::kConsumer &&
              (info.features & HFT_FEATURE_SLOTS_WRITABLE) != 0);
    case kProducerLock:
      return role == Role::kProducer;
    case kConsumerLock:
      return role != Role::kObserver && info.mode == HFT_MODE_DROP;
    default:
      return false;
  }
}

bool has_doorbell(Role role, const hft_info& info) noexcept {
  return info.mode == HFT_MODE_DROP && role != Role::kObserver;
}

bool is_mapped(uid_t user) {
  constexpr uid_t kOverflow = 65534;  // unless /proc/sys/kernel says otherwise
  std::ifstream overflow("/proc/sys/kernel/overflowuid");
  uid_t unknown = kOverflow;
  overflow >> unknown;
  if (user != unknown) return true;
  std::ifstream map("/proc/self/uid_map");
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  while (map >> inside >> outside >> count) {
    if (user >= inside && user - inside < count) return true;
  }
  return false;
}

bool is_name(std::string_view name) noexcept {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), allowed);
}

void check_name(std::string_view name) {
  if (!is_name(name)) {
    throw std::invalid_argument(
        fmt::format("ring name is \"{}\", expected 1 to 64 of the characters "
                    "A-Z a-z 0-9 . _ -",
                    name.substr(0, 80)));
  }
}

hft_info make_info(const Geometry& geometry, bool writable_slots) {
  validate(geometry);
  hft_info info{};
  info.magic = HFT_INFO_MAGIC;
  info.abi_version = HFT_ABI_VERSION;
  info.info_size = sizeof(hft_info);
  info.slot_size = geometry.slot_size;
  info.slot_count = geometry.slot_count;
  info.record_size = geometry.record_size;
  info.records_per_slot = geometry.records_per_slot();
  info.slots_bytes = geometry.slots_bytes();
  info.mode = geometry.mode;
  info.clock = HFT_CLOCK_TSC;
  info.clock_hz = tsc_hz();
  info.producer_kind = HFT_PRODUCER_PROCESS;
  info.features = writable_slots ? HFT_FEATURE_SLOTS_WRITABLE : 0;
  info.schema = geometry.schema;
  return info;
}

void write_info(int fd, const hft_info& info) {
  const ssize_t written = pwrite(fd, &info, sizeof info, 0);
  if (written != sizeof info) {
    fail(written < 0 ? errno : ENOSPC, "write the info region");
  }
}

hft_info read_info(int fd) {
  hft_info info{};
  const ssize_t got = pread(fd, &info, sizeof info, 0);
  if (got < 0) fail(errno, "read the info region");
  validate_bytes("info", sizeof info, static_cast<std::uint64_t>(got));
  validate(info);
  return info;
}

std::uint64_t bytes_of(File file, const hft_info& info) noexcept {
  switch (file) {
    case kSlots:
      return info.slots_bytes;
    case kProducerLock:
    case kConsumerLock:
      return 0;
    default:
      return HFT_PAGE;
  }
}

void check_size(int fd, File file, const hft_info& info) {
  struct stat status;
  if (fstat(fd, &status) != 0) {
    fail(errno, fmt::format("fstat of the {} region", kFileNames[file]));
  }
  validate_bytes(kFileNames[file], bytes_of(file, info),
                 static_cast<std::uint64_t>(status.st_size));
}

}  // namespace hft::internal
