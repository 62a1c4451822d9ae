// SPDX-License-Identifier: MIT
// What a consumer may do, and what it cannot, hostile or not.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <array>
#include <atomic>
#include <fstream>
#include <random>
#include <thread>
#include <utility>

#include "bpf_test.hpp"
#include "child.hpp"
#include "hft/clock.hpp"
#include "hft/validate.hpp"

namespace hft::bpf {
namespace {

class RightsTest : public PinTest {
 protected:
  RightsTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()),
              0);
    ours_ = Descriptor(ends[0]);
    theirs_ = Descriptor(ends[1]);
  }

  // 0, or the errno of mapping a page of it.
  static int map_error(int fd, int protection) {
    void* page = mmap(nullptr, HFT_PAGE, protection, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) return errno;
    munmap(page, HFT_PAGE);
    return 0;
  }

  static int map_fd(const Publisher& publisher, const char* name) {
    return bpf_object__find_map_fd_by_name(&publisher.object(), name);
  }

  Descriptor ours_;
  Descriptor theirs_;
};

// Before Linux 5.19 a sysctl kept everyone but root from pins.
bool pins_are_roots() {
  utsname kernel{};
  uname(&kernel);
  std::pair<int, int> version;
  std::sscanf(kernel.release, "%d.%d", &version.first, &version.second);
  int disabled = 0;
  std::ifstream("/proc/sys/kernel/unprivileged_bpf_disabled") >> disabled;
  return version < std::pair(5, 19) && disabled != 0;
}

// What others may do with pins is for the pins to say.
class PinRightsTest : public RightsTest {
 protected:
  void SetUp() override {
    RightsTest::SetUp();
    if (!IsSkipped() && pins_are_roots()) {
      GTEST_SKIP() << "before Linux 5.19 kernel.unprivileged_bpf_disabled "
                      "keeps others from pins";
    }
  }
};

TEST_F(RightsTest, NoOneMapsSlotsWritable) {
  const Publisher publisher({.rings = 1});
  const int slots = map_fd(publisher, "first_slots");
  EXPECT_EQ(map_error(slots, PROT_READ), 0);
  EXPECT_EQ(map_error(slots, PROT_READ | PROT_WRITE), EPERM);
  void* page = mmap(nullptr, HFT_PAGE, PROT_READ, MAP_SHARED, slots, 0);
  ASSERT_NE(page, MAP_FAILED);
  EXPECT_NE(mprotect(page, HFT_PAGE, PROT_READ | PROT_WRITE), 0);
  EXPECT_EQ(errno, EACCES);
  munmap(page, HFT_PAGE);
  const std::uint32_t key = 0;
  const std::array<char, 64> value{};
  EXPECT_EQ(bpf_map_update_elem(slots, &key, value.data(), BPF_ANY), -EPERM);
}

// Where the producers stand is on a page that anyone may read.
TEST_F(RightsTest, NoOneWritesThePositionOrTheCounters) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  publisher.publish_first(0, 3);
  const int slots = map_fd(publisher, "first_slots");
  void* page = mmap(nullptr, HFT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
                    slots, HFT_PAGE);
  EXPECT_EQ(page, MAP_FAILED);
  const std::array<char, 64> value{};
  for (std::uint32_t key = 0; key < 2 * HFT_PAGE / 64; ++key) {
    EXPECT_EQ(bpf_map_update_elem(slots, &key, value.data(), BPF_ANY), -EPERM);
  }
  const Attached ring = publisher.first().attach(0, Role::kObserver);
  EXPECT_EQ(ring.producer_page().producer_pos, 3U);
  EXPECT_EQ(ring.stats().published, 3U);
}

// They decide which slots are overwritten, and whom a program wakes.
TEST_F(RightsTest, NoOneWritesTurnsOrReplacesDoorbells) {
  const Publisher publisher({.slot_count = 16, .rings = 1});
  const std::uint32_t key = 0;
  const std::uint64_t turn = 3;
  publisher.first().pin(pin_folder());
  const Descriptor turns(bpf_obj_get((pin_folder() + "/turns").c_str()));
  ASSERT_TRUE(turns);
  EXPECT_EQ(bpf_map_update_elem(turns.get(), &key, &turn, BPF_ANY), -EPERM);
  EXPECT_NE(map_error(turns.get(), PROT_READ), 0);
  const Descriptor bells(bpf_obj_get((pin_folder() + "/bells").c_str()));
  ASSERT_TRUE(bells);
  const Descriptor bell(
      bpf_map_create(BPF_MAP_TYPE_RINGBUF, "mine", 0, 0, HFT_PAGE, nullptr));
  const int fd = bell.get();
  EXPECT_EQ(bpf_map_update_elem(bells.get(), &key, &fd, BPF_ANY), -EPERM);
  EXPECT_EQ(bpf_map_delete_elem(bells.get(), &key), -EPERM);
  EXPECT_EQ(publisher.publish_first(0, 20), 16U);
}

// It claims to have read what it has not, takes that back, and goes.
TEST_F(RightsTest, ASuccessorBeginsBehindWhatWasClaimed) {
  for (const StartAt start : {StartAt::kOldest, StartAt::kNext}) {
    const Publisher publisher({.slot_count = 4, .rings = 1});
    const Attached ring = publisher.first().attach(0, Role::kConsumer);
    __u64& told = ring.consumer_end().page->consumer_pos;
    EXPECT_EQ(publisher.publish_first(0, 4), 4U);
    __atomic_store_n(&told, 4, __ATOMIC_RELEASE);
    EXPECT_EQ(publisher.publish_first(4, 1), 1U);
    __atomic_store_n(&told, 1, __ATOMIC_RELEASE);

    auto consumer = ring.consumer(start);
    EXPECT_EQ(consumer.position(), 5U);
    std::uint64_t next = 5;
    for (int burst = 0; burst < 4; ++burst) {
      EXPECT_EQ(publisher.publish_first(next, 4), 4U);
      consumer.for_each([&](const hft_record& record) {
        EXPECT_EQ(sequence_of(record), next++);
      });
      consumer.flush();
    }
    EXPECT_EQ(next, 21U);
  }
}

// Frozen consumer pages would lock every successor out.
TEST_F(RightsTest, NoOneFreezesTheConsumersPages) {
  const Publisher publisher({.slot_count = 4, .rings = 1});
  EXPECT_EQ(bpf_map_freeze(map_fd(publisher, "first_consumer")), -EBUSY);
  const Attached ring = publisher.first().attach(0, Role::kConsumer);
  EXPECT_NO_THROW((void)ring.consumer());
}

TEST_F(RightsTest, UnprivilegedProcessConsumesWhatItIsSent) {
  const Publisher publisher({.slot_count = 64, .rings = 1});
  publisher.first().send(ours_.get(), Role::kConsumer);
  publisher.publish_first(0, 40);
  EXPECT_TRUE(passes_as_other_user([&] {
    const Rings rings = Rings::receive(theirs_.get());
    const Attached ring = rings.attach(0, Role::kConsumer);
    auto consumer = ring.consumer(StartAt::kOldest);
    std::uint64_t next = 0;
    consumer.for_each([&](const hft_record& record) {
      EXPECT_EQ(sequence_of(record), next++);
    });
    consumer.flush();
    EXPECT_EQ(next, 40U);
    EXPECT_EQ(
        map_error(map_fd(publisher, "first_slots"), PROT_READ | PROT_WRITE),
        EPERM);
  }));
  // What it released is room for more.
  EXPECT_EQ(publisher.publish_first(40, 64), 64U);
}

TEST_F(RightsTest, ObserverGetsNoConsumerPage) {
  const Publisher publisher({.mode = HFT_MODE_OVERWRITE, .rings = 1});
  publisher.first().send(ours_.get(), Role::kObserver);
  EXPECT_TRUE(passes_as_other_user([&] {
    const Rings rings = Rings::receive(theirs_.get());
    EXPECT_THROW((void)rings.attach(0, Role::kConsumer), std::logic_error);
    const Attached ring = rings.attach(0, Role::kObserver);
    EXPECT_EQ(ring.consumer_page(), nullptr);
    EXPECT_NO_THROW((void)ring.reader());
  }));
}

TEST_F(RightsTest, WhatIsNoRingIsNotReceived) {
  ASSERT_EQ(write(ours_.get(), "nothing", 7), 7);
  EXPECT_THROW((void)Rings::receive(theirs_.get()), InvalidRing);
}

TEST_F(RightsTest, PinsLetOthersConsumeAndGoWhenRemoved) {
  const Publisher publisher({.slot_count = 64, .rings = 1});
  const std::string folder = pin_folder();
  publisher.first().pin(folder, {.consumer_mode = 0666});
  EXPECT_EQ(error_of([&] { publisher.first().pin(folder); }), EEXIST);
  publisher.publish_first(0, 3);
  EXPECT_TRUE(passes_as_other_user([&] {
    if (pins_are_roots()) {
      EXPECT_THAT([&] { (void)Rings::open(folder, Role::kConsumer); },
                  ::testing::ThrowsMessage<std::system_error>(
                      ::testing::HasSubstr("sent over a Unix socket")));
      return;
    }
    const Rings rings = Rings::open(folder, Role::kConsumer);
    const Attached ring = rings.attach(0, Role::kConsumer);
    auto consumer = ring.consumer(StartAt::kOldest);
    const hft_record* record = consumer.try_read();
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(sequence_of(*record), 0U);
  }));
  Rings::unpin(folder);
  EXPECT_NE(access(folder.c_str(), F_OK), 0);
  EXPECT_EQ(error_of([&] { (void)Rings::open(folder, Role::kConsumer); }),
            ENOENT);
}

TEST_F(PinRightsTest, UnpinLeavesOtherDirectoriesAlone) {
  std::string ordinary = testing::TempDir() + "hft-unpin-XXXXXX";
  ASSERT_NE(mkdtemp(ordinary.data()), nullptr);
  EXPECT_EQ(error_of([&] { Rings::unpin(ordinary); }), EINVAL);
  EXPECT_EQ(rmdir(ordinary.c_str()), 0);
}

TEST_F(PinRightsTest, PinsKeepOthersOutByDefault) {
  const Publisher publisher({.rings = 1});
  const std::string folder = pin_folder();
  publisher.first().pin(folder);
  EXPECT_TRUE(passes_as_other_user([&] {
    EXPECT_EQ(error_of([&] { (void)Rings::open(folder, Role::kConsumer); }),
              EACCES);
    EXPECT_EQ(error_of([&] { (void)Rings::open(folder, Role::kObserver); }),
              EACCES);
  }));
  Rings::unpin(folder);
}

TEST_F(PinRightsTest, ObserversOfAPinCannotConsume) {
  const Publisher publisher({.rings = 1});
  const std::string folder = pin_folder();
  publisher.first().pin(folder, {.consumer_mode = 0644});
  EXPECT_TRUE(passes_as_other_user([&] {
    EXPECT_EQ(error_of([&] { (void)Rings::open(folder, Role::kConsumer); }),
              EACCES);
    const Rings rings = Rings::open(folder, Role::kObserver);
    EXPECT_EQ(rings.attach(0, Role::kObserver).info().slot_size, 64U);
  }));
  Rings::unpin(folder);
}

TEST_F(RightsTest, PinsOutsideABpfFileSystemSayWhereToGo) {
  const Publisher publisher({.rings = 1});
  EXPECT_THAT([&] { publisher.first().pin("/tmp/hft-test-pin"); },
              ::testing::ThrowsMessage<std::system_error>(
                  ::testing::HasSubstr("mount -t bpf bpf /sys/fs/bpf")));
}

TEST_F(RightsTest, PinnedRingsOutliveTheirLoader) {
  const std::string folder = pin_folder();
  {
    const Publisher publisher({.slot_count = 64, .rings = 1});
    publisher.first().pin(folder);
    publisher.publish_first(0, 5);
  }
  {
    const Rings rings = Rings::open(folder, Role::kConsumer);
    const Attached ring = rings.attach(0, Role::kConsumer);
    auto consumer = ring.consumer(StartAt::kOldest);
    EXPECT_EQ(consumer.for_each([](const hft_record&) {}), 5U);
  }
  Rings::unpin(folder);
}

TEST_F(RightsTest, APinSaysWhetherItsProducerIsGone) {
  const std::string folder = pin_folder();
  auto publisher =
      std::make_unique<Publisher>(Shape{.slot_count = 64, .rings = 1});
  publisher->first().pin(folder);
  const Rings rings = Rings::open(folder, Role::kConsumer);
  EXPECT_FALSE(rings.producer_gone());
  EXPECT_FALSE(publisher->first().producer_gone());
  EXPECT_EQ(rings.last_heard(), 0U);
  const std::uint64_t before = monotonic_now();
  publisher->publish_first(0, 5);
  publisher.reset();
  EXPECT_TRUE(becomes_gone(rings));
  EXPECT_GT(rings.last_heard(), before);
  EXPECT_LT(rings.last_heard(), monotonic_now());
  const Attached ring = rings.attach(0, Role::kConsumer);
  auto consumer = ring.consumer(StartAt::kOldest);
  EXPECT_EQ(consumer.for_each([](const hft_record&) {}), 5U);
  Rings::unpin(folder);
}

// What counts is whether the programs are there, not their loader.
TEST_F(RightsTest, AProgramThatOutlivesItsLoaderIsAProducer) {
  const std::string folder = pin_folder();
  auto publisher =
      std::make_unique<Publisher>(Shape{.slot_count = 64, .rings = 1});
  publisher->first().pin(folder);
  const Descriptor program(
      fcntl(bpf_program__fd(publisher->skeleton().progs.publish_first),
            F_DUPFD_CLOEXEC, 3));
  publisher.reset();
  const Rings rings = Rings::open(folder, Role::kObserver);
  usleep(100'000);
  EXPECT_FALSE(rings.producer_gone());
  Rings::unpin(folder);
}

TEST_F(PinRightsTest, ObserversLearnThatTheProducerIsGone) {
  const std::string folder = pin_folder();
  auto publisher =
      std::make_unique<Publisher>(Shape{.slot_count = 64, .rings = 1});
  publisher->first().pin(folder, {.consumer_mode = 0644});
  EXPECT_TRUE(passes_as_other_user([&] {
    EXPECT_FALSE(Rings::open(folder, Role::kObserver).producer_gone());
  }));
  publisher.reset();
  EXPECT_TRUE(passes_as_other_user([&] {
    EXPECT_TRUE(becomes_gone(Rings::open(folder, Role::kObserver)));
  }));
  Rings::unpin(folder);
}

TEST_F(RightsTest, OnlyWhatAProducerThatIsGoneHasLeftIsReplaced) {
  const std::string folder = pin_folder();
  const PinOptions replace{.replace = true};
  auto first = std::make_unique<Publisher>(Shape{.slot_count = 64, .rings = 1});
  first->first().pin(folder);
  const Rings old = Rings::open(folder, Role::kObserver);
  const Publisher second({.slot_count = 128});
  for (const PinOptions& options : {PinOptions{}, replace}) {
    EXPECT_THAT([&] { second.first().pin(folder, options); },
                ::testing::ThrowsMessage<std::system_error>(
                    ::testing::HasSubstr("whose producer is running")));
  }
  first->publish_first(0, 1);
  first.reset();
  EXPECT_TRUE(becomes_gone(old));
  EXPECT_THAT([&] { second.first().pin(folder); },
              ::testing::ThrowsMessage<std::system_error>(
                  ::testing::ContainsRegex("producer is gone; it was last "
                                           "heard of [0-9]+ s ago.*replace")));
  second.first().pin(folder, replace);
  const Rings now = Rings::open(folder, Role::kObserver);
  EXPECT_EQ(now.attach(0, Role::kObserver).info().slot_count, 128U);
  EXPECT_FALSE(now.producer_gone());
  // Whoever has the old ones open is not taken in by their successors.
  EXPECT_TRUE(old.producer_gone());
  Rings::unpin(folder);
}

TEST_F(RightsTest, AFolderOfOthersIsNeverReplaced) {
  const Publisher publisher({});
  mount_bpffs();
  const std::string folder = pin_folder();
  ASSERT_EQ(mkdir(folder.c_str(), 0755), 0);
  EXPECT_THAT([&] { publisher.first().pin(folder, {.replace = true}); },
              ::testing::ThrowsMessage<std::system_error>(
                  ::testing::HasSubstr("does not say whether")));
  // As a loader makes it that has not got further.
  ASSERT_EQ(chmod(folder.c_str(), 0700), 0);
  {
    const Descriptor loader(open(folder.c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_EQ(flock(loader.get(), LOCK_EX), 0);
    EXPECT_THAT([&] { publisher.first().pin(folder, {.replace = true}); },
                ::testing::ThrowsMessage<std::system_error>(
                    ::testing::HasSubstr("another loader is creating")));
  }
  EXPECT_EQ(rmdir(folder.c_str()), 0);
}

TEST_F(RightsTest, WhatALoaderLeftThatWasKilledWhilePinningIsReplaced) {
  const Publisher publisher({.slot_count = 64, .rings = 1});
  const std::string folder = pin_folder();
  publisher.first().pin(folder);
  // With the producers' file and without it, as where the kernel has no BTF.
  for (const char* missing : {"consumer", "producers"}) {
    unlink((folder + '/' + missing).c_str());
    ASSERT_EQ(chmod(folder.c_str(), 0700), 0);
    EXPECT_THAT(
        [&] { publisher.first().pin(folder); },
        ::testing::ThrowsMessage<std::system_error>(
            ::testing::HasSubstr("killed while it created it: hft produce "
                                 "--replace")));
    publisher.first().pin(folder, {.replace = true});
    EXPECT_EQ(Rings::open(folder, Role::kConsumer).size(), 1U);
  }
  Rings::unpin(folder);
}

TEST_F(RightsTest, ErrorsOfPinSayWhichFolderToTake) {
  const Publisher publisher({.rings = 1});
  mount_bpffs();
  EXPECT_THAT([&] { publisher.first().pin("/sys/fs/bpf/"); },
              ::testing::ThrowsMessage<std::system_error>(
                  ::testing::HasSubstr("use /sys/fs/bpf/NAME")));
  EXPECT_THAT([&] { publisher.first().pin(pin_folder() + "/a/b"); },
              ::testing::ThrowsMessage<std::system_error>(
                  ::testing::HasSubstr("mkdir -p " + pin_folder() + "/a")));
  EXPECT_THAT([&] { publisher.first().pin(pin_folder() + ".old"); },
              ::testing::ThrowsMessage<std::system_error>(
                  ::testing::HasSubstr("have no dots")));
}

TEST_F(RightsTest, PinsInAReadOnlyFileSystemSayWhatToDo) {
  const Publisher publisher({.rings = 1});
  std::string mounted = "/tmp/hft-test-bpffs-XXXXXX";
  ASSERT_NE(mkdtemp(mounted.data()), nullptr);
  ASSERT_EQ(mount("bpf", mounted.c_str(), "bpf", MS_RDONLY, nullptr), 0);
  EXPECT_THAT([&] { publisher.first().pin(mounted + "/ring"); },
              ::testing::ThrowsMessage<std::system_error>(
                  ::testing::HasSubstr("mounted read-only")));
  EXPECT_EQ(umount(mounted.c_str()), 0);
  EXPECT_EQ(rmdir(mounted.c_str()), 0);
}

// Every word that a consumer can write, while the producer runs.
TEST_F(RightsTest, ScribblingOverTheConsumerPageHarmsNoRecord) {
  constexpr std::uint64_t kWrites = 1'000'000;
  constexpr std::uint32_t kSlots = 64;
  const Publisher publisher({.slot_count = kSlots, .rings = 1});
  const Attached hostile = publisher.first().attach(0, Role::kConsumer);
  auto* const words =
      reinterpret_cast<std::uint64_t*>(hostile.consumer_end().page);
  std::atomic<bool> done = false;
  std::thread scribbler([&] {
    std::mt19937_64 random(1);
    for (std::uint64_t i = 0; i < kWrites; ++i) {
      // Half of them where it hurts most, and near what is true.
      const std::uint64_t value =
          i % 4 == 0 ? hostile.producer_page().producer_pos - random() % 200
                     : random();
      __atomic_store_n(words + (i % 2 == 0 ? 0 : random() % 512), value,
                       __ATOMIC_RELAXED);
    }
    done = true;
  });
  std::uint64_t offered = 0;
  do {
    publisher.publish_first(offered, 32);
    offered += 32;
  } while (!done);
  scribbler.join();

  const hft_ring_stats stats = bpf::stats(publisher.object(), "first");
  EXPECT_EQ(stats.offered, offered);
  EXPECT_EQ(stats.published + stats.dropped, offered);
  EXPECT_GT(stats.published, 0U);
  // Each slot holds a whole record, in its place and in order.
  const std::byte* slots = hostile.consumer_end().slots;
  std::uint64_t last = 0;
  const std::uint64_t oldest =
      stats.published > kSlots ? stats.published - kSlots : 0;
  for (std::uint64_t position = oldest; position < stats.published;
       ++position) {
    const auto* slot = reinterpret_cast<const hft_slot*>(
        slots + position % kSlots * sizeof(hft_slot));
    EXPECT_EQ(slot->published, position + 1);
    const std::uint64_t sequence = sequence_of(slot->record);
    EXPECT_TRUE(position == oldest || sequence > last);
    EXPECT_LT(sequence, offered);
    last = sequence;
  }
  EXPECT_NO_THROW(validate(hostile.info()));
  // An honest successor finds its way.
  hostile.consumer_end().page->owner = 0;
  auto consumer = hostile.consumer();
  EXPECT_EQ(publisher.publish_first(offered, 10), 10U);
  EXPECT_EQ(consumer.for_each([](const hft_record&) {}), 10U);
}

}  // namespace
}  // namespace hft::bpf
