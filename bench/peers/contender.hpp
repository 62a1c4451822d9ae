// SPDX-License-Identifier: MIT
// The list of what can be measured: a name, and how to build its rings.
//
// A new peer is a file with a queue class and a function:
//
//   template <class T>
//   class Queue { using Record = T; ... try_publish, try_read };
//   Contenders peer_NAME() {
//     return {contender<Queue>("NAME", "what it is")};
//   }
//
// and a line hft_peer(NAME ...) in bench/CMakeLists.txt.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "rig.hpp"

namespace hft::peers {

inline constexpr std::array<std::size_t, 4> kRecordSizes = {8, 16, 64, 256};
inline constexpr std::array<std::size_t, 2> kCapacities = {1024, 16384};

struct Contender {
  std::string name;
  std::string summary;
  std::unique_ptr<Rig> (*make)(const std::string& name, std::size_t bytes,
                               std::size_t capacity);
};
using Contenders = std::vector<Contender>;

/// Call f with kBytes as a template argument: one of kRecordSizes.
template <class F>
auto with_size(std::size_t bytes, F&& f) {
  switch (bytes) {
    case 8:
      return f.template operator()<8>();
    case 16:
      return f.template operator()<16>();
    case 64:
      return f.template operator()<64>();
    case 256:
      return f.template operator()<256>();
    default:
      throw std::invalid_argument("expected a size of kRecordSizes");
  }
}

/// Records of peers are aligned, to at most a line, so that none straddles two
/// lines more than it must. hft::Ring aligns by itself.
template <std::size_t kBytes>
using AlignedRecord = Words<kBytes, std::min<std::size_t>(kBytes, 64)>;

template <template <class> class Queue>
Contender contender(std::string name, std::string summary) {
  return {
      std::move(name), std::move(summary),
      [](const std::string& called, std::size_t bytes, std::size_t capacity) {
        return with_size(
            bytes, [&]<std::size_t kBytes>() -> std::unique_ptr<Rig> {
              return std::make_unique<
                  RigOf<Ends<Queue<AlignedRecord<kBytes>>>>>(called, capacity);
            });
      }};
}

/// A peer that was not there when this was configured, and how to get it.
struct Missing {
  std::string name;
  std::string how;
};

/// Generated from bench/CMakeLists.txt.
const Contenders& contenders();
const std::vector<Missing>& missing_peers();

}  // namespace hft::peers
