// SPDX-License-Identifier: MIT
// syscall 548: modes, idempotence, privileges.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "driver_test.hpp"

namespace hft::test {
namespace {

long hft_syscall(long mode) { return syscall(HFT_SYSCALL, mode); }

class Syscall : public SyscallTest {};

TEST_F(Syscall, UnknownModeIsEinval) {
  for (const long mode : {0L, 1L, -1L, 554L, 557L, 776L, 1L << 31}) {
    errno = 0;
    EXPECT_EQ(hft_syscall(mode), -1) << mode;
    EXPECT_EQ(errno, EINVAL) << mode;
  }
}

TEST_F(Syscall, CyclesAdvance) {
  const long first = hft_syscall(HFT_SYS_CYCLES);
  const long second = hft_syscall(HFT_SYS_CYCLES);
  EXPECT_GT(first, 0);
  EXPECT_GT(second, first);
}

TEST_F(Syscall, CreateTwiceKeepsTheRing) {
  const Device device = Device::open();
  const Attached ring = attach(device);
  EXPECT_EQ(hft_syscall(HFT_SYS_CREATE), 0);
  EXPECT_EQ(device.ring_stats().offered, 0U);
  EXPECT_EQ(ring.info().magic, HFT_INFO_MAGIC);
}

TEST_F(Syscall, StopAndTeardownMayBeRepeated) {
  EXPECT_EQ(hft_syscall(HFT_SYS_SIM_STOP), 0);
  EXPECT_EQ(hft_syscall(HFT_SYS_SIM_STOP), 0);
  EXPECT_EQ(hft_syscall(HFT_SYS_TEARDOWN), 0);
  EXPECT_EQ(hft_syscall(HFT_SYS_TEARDOWN), 0);
}

TEST_F(Syscall, TeardownWhileOpenIsEbusy) {
  {
    const Device device = Device::open();
    EXPECT_EQ(hft_syscall(HFT_SYS_TEARDOWN), -1);
    EXPECT_EQ(errno, EBUSY);
  }
  EXPECT_EQ(hft_syscall(HFT_SYS_TEARDOWN), 0);
}

TEST_F(Syscall, TeardownWhileMappedIsEbusy) {
  Mapping mapping;
  {
    const Device device = Device::open();
    mapping = Mapping(device.fd(), HFT_MMAP_INFO, HFT_PAGE, Rights::kRead);
  }
  EXPECT_EQ(hft_syscall(HFT_SYS_TEARDOWN), -1);
  EXPECT_EQ(errno, EBUSY);
}

TEST_F(Syscall, ControlNeedsPrivilege) {
  for (const long mode : {HFT_SYS_CREATE, HFT_SYS_SIM_START, HFT_SYS_SIM_STOP,
                          HFT_SYS_TEARDOWN}) {
    EXPECT_TRUE(as_nobody([=] {
      return hft_syscall(mode) == -1 && errno == EPERM;
    })) << mode;
  }
}

TEST_F(Syscall, CyclesNeedNoPrivilege) {
  EXPECT_TRUE(as_nobody([] { return hft_syscall(HFT_SYS_CYCLES) > 0; }));
}

TEST_F(Syscall, DeviceIsTenSixtyAndPrivate) {
  struct stat status {};
  ASSERT_EQ(stat("/dev/hft", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
  EXPECT_EQ(major(status.st_rdev), 10U);
  EXPECT_EQ(minor(status.st_rdev), 60U);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_TRUE(as_nobody(
      [] { return open("/dev/hft", O_RDWR) < 0 && errno == EACCES; }));
}

TEST_F(Syscall, OpenBeforeCreateSaysWhatToDo) {
  control(HFT_SYS_TEARDOWN);
  try {
    const Device device = Device::open();
    FAIL() << "opened a device without a ring";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("syscall(548, 555)"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(Syscall, NodeMadeByHandBeforeCreateIsEnodevThenWorks) {
  control(HFT_SYS_TEARDOWN);
  unlink("/dev/hft");
  ASSERT_EQ(mknod("/dev/hft", S_IFCHR | 0600, makedev(10, 60)), 0);
  EXPECT_EQ(error_of([] { Device::open(); }), ENODEV);
  control(HFT_SYS_CREATE);
  EXPECT_EQ(error_of([] { Device::open(); }), 0);
  unlink("/dev/hft");
}

TEST_F(Syscall, ManyCyclesOfCreateAndTeardown) {
  for (int i = 0; i < 50; ++i) {
    control(HFT_SYS_SIM_START);
    EXPECT_EQ(error_of([] { Device::open(); }), 0);
    control(HFT_SYS_TEARDOWN);
    control(HFT_SYS_CREATE);
  }
}

}  // namespace
}  // namespace hft::test
