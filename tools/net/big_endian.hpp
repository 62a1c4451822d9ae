// SPDX-License-Identifier: MIT
// Integers as the wire has them: big-endian, at any address.
//
//   const auto sequence = hft::net::load_big<std::uint64_t>(packet.data());
//   hft::net::store_big(sequence + 1, packet.data());
#pragma once

#include <endian.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hft::net {

/// Swapped where the machine's order is not the wire's; its own inverse.
template <std::unsigned_integral T>
constexpr T swap_big(T value) {
  if constexpr (sizeof(T) == 2) {
    return htobe16(value);
  } else if constexpr (sizeof(T) == 4) {
    return htobe32(value);
  } else if constexpr (sizeof(T) == 8) {
    return htobe64(value);
  } else {
    static_assert(sizeof(T) == 1);
    return value;
  }
}

template <std::unsigned_integral T>
T load_big(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return swap_big(value);
}

template <std::unsigned_integral T>
void store_big(T value, std::byte* to) {
  value = swap_big(value);
  std::memcpy(to, &value, sizeof(value));
}

}  // namespace hft::net
