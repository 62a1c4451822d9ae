// SPDX-License-Identifier: MIT
#include "fail.hpp"

#include <system_error>

namespace hft::internal {

void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace hft::internal
