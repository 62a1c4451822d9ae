// SPDX-License-Identifier: MIT
// What may be mapped, how, and what a mapping can never become.
#include <fcntl.h>
#include <sys/mman.h>

#include "driver_test.hpp"

namespace hft::test {
namespace {

constexpr std::size_t kSlotsBytes =
    HFT_DEFAULT_SLOT_SIZE * HFT_DEFAULT_SLOT_COUNT;
constexpr std::size_t kLamportPages = 5 * HFT_PAGE;

class Mmap : public DriverTest {
 protected:
  // The errno of an mmap; 0 when it works.
  int map(unsigned long offset, std::size_t bytes, int protection = PROT_READ,
          int flags = MAP_SHARED) {
    void* start = mmap(nullptr, bytes, protection, flags, device_.fd(),
                       static_cast<off_t>(offset));
    if (start == MAP_FAILED) {
      return errno;
    }
    munmap(start, bytes);
    return 0;
  }

  void TearDown() override {
    device_ = Device(-1);
    DriverTest::TearDown();
  }

  Device device_{-1};

  void SetUp() override {
    DriverTest::SetUp();
    device_ = Device::open();
  }
};

TEST_F(Mmap, EachRegionMapsWithItsRights) {
  EXPECT_EQ(map(HFT_MMAP_INFO, HFT_PAGE), 0);
  EXPECT_EQ(map(HFT_MMAP_PRODUCER, HFT_PAGE), 0);
  EXPECT_EQ(map(HFT_MMAP_SLOTS, kSlotsBytes), 0);
  EXPECT_EQ(map(HFT_MMAP_SHM, HFT_PAGE), 0);
  EXPECT_EQ(map(HFT_MMAP_CONSUMER, HFT_PAGE, PROT_READ), 0);
  EXPECT_EQ(map(HFT_MMAP_CONSUMER, HFT_PAGE, PROT_READ | PROT_WRITE), 0);
  EXPECT_EQ(map(HFT_MMAP_LAMPORT, HFT_LAMPORT_BYTES, PROT_READ | PROT_WRITE),
            0);
}

TEST_F(Mmap, WrongSizeIsEinval) {
  EXPECT_EQ(map(HFT_MMAP_INFO, 2 * HFT_PAGE), EINVAL);
  EXPECT_EQ(map(HFT_MMAP_CONSUMER, 2 * HFT_PAGE), EINVAL);
  EXPECT_EQ(map(HFT_MMAP_SLOTS, kSlotsBytes - HFT_PAGE), EINVAL);
  EXPECT_EQ(map(HFT_MMAP_SLOTS, kSlotsBytes + HFT_PAGE), EINVAL);
  EXPECT_EQ(map(HFT_MMAP_LAMPORT, HFT_PAGE), EINVAL);
  EXPECT_EQ(map(HFT_MMAP_LAMPORT, kLamportPages + HFT_PAGE), EINVAL);
}

TEST_F(Mmap, UnknownOffsetIsEinval) {
  EXPECT_EQ(map(HFT_PAGE, HFT_PAGE), EINVAL);
  EXPECT_EQ(map(HFT_MMAP_SLOTS + HFT_PAGE, kSlotsBytes - HFT_PAGE), EINVAL);
  EXPECT_EQ(map(HFT_MMAP_CONSUMER + HFT_PAGE, HFT_PAGE), EINVAL);
  EXPECT_EQ(map(1UL << 40, HFT_PAGE), EINVAL);
}

TEST_F(Mmap, WritableMappingOfAReadRegionIsEacces) {
  for (const unsigned long offset :
       {HFT_MMAP_INFO, HFT_MMAP_PRODUCER, HFT_MMAP_SHM}) {
    EXPECT_EQ(map(offset, HFT_PAGE, PROT_READ | PROT_WRITE), EACCES);
    EXPECT_EQ(map(offset, HFT_PAGE, PROT_WRITE), EACCES);
  }
  EXPECT_EQ(map(HFT_MMAP_SLOTS, kSlotsBytes, PROT_READ | PROT_WRITE), EACCES);
}

TEST_F(Mmap, ExecutableMappingIsEacces) {
  EXPECT_EQ(map(HFT_MMAP_INFO, HFT_PAGE, PROT_READ | PROT_EXEC), EACCES);
}

TEST_F(Mmap, PrivateMappingIsEinval) {
  EXPECT_EQ(map(HFT_MMAP_INFO, HFT_PAGE, PROT_READ, MAP_PRIVATE), EINVAL);
  EXPECT_EQ(map(HFT_MMAP_LAMPORT, HFT_LAMPORT_BYTES, PROT_READ | PROT_WRITE,
                MAP_PRIVATE),
            EINVAL);
}

TEST_F(Mmap, WritableMappingOfAReadOnlyFileIsEacces) {
  const Device device(open("/dev/hft", O_RDONLY));
  EXPECT_EQ(error_of([&] {
              Mapping(device.fd(), HFT_MMAP_CONSUMER, HFT_PAGE,
                      Rights::kReadWrite);
            }),
            EACCES);
}

TEST_F(Mmap, RightsCannotBeAddedLater) {
  for (const unsigned long offset :
       {HFT_MMAP_INFO, HFT_MMAP_PRODUCER, HFT_MMAP_SHM, HFT_MMAP_CONSUMER}) {
    const Mapping page(device_.fd(), offset, HFT_PAGE, Rights::kRead);
    EXPECT_EQ(mprotect(page.as<void>(), HFT_PAGE, PROT_READ | PROT_WRITE), -1);
    EXPECT_EQ(errno, EACCES);
    EXPECT_EQ(mprotect(page.as<void>(), HFT_PAGE, PROT_READ | PROT_EXEC), -1);
    EXPECT_EQ(errno, EACCES);
  }
}

TEST_F(Mmap, ObserverOfTheConsumerPageIsNoConsumer) {
  const Mapping observed(device_.fd(), HFT_MMAP_CONSUMER, HFT_PAGE,
                         Rights::kRead);
  const Device other = Device::open();
  EXPECT_EQ(error_of([&] { attach(other); }), 0);
}

TEST_F(Mmap, OverwriteRingHasNoWritableConsumerPage) {
  const Device device = manual_ring(HFT_MODE_OVERWRITE, 64);
  EXPECT_EQ(error_of([&] {
              Mapping(device.fd(), HFT_MMAP_CONSUMER, HFT_PAGE,
                      Rights::kReadWrite);
            }),
            EACCES);
}

TEST_F(Mmap, CannotGrow) {
  const Mapping page(device_.fd(), HFT_MMAP_INFO, HFT_PAGE, Rights::kRead);
  EXPECT_EQ(mremap(page.as<void>(), HFT_PAGE, 2 * HFT_PAGE, MREMAP_MAYMOVE),
            MAP_FAILED);
}

TEST_F(Mmap, ChildHasNoMapping) {
  const Mapping page(device_.fd(), HFT_MMAP_INFO, HFT_PAGE, Rights::kRead);
  const pid_t child = fork();
  if (child == 0) {
    unsigned char resident = 0;
    const bool absent =
        mincore(page.as<void>(), HFT_PAGE, &resident) == -1 && errno == ENOMEM;
    _exit(absent ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(Mmap, MappingOutlivesItsFile) {
  Mapping info;
  {
    const Device device = manual_ring(HFT_MODE_DROP, 64);
    info = Mapping(device.fd(), HFT_MMAP_INFO, HFT_PAGE, Rights::kRead);
  }
  EXPECT_EQ(info.as<const hft_info>()->magic, HFT_INFO_MAGIC);
  EXPECT_EQ(info.as<const hft_info>()->slot_count, 64U);
}

}  // namespace
}  // namespace hft::test
