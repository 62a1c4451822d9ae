// SPDX-License-Identifier: MIT
// A ring of something that no ring can carry, one kind at a time: the compiler
// has to say which rule it breaks.
#include <string>

#include "hft/ring.hpp"

#if defined(TOO_LARGE)
struct Bad {
  char bytes[hft::kRecordSizeMax + 1];
};
#elif defined(OVER_ALIGNED)
struct alignas(16) Bad {
  char bytes[16];
};
#elif defined(OWNS_MEMORY)
struct Bad {
  std::string text;
};
#elif defined(HAS_A_CONST_MEMBER)
struct Bad {
  const int number;
};
#else
struct Bad {  // it is not
  char bytes[hft::kRecordSizeMax];
};
#endif

auto produce(const hft::Region& region) {
  return hft::Ring<Bad>(region).producer();
}
