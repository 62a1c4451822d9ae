// SPDX-License-Identifier: MIT
// Regions by name: rights, bad rings, other users.
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "doorbell.hpp"
#include "hft/descriptor.hpp"
#include "hft/detail/owner.hpp"
#include "region_test.hpp"

namespace hft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Named : public RegionTest {
 protected:
  void create(const Geometry& geometry = kTicks,
              const RegionOptions& options = {}) const {
    Region::create(name(), geometry, options);
  }
  [[nodiscard]] Region attach(Role role = Role::kConsumer,
                              const AttachOptions& options = {}) const {
    return Region::attach(name(), role, options);
  }
  [[nodiscard]] mode_t mode(const char* file) const {
    struct stat status {};
    EXPECT_EQ(stat(path(file).c_str(), &status), 0) << file;
    return status.st_mode & 07777;
  }
  void change_info(std::size_t offset, __u32 value) const {
    const Descriptor file(open(path("info").c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(
        pwrite(file.get(), &value, sizeof value, static_cast<off_t>(offset)),
        static_cast<ssize_t>(sizeof value));
  }
  void expect_invalid(const char* file, const std::string& text) const {
    EXPECT_THAT([&] { static_cast<void>(attach()); },
                ThrowsMessage<InvalidRing>(
                    AllOf(HasSubstr(path(file)), HasSubstr(text))));
  }
};

TEST_F(Named, ConsumerAndProducerMeet) {
  const Region creator = Region::create(name(), kTicks);
  const Region consumer = attach();
  expect_connected(creator, consumer);
  const Region successor = attach(Role::kProducer);
  expect_connected(successor, consumer);
}

TEST_F(Named, ConsumerCannotMakeItsMappingsWritable) {
  create();
  const Region consumer = attach();
  const ConsumerEnd end = consumer.consumer_end();
  EXPECT_FALSE(end.slots_writable);
  EXPECT_EQ(make_writable(end.slots), EACCES);
  EXPECT_EQ(make_writable(end.producer), EACCES);
  EXPECT_THROW(static_cast<void>(consumer.producer_end()), std::logic_error);
}

TEST_F(Named, ObserverWritesNothing) {
  create();
  const Region observer = attach(Role::kObserver);
  EXPECT_EQ(make_writable(&observer.producer_page()), EACCES);
  EXPECT_EQ(make_writable(observer.consumer_page()), EACCES);
  EXPECT_THROW(static_cast<void>(observer.consumer_end()), std::logic_error);
}

TEST_F(Named, WritableSlotsAreWritable) {
  RegionOptions options;
  options.writable_slots = true;
  options.consumer_mode = 0660;
  create(kTicks, options);
  EXPECT_EQ(mode("slots"), 0664U);
  const Region consumer = attach();
  EXPECT_TRUE(consumer.consumer_end().slots_writable);
  EXPECT_EQ(make_writable(consumer.consumer_end().slots), 0);
  EXPECT_EQ(make_writable(consumer.consumer_end().producer), EACCES);
}

TEST_F(Named, ModesDoNotDependOnTheUmask) {
  const mode_t before = umask(0777);
  RegionOptions options;
  options.consumer_mode = 0666;
  create(kTicks, options);
  umask(before);
  EXPECT_EQ(mode(""), 0755U);
  EXPECT_EQ(mode("info"), 0644U);
  EXPECT_EQ(mode("producer"), 0644U);
  EXPECT_EQ(mode("slots"), 0644U);
  EXPECT_EQ(mode("consumer"), 0666U);
  EXPECT_EQ(mode("doorbell"), 0666U);
  EXPECT_EQ(mode("producer.lock"), 0600U);
  EXPECT_EQ(mode("consumer.lock"), 0666U);
  Region::remove(name());
  create();
  EXPECT_EQ(mode("consumer"), 0600U);
  EXPECT_EQ(mode("doorbell"), 0600U);
  EXPECT_EQ(mode("consumer.lock"), 0600U);
}

TEST_F(Named, SecondProducerIsRefused) {
  const Region region = Region::create(name(), kTicks);
  const auto claimed = region.claim_producer(kTicks.mode);
  EXPECT_TRUE(passes_in_child([&] {
    const Region second = attach(Role::kProducer);
    EXPECT_EQ(error_of([&] { (void)second.claim_producer(kTicks.mode); }),
              EBUSY);
  }));
}

TEST_F(Named, KilledProducerHasASuccessor) {
  Child producer([&](const Pipe& pipe) {
    const Region region = Region::create(name(), kTicks);
    const auto claimed = region.claim_producer(kTicks.mode);
    region.producer_end().page->producer_pos = 77;
    pipe.tell(true);
    pause();
  });
  ASSERT_TRUE(producer.pipe().ask<bool>());
  producer.kill();
  const Region region = attach(Role::kProducer);
  EXPECT_TRUE(region.claim_producer(kTicks.mode).claim.took_over());
  EXPECT_EQ(region.producer_page().producer_pos, 77U);
}

TEST_F(Named, BadNamesAreRefused) {
  for (const std::string& bad :
       {std::string(), std::string("a/b"), std::string("a b"),
        std::string("\n"), std::string("a\0b", 3), std::string(65, 'a')}) {
    EXPECT_THROW(Region::create(bad, kTicks), std::invalid_argument) << bad;
    EXPECT_THROW(Region::attach(bad, Role::kConsumer), std::invalid_argument);
    EXPECT_THROW(Region::remove(bad), std::invalid_argument);
  }
  EXPECT_THAT([] { Region::remove("../etc"); },
              ThrowsMessage<std::invalid_argument>(
                  AllOf(HasSubstr("\"../etc\""), HasSubstr("A-Z a-z 0-9"))));
}

TEST_F(Named, AbsentRingIsEnoent) {
  EXPECT_EQ(error_of([&] { static_cast<void>(attach()); }), ENOENT);
  EXPECT_THAT([&] { static_cast<void>(attach()); },
              ThrowsMessage<std::system_error>(
                  HasSubstr("start the producer of ring " + name())));
  EXPECT_EQ(error_of([&] { Region::remove(name()); }), ENOENT);
}

TEST_F(Named, TruncatedFilesAreNamed) {
  for (const char* file : {"slots", "producer", "consumer"}) {
    create();
    std::filesystem::resize_file(path(file), 100);
    expect_invalid(file, "has 100 bytes, expected");
    Region::remove(name());
  }
  create();
  std::filesystem::resize_file(path("info"), 20);
  expect_invalid("info", "info has 20 bytes, expected " +
                             std::to_string(sizeof(hft_info)));
}

TEST_F(Named, InfoThatIsNotOursIsRefused) {
  create();
  change_info(offsetof(hft_info, magic), 1);
  expect_invalid("info", "magic");
  change_info(offsetof(hft_info, magic), HFT_INFO_MAGIC & 0xffffffff);
  EXPECT_NO_THROW(static_cast<void>(attach()));
  change_info(offsetof(hft_info, abi_version), 99);
  expect_invalid("info", "abi_version is 0x63");
  change_info(offsetof(hft_info, abi_version), HFT_ABI_VERSION);
  change_info(offsetof(hft_info, slot_count), 2048);
  expect_invalid("info", "slots_bytes");
  change_info(offsetof(hft_info, slots_bytes), 2048 * 64);
  expect_invalid("slots", "slots has 65536 bytes, expected 131072");
}

TEST_F(Named, InfoChangedAfterwardsChangesNothing) {
  create();
  const Region consumer = attach();
  change_info(offsetof(hft_info, slot_count), 1 << 20);
  EXPECT_EQ(consumer.info().slot_count, 1024U);
}

TEST_F(Named, FilesThatAreNoneAreRefused) {
  create();
  std::filesystem::remove(path("slots"));
  EXPECT_EQ(error_of([&] { static_cast<void>(attach()); }), ENOENT);
  ASSERT_EQ(mkfifo(path("slots").c_str(), 0600), 0);
  expect_invalid("slots", "expected a regular file");
  std::filesystem::remove(path("slots"));
  std::filesystem::create_symlink("/etc/passwd", path("slots"));
  EXPECT_EQ(error_of([&] { static_cast<void>(attach()); }), ELOOP);
  std::filesystem::permissions(path(), std::filesystem::perms::all);
  EXPECT_THAT([&] { static_cast<void>(attach()); },
              ThrowsMessage<InvalidRing>(HasSubstr("others may write to it")));
}

TEST_F(Named, DoorbellThatIsNoneIsRefused) {
  create();
  std::filesystem::remove(path("doorbell"));
  std::ofstream(path("doorbell")) << "a file";
  expect_invalid("doorbell", "expected a pipe");
  EXPECT_NO_THROW(static_cast<void>(attach(Role::kObserver)));
  std::filesystem::remove(path("doorbell"));
  std::filesystem::create_symlink("/etc/passwd", path("doorbell"));
  EXPECT_EQ(error_of([&] { static_cast<void>(attach()); }), ELOOP);
}

// Without its lock two could own an end, without its doorbell a sleeper would
// not be woken: as while the ring is being removed.
TEST_F(Named, FileThatIsGoneIsNamed) {
  for (const char* file : {"doorbell", "consumer.lock", "slots", "info"}) {
    create(kDoorbellTicks);
    std::filesystem::remove(path(file));
    EXPECT_EQ(error_of([&] { static_cast<void>(attach()); }), ENOENT) << file;
    EXPECT_THAT([&] { static_cast<void>(attach()); },
                ThrowsMessage<std::system_error>(
                    AllOf(HasSubstr(path(file)), HasSubstr("being removed"))));
    Region::remove(name());
  }
  create(kDoorbellTicks);
  std::filesystem::remove(path("producer.lock"));
  EXPECT_EQ(error_of([&] { static_cast<void>(attach(Role::kProducer)); }),
            ENOENT);
  EXPECT_NO_THROW(static_cast<void>(attach()));
}

TEST_F(Named, BroadcastHasNoDoorbell) {
  create(kBroadcast);
  EXPECT_FALSE(std::filesystem::exists(path("doorbell")));
}

TEST_F(Named, ConsumerOfAnotherProcessIsWokenByASuccessorToo) {
  create(kDoorbellTicks);
  Child child([&](const Pipe& pipe) {
    const Region attached = attach();
    wait_for_one_tick(Ticks(attached).consumer(), pipe);
  });
  ASSERT_TRUE(child.pipe().ask<bool>());
  const Region successor = attach(Role::kProducer);
  ASSERT_TRUE(Ticks(successor).producer().try_publish(kTick));
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(Named, DeathOfTheProducerWakesNobody) {
  Child producer([&](const Pipe& pipe) {
    const Region region = Region::create(name(), kDoorbellTicks);
    pipe.tell(true);
    pause();
  });
  ASSERT_TRUE(producer.pipe().ask<bool>());
  const Region region = attach();
  Consumer<Tick> consumer = Ticks(region).consumer();
  ASSERT_TRUE(consumer.prepare_wait());
  producer.kill();
  EXPECT_FALSE(is_readable(consumer.wake_fd()));
}

// As much as the pipe takes, by a descriptor that blocks.
TEST_F(Named, FullDoorbellHoldsUpNobody) {
  const Region region = Region::create(name(), kDoorbellTicks);
  Producer<Tick> producer = Ticks(region).producer();
  const Region hostile = attach();
  const int pipe = hostile.consumer_end().doorbell.fd;
  ASSERT_GT(fcntl(pipe, F_SETPIPE_SZ, 1 << 20), 0);
  const std::vector<char> garbage(HFT_PAGE);
  while (write(pipe, garbage.data(), garbage.size()) > 0) {
  }
  ASSERT_EQ(fcntl(pipe, F_SETFL, O_RDWR), 0);
  hostile.consumer_end().page->waiting = HFT_WAITING_FOR_FD;
  ASSERT_TRUE(producer.try_publish(kTick));
  EXPECT_EQ(region.consumer_page()->waiting, HFT_WAITING_FOR_NOTHING);
  EXPECT_TRUE(is_readable(pipe));
  const Region attached = attach();
  Consumer<Tick> consumer = Ticks(attached).consumer();
  EXPECT_FALSE(is_readable(consumer.wake_fd()));
  EXPECT_FALSE(consumer.prepare_wait());
}

class OtherUser : public Named {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "only root can become another user";
  }
};

TEST_F(OtherUser, ConsumesFromRootWhereTheModeAdmitsIt) {
  create();
  EXPECT_TRUE(passes_as_other_user([&] {
    EXPECT_EQ(error_of([&] { static_cast<void>(attach()); }), EACCES);
    EXPECT_THAT([&] { static_cast<void>(attach()); },
                ThrowsMessage<std::system_error>(AllOf(
                    HasSubstr(path("consumer")), HasSubstr("consumer_mode"))));
  }));
  Region::remove(name());
  RegionOptions options;
  options.consumer_mode = 0666;
  create(kTicks, options);
  EXPECT_TRUE(passes_as_other_user([&] {
    const Region consumer = attach();
    consumer.consumer_end().page->consumer_pos = 1;
    EXPECT_EQ(make_writable(consumer.consumer_end().slots), EACCES);
    EXPECT_EQ(error_of([&] { static_cast<void>(attach(Role::kProducer)); }),
              EACCES);
    EXPECT_THAT([&] { static_cast<void>(attach(Role::kProducer)); },
                ThrowsMessage<std::system_error>(
                    AllOf(HasSubstr("only user 0, who created the ring, may "
                                    "produce"),
                          ::testing::Not(HasSubstr("consumer_mode")))));
    EXPECT_LT(open(path("slots").c_str(), O_RDWR), 0);
    EXPECT_EQ(error_of([&] { Region::remove(name()); }), EPERM);
  }));
}

TEST_F(OtherUser, IsWokenByItsDescriptorWhereTheModeAdmitsIt) {
  RegionOptions options;
  options.consumer_mode = 0666;
  const Region region = Region::create(name(), kDoorbellTicks, options);
  Producer<Tick> producer = Ticks(region).producer();
  EXPECT_TRUE(passes_as_other_user([&] {
    const Region attached = attach();
    Consumer<Tick> consumer = Ticks(attached).consumer();
    ASSERT_TRUE(consumer.prepare_wait());
    producer.try_publish(kTick);  // this child's copy, of root's descriptor
    EXPECT_TRUE(is_readable(consumer.wake_fd()));
    consumer.finish_wait();
    EXPECT_FALSE(is_readable(consumer.wake_fd()));
  }));
  std::filesystem::permissions(
      path("doorbell"),
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_TRUE(passes_as_other_user([&] {
    EXPECT_THAT([&] { static_cast<void>(attach()); },
                ThrowsMessage<std::system_error>(AllOf(
                    HasSubstr(path("doorbell")), HasSubstr("consumer_mode"))));
  }));
}

TEST_F(OtherUser, BroadcastIsOpenToAll) {
  RegionOptions options;
  options.writable_slots = true;  // for the owner's own consumers
  create(kBroadcast, options);
  EXPECT_TRUE(passes_as_other_user([&] {
    const Region consumer = attach();
    EXPECT_EQ(make_writable(consumer.reader_end().slots), EACCES);
    EXPECT_EQ(attach(Role::kObserver).consumer_page(), nullptr);
  }));
}

// In a user namespace all users that it does not know look alike, the caller
// too.
TEST_F(OtherUser, IsNotTakenForAnotherInAUserNamespace) {
  RegionOptions options;
  options.consumer_mode = 0666;
  ASSERT_TRUE(passes_as_other_user([&] { create(kTicks, options); }));
  constexpr int kNoNamespace = 77;
  const int status = Child([&](const Pipe&) {
                       if (unshare(CLONE_NEWUSER) != 0) _exit(kNoNamespace);
                       EXPECT_EQ(error_of([&] { (void)attach(); }), EPERM);
                     }).wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoNamespace) {
    GTEST_SKIP() << "no user namespace can be made here";
  }
  EXPECT_EQ(status, 0);
}

TEST_F(OtherUser, RingIsRefusedUnlessItsOwnerIsNamed) {
  ASSERT_TRUE(passes_as_other_user([&] { create(); }));
  EXPECT_EQ(error_of([&] { static_cast<void>(attach()); }), EPERM);
  EXPECT_THAT([&] { static_cast<void>(attach()); },
              ThrowsMessage<std::system_error>(
                  AllOf(HasSubstr("user 65534,"), HasSubstr("or user 0;"),
                        HasSubstr("AttachOptions.owner"))));
  AttachOptions options;
  options.owner = 1;
  EXPECT_EQ(
      error_of([&] { static_cast<void>(attach(Role::kConsumer, options)); }),
      EPERM);
  options.owner = kNobody;
  EXPECT_NO_THROW(static_cast<void>(attach(Role::kConsumer, options)));
}

}  // namespace
}  // namespace hft
