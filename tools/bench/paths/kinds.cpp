// SPDX-License-Identifier: MIT
#include <algorithm>

#include "bench/path.hpp"
#include "lab/path_list.hpp"

namespace hft::bench {

#define HFT_DECLARE(name, kind) extern const PathKind kind;
HFT_PATHS(HFT_DECLARE)
#undef HFT_DECLARE

const std::vector<PathKind>& path_kinds() {
#define HFT_KIND(name, kind) kind,
  static const std::vector<PathKind> kinds = {HFT_PATHS(HFT_KIND)};
#undef HFT_KIND
  return kinds;
}

const PathKind* find_path(std::string_view name) {
  const auto& kinds = path_kinds();
  const auto found = std::ranges::find(kinds, name, &PathKind::name);
  return found == kinds.end() ? nullptr : &*found;
}

}  // namespace hft::bench
