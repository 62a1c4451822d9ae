// SPDX-License-Identifier: MIT
#include "record.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace hft::peers {

void wrong_record(std::string_view candidate, std::uint64_t position,
                  std::uint64_t expected, std::uint64_t found) {
  fmt::print(stderr,
             "peers: {}: at position {} expected {}, found {}: it lost, "
             "repeated, reordered or tore a record; leave it out with --only\n",
             candidate, position, expected, found);
  std::fflush(stderr);
  std::abort();
}

}  // namespace hft::peers
