// SPDX-License-Identifier: MIT
// The file beside pinned rings that says which BPF programs fill them.
//
//   const Descriptor link = attach_producers(slots.get());
//   bpf_obj_pin(link.get(), "/sys/fs/bpf/feed/producers");
//   const Descriptor file(open("/sys/fs/bpf/feed/producers", O_PATH));
//   if (producers_of(file.get()) == "") …  // they are gone
#pragma once

#include <optional>
#include <string>

#include "hft/descriptor.hpp"

namespace hft::bpf::internal {

inline constexpr const char* kProducersFile = "producers";

/// What is pinned as that file, for a map of slots. Empty where it cannot be
/// made: it takes CAP_PERFMON, and a kernel with its types (BTF).
Descriptor attach_producers(int slots);

/// The ids of the BPF programs that are there, as "17, 18": empty when all are
/// gone, nullopt when `file`, opened with O_PATH, cannot be read. It holds for
/// the rings that it was pinned with, also when others have taken their folder.
std::optional<std::string> producers_of(int file);

/// Throws std::system_error EEXIST, as "`expected`, found ...", unless `file`,
/// which may be empty, says that the producer of the rings pinned at `folder`
/// is gone. The kernel may take a moment to free the programs of a loader that
/// has ended: `patiently` gives it a second.
void expect_gone(const Descriptor& file, const std::string& folder,
                 const std::string& expected, bool patiently);

}  // namespace hft::bpf::internal
