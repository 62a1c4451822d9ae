// SPDX-License-Identifier: MIT
// Programs written for the original sandbox, unchanged.
#include <vector>

#include "driver_test.hpp"
#include "hft/clock.hpp"
#include "original_program.h"

namespace hft::test {
namespace {

class Original : public SyscallTest {
 protected:
  // A latency of ten seconds and more is no latency but a wrong stamp.
  static void expect_plausible(const std::vector<unsigned long long>& all) {
    for (const unsigned long long latency : all) {
      ASSERT_LT(latency, 10 * tsc_hz());
    }
  }

  static constexpr int kSamples = 1000;
  std::vector<unsigned long long> latency_ =
      std::vector<unsigned long long>(kSamples);
};

TEST_F(Original, RingProgramRunsTwice) {
  for (int run = 0; run < 2; ++run) {
    ASSERT_EQ(original_ring(latency_.data(), kSamples), kSamples);
    expect_plausible(latency_);
  }
}

TEST_F(Original, ReadProgramRunsTwice) {
  for (int run = 0; run < 2; ++run) {
    ASSERT_EQ(original_read(latency_.data(), kSamples), kSamples);
    expect_plausible(latency_);
  }
}

TEST_F(Original, ItBringsUpTheSandboxByItself) {
  control(HFT_SYS_TEARDOWN);
  EXPECT_EQ(original_ring(latency_.data(), 10), 10);
}

}  // namespace
}  // namespace hft::test
