// SPDX-License-Identifier: MIT
// How long a ring lives: forks, execs, moved and torn mappings, killed owners.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include "driver_test.hpp"
#include "hft/consumer.hpp"

namespace hft::test {
namespace {

class Lifetime : public DriverTest {
 protected:
  static bool is_mapped(const void* page) {
    unsigned char resident = 0;
    return mincore(const_cast<void*>(page), HFT_PAGE, &resident) == 0 ||
           errno != ENOMEM;
  }

  // The errno with which the driver refuses to go; 0: it went, and is back.
  static int error_of_take_down() {
    const int error = error_of([] { take_down(); });
    if (error == 0) {
      bring_up();
    }
    return error;
  }
};

TEST_F(Lifetime, AChildInheritsNoMapping) {
  const Device device = Device::open();
  const Mapping consumer(device.fd(), HFT_MMAP_CONSUMER, HFT_PAGE,
                         Rights::kReadWrite);
  const pid_t child = fork();
  if (child == 0) {
    _exit(is_mapped(consumer.as<void>()) ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(Lifetime, MadviseCannotGiveItToAChild) {
  const Device device = Device::open();
  const Mapping consumer(device.fd(), HFT_MMAP_CONSUMER, HFT_PAGE,
                         Rights::kReadWrite);
  EXPECT_EQ(madvise(consumer.as<void>(), HFT_PAGE, MADV_DOFORK), -1);
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(Lifetime, AMappingMovesAndDoesNotGrow) {
  const Device device = manual_ring(HFT_MODE_DROP, 256);
  constexpr std::size_t kBytes = 4 * HFT_PAGE;
  void* const slots = mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, device.fd(),
                           static_cast<off_t>(HFT_MMAP_SLOTS));
  ASSERT_NE(slots, MAP_FAILED);
  void* const place =
      mmap(nullptr, kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* const moved =
      mremap(slots, kBytes, kBytes, MREMAP_MAYMOVE | MREMAP_FIXED, place);
  ASSERT_EQ(moved, place);
  EXPECT_FALSE(is_mapped(slots));
  device.publish(1);
  EXPECT_EQ(static_cast<const hft_slot*>(moved)->published, 1U);
  EXPECT_EQ(mremap(moved, kBytes, 2 * kBytes, MREMAP_MAYMOVE), MAP_FAILED);
  munmap(moved, kBytes);
}

TEST_F(Lifetime, WhatIsLeftOfATornMappingWorks) {
  const Device device = manual_ring(HFT_MODE_DROP, 256);
  constexpr std::size_t kBytes = 4 * HFT_PAGE;
  auto* const slots = static_cast<hft_slot*>(
      mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, device.fd(),
           static_cast<off_t>(HFT_MMAP_SLOTS)));
  ASSERT_NE(slots, MAP_FAILED);
  constexpr std::size_t kInPage = HFT_PAGE / sizeof(hft_slot);
  ASSERT_EQ(munmap(slots + kInPage, HFT_PAGE), 0);
  device.publish(4 * kInPage);
  EXPECT_EQ(slots[0].published, 1U);
  EXPECT_EQ(slots[4 * kInPage - 1].published, 4 * kInPage);
  munmap(slots, kBytes);
}

TEST_F(Lifetime, AMappingKeepsTheRingAfterItsFileIsClosed) {
  Device device = Device::open();
  device.start_simulator(200'000);
  {
    const Attached ring = attach(device);
    device = Device(-1);
    KernelConsumer consumer = ring.consumer();
    for (int i = 0; i < 50; ++i) {
      EXPECT_GT(consumer.read().stamp, 0U);
      consumer.release();
    }
    EXPECT_NE(error_of_take_down(), 0);
  }
  EXPECT_EQ(error_of_take_down(), 0);
}

TEST_F(Lifetime, AKilledConsumerLeavesItsRingToTheNext) {
  const Device device = manual_ring(HFT_MODE_DROP, 64);
  const std::uint32_t channel = attach(device, Role::kObserver).info().ring_id;
  int attached[2];
  ASSERT_EQ(pipe2(attached, O_CLOEXEC), 0);
  const Descriptor tells(attached[1]);
  const Descriptor told(attached[0]);
  const pid_t child = fork();
  if (child == 0) {
    const Device own = Device::open();
    own.attach_ring(channel);
    const Attached ring = attach(own, Role::kConsumer, WakeUp::kOnRequest);
    static_cast<void>(!write(tells.get(), "", 1));
    for (;;) {
      pause();
    }
  }
  char byte = 0;
  ASSERT_EQ(read(told.get(), &byte, 1), 1);
  EXPECT_EQ(error_of([&] { attach(device); }), EBUSY);
  device.publish(3);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);

  const Attached ring = attach(device);
  KernelConsumer consumer = ring.consumer();
  device.publish(1);
  EXPECT_EQ(market_of(consumer.read()).sequence, 3U);
}

TEST_F(Lifetime, AnExecClosesAndUnmaps) {
  const pid_t child = fork();
  if (child == 0) {
    const Device device = Device::open();
    const Attached ring = attach(device);
    // Not run by /bin/true's destructors.
    execl("/bin/true", "true", nullptr);
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(error_of_take_down(), 0);
}

TEST_F(Lifetime, DiscardedPagesAreGoneForThatProcessAlone) {
  const Device device = manual_ring(HFT_MODE_DROP, 64);
  const Attached ring = attach(device);
  const pid_t child = fork();
  if (child == 0) {
    const Device own = Device::open();
    own.attach_ring(ring.info().ring_id);
    const Attached observed = attach(own, Role::kObserver);
    void* const slots = const_cast<std::byte*>(observed.observer_end().slots);
    if (madvise(slots, HFT_PAGE, MADV_DONTNEED) != 0) {
      _exit(1);
    }
    // Does not return.
    _exit(__atomic_load_n(static_cast<int*>(slots), __ATOMIC_RELAXED) + 2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_TRUE(WTERMSIG(status) == SIGBUS || WTERMSIG(status) == SIGSEGV);
  device.publish(1);
  EXPECT_EQ(
      reinterpret_cast<const hft_slot*>(ring.consumer_end().slots)->published,
      1U);
}

}  // namespace
}  // namespace hft::test
