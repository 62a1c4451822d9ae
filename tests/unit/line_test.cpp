// SPDX-License-Identifier: MIT
#include "hft/line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace hft {
namespace {

[[gnu::noinline]] void own(const std::byte* line) { own_line(line); }

[[gnu::noinline]] void take(const std::byte* line, bool* taken) {
  fetch_line(line);
  *taken = true;
}

template <class Function>
bool begins_with_some(Function* function, std::array<unsigned char, 2> opcode) {
  std::array<unsigned char, 96> code;
  std::memcpy(code.data(), reinterpret_cast<const void*>(function),
              code.size());
  return std::search(code.begin(), code.end(), opcode.begin(), opcode.end()) !=
         code.end();
}

// A compiler may make a prefetch to read of one to write, or drop either, and
// nothing but the time that a record takes tells.
TEST(Line, IsOwnedByPrefetchw) {
  EXPECT_TRUE(begins_with_some(&own, {0x0f, 0x0d}));
  const std::byte line{};
  own(&line);
}

TEST(Line, IsFetchedByPrefetch) {
  EXPECT_TRUE(begins_with_some(&take, {0x0f, 0x18}));
  const std::byte line{};
  bool taken = false;
  take(&line, &taken);
  EXPECT_TRUE(taken);
}

}  // namespace
}  // namespace hft
