// SPDX-License-Identifier: MIT
#include "hft/line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace hft {
namespace {

[[gnu::noinline]] void own(const std::byte* line) { own_line(line); }

// A compiler may make a prefetch to read of one to write, and nothing but the
// time that a record takes tells.
TEST(Line, IsOwnedByPrefetchw) {
  std::array<unsigned char, 64> code;
  std::memcpy(code.data(), reinterpret_cast<const void*>(&own), code.size());
  constexpr std::array<unsigned char, 2> kPrefetchw = {0x0f, 0x0d};
  EXPECT_NE(std::search(code.begin(), code.end(), kPrefetchw.begin(),
                        kPrefetchw.end()),
            code.end());
  const std::byte line{};
  own(&line);
}

}  // namespace
}  // namespace hft
