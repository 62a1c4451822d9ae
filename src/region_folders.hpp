// SPDX-License-Identifier: MIT
// The folders of named rings in /dev/shm: made under a temporary name, swept
// when their maker has died, removed whole.
//
//   PendingFolder folder("ticks");
//   Descriptor file = folder.make("info", HFT_PAGE, 0644);
//   folder.finish();
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "hft/descriptor.hpp"

namespace hft::internal {

/// The pipe among the files of a ring, in drop mode.
inline constexpr const char* kDoorbellName = "doorbell";

/// /dev/shm/hft.NAME
std::string folder_path(std::string_view name);

/// A folder that is gone again unless it was finished.
class PendingFolder {
 public:
  /// Sweeps first.
  explicit PendingFolder(std::string_view name);
  PendingFolder(const PendingFolder&) = delete;
  PendingFolder& operator=(const PendingFolder&) = delete;
  ~PendingFolder();

  /// Throws std::system_error when /dev/shm has no room.
  [[nodiscard]] Descriptor make(const char* file, std::uint64_t bytes,
                                mode_t mode) const;
  /// The doorbell, open to read and to write, and never blocking.
  [[nodiscard]] Descriptor make_doorbell(mode_t mode) const;
  /// Have the pages, so that none is missed later with a SIGBUS.
  void reserve(const Descriptor& file, std::uint64_t bytes) const;
  /// A copy of the folder's, which outlives this.
  [[nodiscard]] Descriptor descriptor() const;
  /// Take the name. Throws EEXIST when it is taken.
  void finish();

 private:
  std::string name_;
  std::string temporary_;
  Descriptor folder_;
};

/// Throws std::system_error.
void remove_folder(std::string_view name);

}  // namespace hft::internal
