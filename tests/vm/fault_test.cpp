// SPDX-License-Identifier: MIT
// Out of memory at each allocation in turn: /proc/thread-self/fail-nth.
#include <fcntl.h>
#include <sys/mman.h>

#include <functional>
#include <optional>
#include <string>

#include "driver_test.hpp"

namespace hft::test {
namespace {

class OutOfMemory : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    fail_nth_ = Descriptor(open("/proc/thread-self/fail-nth", O_RDWR));
    if (!fail_nth_) {
      GTEST_SKIP() << "this kernel cannot have allocations fail";
    }
    // Also those that may wait, and of single pages; without a word in the log.
    const std::string debug = "/sys/kernel/debug/";
    for (const char* setting :
         {"failslab/ignore-gfp-wait", "failslab/verbose",
          "fail_page_alloc/ignore-gfp-wait", "fail_page_alloc/verbose",
          "fail_page_alloc/min-order"}) {
      const Descriptor file(open((debug + setting).c_str(), O_WRONLY));
      static_cast<void>(!write(file.get(), "0", 1));
    }
  }

  // Whether the n-th allocation from set_nth(n) on has been made to fail.
  void set_nth(int n) {
    const std::string text = std::to_string(n);
    ASSERT_EQ(pwrite(fail_nth_.get(), text.data(), text.size(), 0),
              static_cast<ssize_t>(text.size()));
  }
  bool failed() {
    char left[16] = {};
    static_cast<void>(!pread(fail_nth_.get(), left, sizeof(left) - 1, 0));
    set_nth(0);
    return std::atoi(left) == 0;
  }

  /// Has every allocation of `call` fail in turn; `call` returns an errno, and
  /// `undo` follows with none that fails: unmapping allocates, too. Returns how
  /// many there were to fail.
  int fail_each(
      const std::function<int()>& call,
      const std::function<void()>& undo = [] {}) {
    constexpr int kMost = 200;
    for (int n = 1; n < kMost; ++n) {
      set_nth(n);
      const int error = call();
      const bool has_failed = failed();
      undo();
      if (!has_failed) {
        EXPECT_EQ(error, 0) << "without a failed allocation, at " << n;
        return n - 1;
      }
      // Some failures are made up for, by another way to the memory.
      EXPECT_TRUE(error == ENOMEM || error == 0) << error << " at " << n;
    }
    ADD_FAILURE() << "no end of allocations";
    return kMost;
  }

 private:
  Descriptor fail_nth_;
};

TEST_F(OutOfMemory, Open) {
  EXPECT_GT(fail_each([] {
              const Descriptor file(open("/dev/hft", O_RDWR | O_CLOEXEC));
              return file ? 0 : errno;
            }),
            0);
}

TEST_F(OutOfMemory, CreateRing) {
  EXPECT_GT(fail_each([] {
              // Not of interest: the opening.
              return error_of([] { manual_ring(HFT_MODE_DROP, 64); });
            }),
            4);
}

TEST_F(OutOfMemory, MapEachRegion) {
  const Device device = manual_ring(HFT_MODE_DROP, 256);
  std::optional<Attached> ring;
  EXPECT_GT(
      fail_each([&] { return error_of([&] { ring.emplace(attach(device)); }); },
                [&] { ring.reset(); }),
      0);
}

TEST_F(OutOfMemory, ReadInOverwriteMode) {
  const Device source = manual_ring(HFT_MODE_OVERWRITE, 16);
  const std::uint32_t channel = attach(source, Role::kObserver).info().ring_id;
  EXPECT_GT(fail_each([&] {
              return error_of([&] {
                const Device device = Device::open(O_NONBLOCK);
                device.attach_ring(channel);
                hft_record record;
                if (read(device.fd(), &record, sizeof(record)) < 0 &&
                    errno != EAGAIN) {
                  throw std::system_error(errno, std::generic_category());
                }
              });
            }),
            1);
}

TEST_F(OutOfMemory, CreateTheDefaultRing) {
  if (module_file() != nullptr) {
    GTEST_SKIP() << "a module's is created by its loading";
  }
  take_down();
  EXPECT_GT(fail_each([] { return error_of([] { bring_up(); }); },
                      [] { take_down(); }),
            6);
  bring_up();
}

}  // namespace
}  // namespace hft::test
