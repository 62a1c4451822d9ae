// SPDX-License-Identifier: MIT
// The memory of a ring is charged to the cgroup of whoever creates it.
#include <sys/mount.h>
#include <sys/stat.h>

#include "driver_test.hpp"

namespace hft::test {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint32_t kSlots = HFT_SLOT_COUNT_MAX;
constexpr std::uint64_t kRing = std::uint64_t{kSlots} * HFT_SLOT_SIZE_MIN;
// The kernel charges in batches.
constexpr std::uint64_t kBatch = kMiB;

class Accounting : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    mkdir(kRoot.c_str(), 0700);
    if (mount("cgroup2", kRoot.c_str(), "cgroup2", 0, nullptr) != 0 ||
        !write_to(kRoot / "cgroup.subtree_control", "+memory")) {
      GTEST_SKIP() << "this kernel has no memory cgroups";
    }
    mkdir(kGroup.c_str(), 0700);
  }
  void TearDown() override {
    rmdir(kGroup.c_str());
    umount(kRoot.c_str());
    DriverTest::TearDown();
  }

  static std::uint64_t charged() {
    std::uint64_t bytes = 0;
    std::ifstream(kGroup / "memory.current") >> bytes;
    return bytes;
  }

  /// Run `check` in a child in the cgroup; true when it returned true.
  static bool in_group(const std::function<bool()>& check) {
    return in_child([&] {
      return write_to(kGroup / "cgroup.procs", std::to_string(getpid())) &&
             check();
    });
  }

  static inline const std::filesystem::path kRoot = "/tmp/cgroup";
  static inline const std::filesystem::path kGroup = kRoot / "hft";
};

TEST_F(Accounting, ARingIsChargedWhileItIsThere) {
  EXPECT_TRUE(in_group([] {
    const std::uint64_t before = charged();
    std::uint64_t with = 0;
    {
      const Device device = manual_ring(HFT_MODE_DROP, kSlots);
      with = charged();
    }
    return with >= before + kRing - kBatch &&
           charged() <= with - kRing + kBatch;
  }));
}

TEST_F(Accounting, ALimitIsKept) {
  ASSERT_TRUE(write_to(kGroup / "memory.max", std::to_string(kRing - kBatch)));
  EXPECT_TRUE(in_group([] {
    return error_of([] { manual_ring(HFT_MODE_DROP, kSlots); }) == ENOMEM &&
           error_of([] { manual_ring(HFT_MODE_DROP, 64); }) == 0;
  }));
}

}  // namespace
}  // namespace hft::test
