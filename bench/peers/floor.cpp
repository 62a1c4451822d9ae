// SPDX-License-Identifier: MIT
#include "floor.hpp"

#include <hft/abi.h>

namespace hft::peers {
namespace {
constexpr std::size_t kBytes = std::size_t{16} * HFT_PAGE;
}  // namespace

Line::Line(std::mt19937& random) : pages_(Mapping::anonymous(kBytes)) {
  const std::size_t line = random() % (kBytes / HFT_CACHE_LINE);
  word_ = std::construct_at(reinterpret_cast<std::atomic<std::uint64_t>*>(
      pages_.as<std::byte>() + line * HFT_CACHE_LINE));
}

}  // namespace hft::peers
