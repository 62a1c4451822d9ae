// SPDX-License-Identifier: MIT
// Copying a record that another thread may be writing over, without a data
// race in the language's sense.
//
//   hft::store_words(slot, record);   // producer, after marking the slot
//   hft::load_words(slot, copy);      // reader, before its second look
//
// A seqlock in C++ needs its data to be atomic too (Boehm, "Can seqlocks get
// along with programming language memory models?", MSPC 2012). Every word is
// stored with release and loaded with acquire instead of one fence on each
// side: the same plain moves on x86, and ThreadSanitizer, which knows no
// fences, can judge it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace hft {

/// The widest word, 1 to 8 bytes, that a record of this size divides into.
template <std::size_t Size>
using WordOf = std::conditional_t<
    Size % 8 == 0, std::uint64_t,
    std::conditional_t<
        Size % 4 == 0, std::uint32_t,
        std::conditional_t<Size % 2 == 0, std::uint16_t, std::uint8_t>>>;

template <std::size_t Size>
constexpr std::size_t kWordsIn = Size / sizeof(WordOf<Size>);

/// Release: pairs with load_words. Whoever sees a word sees the mark that the
/// producer set before it (model: "each accepted record is whole and in its
/// place"). `to` is aligned to the word; one writer.
template <class T>
void store_words(void* to, const T& from) noexcept {
  using Word = WordOf<sizeof(T)>;
  auto* const words = static_cast<Word*>(to);
  for (std::size_t i = 0; i < kWordsIn<sizeof(T)>; ++i) {
    Word word;
    std::memcpy(&word,
                reinterpret_cast<const std::byte*>(&from) + i * sizeof(Word),
                sizeof(Word));
    __atomic_store_n(words + i, word, __ATOMIC_RELEASE);
  }
}

/// Acquire: pairs with store_words, or with the write barrier of a kernel
/// producer between its mark and the record (model: the same property). Any
/// number of readers; torn unless the mark stayed the same.
template <class T>
void load_words(const void* from, T& to) noexcept {
  using Word = WordOf<sizeof(T)>;
  const auto* const words = static_cast<const Word*>(from);
  for (std::size_t i = 0; i < kWordsIn<sizeof(T)>; ++i) {
    const Word word = __atomic_load_n(words + i, __ATOMIC_ACQUIRE);
    std::memcpy(reinterpret_cast<std::byte*>(&to) + i * sizeof(Word), &word,
                sizeof(Word));
  }
}

}  // namespace hft
