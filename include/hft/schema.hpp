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

#include <concepts>
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

/// hft_info.schema of a ring of T: T::kSchema where T has it, a version number
/// or a hash; otherwise 0, which any schema is compatible with. Specialise it
/// for a record that cannot have the member.
template <class T>
inline constexpr std::uint64_t kSchemaOf = 0;

template <class T>
requires requires {
  { T::kSchema } -> std::convertible_to<std::uint64_t>;
}
inline constexpr std::uint64_t kSchemaOf<T> = T::kSchema;

}  // namespace hft
