// SPDX-License-Identifier: MIT
// Rings by name are made whole or not at all, by makers that race, fail or die.
#include <array>
#include <atomic>
#include <thread>

#include "region_test.hpp"

namespace hft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Makes the kernel stop us in the middle of making a ring: its pages fit the
// limit, its slots do not.
void limit_files() {
  constexpr rlimit kPages{2 * HFT_PAGE, 2 * HFT_PAGE};
  constexpr rlimit kNone{0, 0};
  ASSERT_EQ(setrlimit(RLIMIT_CORE, &kNone), 0);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &kPages), 0);
}

class Create : public RegionTest {
 protected:
  [[nodiscard]] bool is_whole() const {
    return std::filesystem::exists(path());
  }
};

TEST_F(Create, TakenNameSaysWhatToDo) {
  const Region first = Region::create(name(), kTicks);
  EXPECT_EQ(error_of([&] { Region::create(name(), kTicks); }), EEXIST);
  EXPECT_THAT([&] { Region::create(name(), kTicks); },
              ThrowsMessage<std::system_error>(
                  AllOf(HasSubstr(name()), HasSubstr("Region::attach()"),
                        HasSubstr("Region::remove()"))));
  EXPECT_EQ(traces().size(), 1U);
  expect_connected(first, Region::attach(name(), Role::kConsumer));
}

TEST_F(Create, RemovedNameIsFreeAndTheRingLivesOn) {
  const Region region = Region::create(name(), kTicks);
  const Region consumer = Region::attach(name(), Role::kConsumer);
  Region::remove(name());
  EXPECT_TRUE(traces().empty());
  const Region next = Region::create(name(), kBroadcast);
  expect_connected(region, consumer);
}

TEST_F(Create, FailureLeavesNothing) {
  EXPECT_TRUE(passes_in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    limit_files();
    EXPECT_EQ(error_of([&] { Region::create(name(), kTicks); }), EFBIG);
  }));
  EXPECT_TRUE(traces().empty());
}

TEST_F(Create, WhatAKilledMakerLeftIsSwept) {
  Child maker([&](const Pipe&) {
    limit_files();
    Region::create(name(), kTicks);
  });
  const int status = maker.wait();
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(WTERMSIG(status), SIGXFSZ);
  EXPECT_FALSE(is_whole());
  EXPECT_EQ(traces().size(), 1U);
  EXPECT_EQ(error_of([&] { Region::attach(name(), Role::kConsumer); }), ENOENT);
  Region::create(name(), kTicks);
  EXPECT_TRUE(is_whole());
  EXPECT_EQ(traces().size(), 1U);
}

const Pipe* g_to_parent = nullptr;

TEST_F(Create, WhatALiveMakerIsAtIsNotSwept) {
  Child maker([&](const Pipe& pipe) {
    g_to_parent = &pipe;
    signal(SIGXFSZ, [](int) {
      g_to_parent->tell(true);
      pause();
    });
    limit_files();
    Region::create(name(), kTicks);
  });
  ASSERT_TRUE(maker.pipe().ask<bool>());
  EXPECT_EQ(traces().size(), 1U);
  Region::create(name(), kTicks);
  EXPECT_EQ(traces().size(), 2U);
  maker.kill();
  Region::remove(name());
  Region::create(name(), kTicks);
  EXPECT_EQ(traces().size(), 1U);
}

TEST_F(Create, AttachingSeesAWholeRingOrNone) {
  constexpr int kRings = 200;
  std::atomic<bool> done{false};
  std::thread maker([&] {
    for (int i = 0; i < kRings; ++i) {
      Region::create(name(), i % 2 == 0 ? kTicks : kBroadcast);
      Region::remove(name());
    }
    done = true;
  });
  while (!done) {
    try {
      const Region region = Region::attach(name(), Role::kConsumer);
      EXPECT_NO_THROW(validate(region.info()));
      EXPECT_EQ(region.observer_end().slots[65535], std::byte{0});
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), ENOENT) << error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  maker.join();
  EXPECT_TRUE(traces().empty());
}

// Each removes the ring that it found, and never one that was made since.
TEST_F(Create, OneOfManyRemoversWins) {
  constexpr int kRings = 200;
  std::atomic<int> removed{0};
  std::atomic<bool> done{false};
  std::array<std::thread, 3> removers;
  for (std::thread& remover : removers) {
    remover = std::thread([&] {
      while (!done) {
        const int error = error_of([&] { Region::remove(name()); });
        removed += error == 0 ? 1 : 0;
        EXPECT_TRUE(error == 0 || error == ENOENT) << error;
      }
    });
  }
  for (int made = 0; made < kRings;) {
    const int error = error_of([&] { Region::create(name(), kTicks); });
    made += error == 0 ? 1 : 0;
    EXPECT_TRUE(error == 0 || error == EEXIST) << error;
  }
  while (removed < kRings) std::this_thread::yield();
  done = true;
  for (std::thread& remover : removers) remover.join();
  EXPECT_EQ(removed, kRings);
  EXPECT_TRUE(traces().empty());
}

TEST_F(Create, OneOfManyMakersWins) {
  std::atomic<int> made{0};
  std::array<std::thread, 4> makers;
  for (std::thread& maker : makers) {
    maker = std::thread([&] {
      const int error = error_of([&] { Region::create(name(), kTicks); });
      made += error == 0 ? 1 : 0;
      EXPECT_TRUE(error == 0 || error == EEXIST) << error;
    });
  }
  for (std::thread& maker : makers) maker.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(traces().size(), 1U);
}

}  // namespace
}  // namespace hft
