// SPDX-License-Identifier: MIT
// Which version of a record a ring holds. Its size alone does not say.
//
//   struct Tick {
//     static constexpr std::uint64_t kSchema =
//         hft::schema_hash("tick 2: price u64, quantity i64");
//     std::uint64_t price;
//     std::int64_t quantity;
//   };
#pragma once

#include <hft/abi.h>

#include <cstdint>
#include <string_view>

namespace hft {

/// A number for a description of a record, never 0: FNV-1a (Fowler, Noll, Vo)
/// of 64 bits. It tells versions apart; it proves nothing to an attacker.
[[nodiscard]] constexpr std::uint64_t schema_hash(
    std::string_view description) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char letter : description) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
  }
  return hash == 0 ? 1 : hash;
}

/// hft_info.schema of a ring of T: T::kSchema where T has it, public, a number
/// or an enumerator; otherwise 0, which fits any type of that size but
/// hft_record. Specialise it for a record that cannot have the member.
template <class T>
inline constexpr std::uint64_t kSchemaOf = 0;

template <class T>
requires requires { T::kSchema; }
inline constexpr std::uint64_t kSchemaOf<T> =
    static_cast<std::uint64_t>(T::kSchema);

/// Consumers act on its flags, so no other type may pass for it.
template <>
inline constexpr std::uint64_t kSchemaOf<hft_record> =
    schema_hash("hft_record");

}  // namespace hft
