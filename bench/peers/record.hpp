// SPDX-License-Identifier: MIT
// The records that are sent: every word of one carries its sequence number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hft::peers {

template <std::size_t kBytes, std::size_t kAlign>
struct alignas(kAlign) Words {
  std::array<std::uint64_t, kBytes / 8> words;
};

template <class R>
R make_record(std::uint64_t sequence) noexcept {
  R record;
  record.words.fill(sequence);
  return record;
}

/// End the program: `found` came where `expected` was due.
[[noreturn]] void wrong_record(std::string_view candidate,
                               std::uint64_t position, std::uint64_t expected,
                               std::uint64_t found);

/// Nothing is measured that does not deliver: every word is looked at.
template <class R>
void verify(const R& record, std::string_view candidate, std::uint64_t position,
            std::uint64_t expected) {
  std::uint64_t wrong = 0;
  for (const std::uint64_t word : record.words) {
    wrong |= word ^ expected;
  }
  if (wrong != 0) [[unlikely]] {
    for (const std::uint64_t word : record.words) {
      if (word != expected) {
        wrong_record(candidate, position, expected, word);
      }
    }
  }
}

}  // namespace hft::peers
