// SPDX-License-Identifier: MIT
// MoldUDP64 packets put together by hand, apart from the code that is tested.
//
//   const auto packet = mold_packet("SESSION001", 7, 1, block("abc"));
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hft::test {

using Buffer = std::vector<std::byte>;

inline void append(Buffer& to, std::string_view text) {
  for (const char c : text) {
    to.push_back(static_cast<std::byte>(c));
  }
}

/// The low `size` bytes of `value`, the highest first.
inline void append(Buffer& to, std::uint64_t value, unsigned size) {
  while (size-- > 0) {
    to.push_back(static_cast<std::byte>(value >> (8 * size)));
  }
}

inline void append(Buffer& to, const Buffer& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

/// A message with its length before it.
inline Buffer block(std::string_view text) {
  Buffer bytes;
  append(bytes, text.size(), 2);
  append(bytes, text);
  return bytes;
}

inline Buffer mold_packet(std::string_view session, std::uint64_t sequence,
                          std::uint64_t count, const Buffer& blocks = {}) {
  Buffer packet;
  append(packet, session);
  append(packet, sequence, 8);
  append(packet, count, 2);
  append(packet, blocks);
  return packet;
}

}  // namespace hft::test
