// SPDX-License-Identifier: MIT
// Regions passed over a Unix socket: who gets which rights, and what no one
// can do.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/userfaultfd.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>

#include "doorbell.hpp"
#include "hft/descriptor.hpp"
#include "region_test.hpp"

namespace hft {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// As a consumer gets them.
enum File { kInfo, kProducer, kConsumer, kSlots, kLock, kDoorbell };

class Memfd : public RegionTest {
 protected:
  Memfd() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()),
              0);
    ours_ = Descriptor(ends[0]);
    theirs_ = Descriptor(ends[1]);
  }

  // What the other end could do with the bare descriptors.
  std::vector<Descriptor> receive_descriptors() {
    constexpr std::size_t kMost = 8;
    std::array<char, 64> data{};
    iovec into{.iov_base = data.data(), .iov_len = data.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMost * sizeof(int))>
        control{};
    msghdr header{};
    header.msg_iov = &into;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    EXPECT_GT(recvmsg(theirs_.get(), &header, 0), 0);
    std::vector<Descriptor> received;
    if (const cmsghdr* part = CMSG_FIRSTHDR(&header)) {
      std::vector<int> fds((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
      std::memcpy(fds.data(), CMSG_DATA(part), fds.size() * sizeof(int));
      for (const int fd : fds) received.emplace_back(fd);
    }
    return received;
  }

  [[nodiscard]] Region pass(const Region& region, Role role) const {
    region.send(ours_.get(), role);
    return Region::receive(theirs_.get());
  }

  // Something that is no ring.
  void send_garbage(const std::vector<int>& fds, bool true_message) {
    struct {
      __u64 magic = HFT_INFO_MAGIC;
      __u32 role = static_cast<__u32>(Role::kConsumer);
      __u32 files = 0;
      __u32 left = 0;
      __u32 reserved = 0;
    } message;
    if (!true_message) message.magic = 1;
    message.files = static_cast<__u32>(fds.size());
    iovec data{.iov_base = &message, .iov_len = sizeof message};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(8 * sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    if (!fds.empty()) {
      header.msg_control = control.data();
      header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
      cmsghdr* part = CMSG_FIRSTHDR(&header);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
      std::memcpy(CMSG_DATA(part), fds.data(), fds.size() * sizeof(int));
    }
    ASSERT_GT(sendmsg(ours_.get(), &header, 0), 0);
  }

  void expect_refused(const char* text) const {
    EXPECT_THAT([&] { Region::receive(theirs_.get()); },
                ThrowsMessage<InvalidRing>(HasSubstr(text)));
  }

  Descriptor ours_;
  Descriptor theirs_;
};

int map_error(const Descriptor& file, int protection) {
  void* start = mmap(nullptr, HFT_PAGE, protection, MAP_SHARED, file.get(), 0);
  if (start == MAP_FAILED) return errno;
  munmap(start, HFT_PAGE);
  return 0;
}

TEST_F(Memfd, ForkedChildReceivesWhatItsParentMadeLater) {
  Child child([&](const Pipe& pipe) {
    const Region region = Region::receive(theirs_.get());
    EXPECT_EQ(region.role(), Role::kConsumer);
    pipe.tell(region.info().slots_bytes);
    region.consumer_end().page->consumer_pos = 5;
    EXPECT_EQ(region.consumer_end().slots[3], std::byte{0x33});
  });
  const Region region = Region::memfd(kTicks);
  region.producer_end().slots[3] = std::byte{0x33};
  region.send(ours_.get(), Role::kConsumer);
  EXPECT_EQ(child.pipe().ask<__u64>(), kTicks.slots_bytes());
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(region.consumer_page()->consumer_pos, 5U);
}

TEST_F(Memfd, ConsumerCannotMakeItsMappingsWritable) {
  const Region region = Region::memfd(kTicks);
  const Region consumer = pass(region, Role::kConsumer);
  expect_connected(region, consumer);
  const ConsumerEnd end = consumer.consumer_end();
  EXPECT_FALSE(end.slots_writable);
  EXPECT_EQ(make_writable(end.slots), EACCES);
  EXPECT_EQ(make_writable(end.producer), EACCES);
  EXPECT_THROW(static_cast<void>(consumer.producer_end()), std::logic_error);
  EXPECT_THROW(consumer.send(ours_.get(), Role::kConsumer), std::logic_error);
}

TEST_F(Memfd, ConsumerGetsDescriptorsToReadAndOneToWrite) {
  const Region region = Region::memfd(kTicks);
  region.send(ours_.get(), Role::kConsumer);
  const auto files = receive_descriptors();
  for (const File file : {kInfo, kProducer, kSlots}) {
    EXPECT_EQ(map_error(files[file], PROT_READ | PROT_WRITE), EACCES) << file;
    EXPECT_EQ(map_error(files[file], PROT_READ), 0) << file;
  }
  EXPECT_EQ(map_error(files[kConsumer], PROT_READ | PROT_WRITE), 0);
}

TEST_F(Memfd, OtherUserCannotOpenItsDescriptorsAnewToWrite) {
  if (!is_root()) GTEST_SKIP() << "only root can become another user";
  const Region region = Region::memfd(kTicks);
  region.send(ours_.get(), Role::kConsumer);
  const auto files = receive_descriptors();
  EXPECT_TRUE(passes_as_other_user([&] {
    for (const Descriptor& file : files) {
      const std::string path = fmt::format("/proc/self/fd/{}", file.get());
      // To lock it; it is empty, and sealed.
      if (&file == &files[kLock]) continue;
      EXPECT_LT(open(path.c_str(), O_RDWR), 0);
      EXPECT_EQ(errno, &file == &files[kDoorbell] ? ENXIO : EACCES);
      EXPECT_NE(fchmod(file.get(), 0666), 0);
    }
  }));
}

TEST_F(Memfd, NoOneCanChangeItsSizeOrItsInfo) {
  const Region region = Region::memfd(kTicks);
  region.send(ours_.get(), Role::kProducer);
  const auto files = receive_descriptors();
  for (const File file : {kProducer, kConsumer, kSlots}) {
    EXPECT_NE(ftruncate(files[file].get(), 0), 0);
    EXPECT_EQ(errno, EPERM);
    EXPECT_NE(ftruncate(files[file].get(), 1 << 20), 0);
    EXPECT_EQ(errno, EPERM);
    EXPECT_NE(fcntl(files[file].get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
    EXPECT_EQ(map_error(files[file], PROT_READ | PROT_WRITE), 0);
  }
  EXPECT_EQ(map_error(files[kInfo], PROT_READ | PROT_WRITE), EACCES);
  EXPECT_EQ(fcntl(files[kInfo].get(), F_GET_SEALS),
            F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

TEST_F(Memfd, ProducerHandsOnWhatItReceived) {
  const Region region = Region::memfd(kTicks);
  const Region successor = pass(region, Role::kProducer);
  EXPECT_EQ(successor.role(), Role::kProducer);
  expect_connected(successor, region);
  const Region consumer = pass(successor, Role::kConsumer);
  expect_connected(region, consumer);
}

TEST_F(Memfd, WritableSlotsAreWritable) {
  RegionOptions options;
  options.writable_slots = true;
  const Region region = Region::memfd(kTicks, options);
  EXPECT_EQ(region.info().features, HFT_FEATURE_SLOTS_WRITABLE);
  const Region consumer = pass(region, Role::kConsumer);
  EXPECT_TRUE(consumer.consumer_end().slots_writable);
  EXPECT_EQ(make_writable(consumer.consumer_end().slots), 0);
  EXPECT_EQ(make_writable(consumer.consumer_end().producer), EACCES);
  const Region observer = pass(region, Role::kObserver);
  EXPECT_EQ(make_writable(&observer.producer_page()), EACCES);
}

TEST_F(Memfd, ObserverWritesNothing) {
  const Region region = Region::memfd(kTicks);
  const Region observer = pass(region, Role::kObserver);
  EXPECT_EQ(make_writable(&observer.producer_page()), EACCES);
  EXPECT_EQ(make_writable(observer.consumer_page()), EACCES);
  EXPECT_THROW(static_cast<void>(observer.consumer_end()), std::logic_error);
}

TEST_F(Memfd, ConsumerOfABroadcastWritesNothing) {
  const Region region = Region::memfd(kBroadcast);
  const Region consumer = pass(region, Role::kConsumer);
  expect_connected(region, consumer);
  EXPECT_EQ(consumer.consumer_page(), nullptr);
  region.send(ours_.get(), Role::kConsumer);
  EXPECT_EQ(map_error(receive_descriptors()[kConsumer], PROT_WRITE), EACCES);
}

TEST_F(Memfd, RegionOutlivesItsMaker) {
  Region consumer = [&] {
    return pass(Region::memfd(kTicks), Role::kConsumer);
  }();
  consumer.consumer_end().page->consumer_pos = 1;
  EXPECT_EQ(consumer.consumer_page()->consumer_pos, 1U);
}

TEST_F(Memfd, OnlyAMemfdRingCanBeSent) {
  const Region region = Region::anonymous(kTicks);
  EXPECT_THROW(region.send(ours_.get(), Role::kConsumer), std::logic_error);
}

TEST_F(Memfd, ClosedSocketIsAnErrorToBothSides) {
  const Region region = Region::memfd(kTicks);
  { const Descriptor closed = std::move(ours_); }
  EXPECT_EQ(error_of([&] { Region::receive(theirs_.get()); }), ECONNRESET);
  EXPECT_EQ(error_of([&] { region.send(theirs_.get(), Role::kConsumer); }),
            EPIPE);
}

TEST_F(Memfd, WhatIsNoRingIsRefused) {
  send_garbage({}, true);
  expect_refused("not a ring");
  send_garbage({0, 1, 2, 2}, false);
  expect_refused("not a ring");
  send_garbage({0, 1}, true);
  expect_refused("not a ring");
}

TEST_F(Memfd, RingThatCouldBeTruncatedIsRefused) {
  const Region region = Region::memfd(kTicks);
  region.send(ours_.get(), Role::kConsumer);
  const auto files = receive_descriptors();
  const Descriptor loose(memfd_create("loose", MFD_CLOEXEC));
  ASSERT_EQ(ftruncate(loose.get(), 65536), 0);
  const auto send_with = [&](File file, const Descriptor& instead) {
    std::vector<int> sent(files.size());
    std::ranges::transform(files, sent.begin(), &Descriptor::get);
    sent[file] = instead.get();
    send_garbage(sent, true);
  };
  send_with(kSlots, loose);
  expect_refused("its slots region could be truncated");
  send_with(kLock, loose);
  expect_refused("its consumer.lock region could be truncated");
  send_with(kSlots, files[kProducer]);
  expect_refused("slots has 4096 bytes, expected 65536");
  send_with(kInfo, files[kProducer]);
  expect_refused("magic is 0x0");
}

TEST_F(Memfd, ConsumerOfAnotherProcessIsWokenByItsDescriptor) {
  const Region region = Region::memfd(kDoorbellTicks);
  Child child([&](const Pipe& pipe) {
    const Region received = Region::receive(theirs_.get());
    wait_for_one_tick(Ticks(received).consumer(), pipe);
  });
  region.send(ours_.get(), Role::kConsumer);
  Producer<Tick> producer = Ticks(region).producer();
  ASSERT_TRUE(child.pipe().ask<bool>());
  ASSERT_TRUE(producer.try_publish(kTick));
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(Memfd, ProducerThatReceivedTheRingRingsItsDoorbell) {
  const Region region = Region::memfd(kDoorbellTicks);
  const Region successor = pass(region, Role::kProducer);
  const Region consumes = pass(successor, Role::kConsumer);
  Consumer<Tick> consumer = Ticks(consumes).consumer();
  Producer<Tick> producer = Ticks(successor).producer();
  ASSERT_TRUE(consumer.prepare_wait());
  ASSERT_TRUE(producer.try_publish(kTick));
  EXPECT_TRUE(is_readable(consumer.wake_fd()));
}

TEST_F(Memfd, DoorbellHangsUpWhenNobodyIsLeftWhoCouldRingIt) {
  const auto events = [](int fd) {
    pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
    poll(&polled, 1, 0);
    return polled.revents;
  };
  const auto receive_both = [&] {
    const Region region = Region::memfd(kDoorbellTicks);
    return std::pair(pass(region, Role::kConsumer),
                     pass(region, Role::kProducer));
  };
  auto [consumes, produces] = receive_both();
  const int fd = consumes.consumer_end().doorbell.fd;
  EXPECT_EQ(events(fd), 0);
  { const Region gone = std::move(produces); }
  EXPECT_NE(events(fd) & POLLHUP, 0);
  Consumer<Tick> consumer = Ticks(consumes).consumer();
  EXPECT_TRUE(consumer.prepare_wait());
  consumer.finish_wait();
}

// A descriptor in a queue that the producer holds would outlive its sender, and
// the lock with it.
TEST_F(Memfd, ConsumerCannotLeaveItsLockInTheDoorbell) {
  const Region region = Region::memfd(kTicks);
  EXPECT_TRUE(passes_in_child([&] {
    const Region consumer = pass(region, Role::kConsumer);
    const auto claimed = consumer.claim_consumer(StartAt::kOldest);
    const int bell = claimed.end.doorbell.fd;
    for (int fd = 3; fd < 64; ++fd) {
      if (fcntl(fd, F_GETFD) < 0) continue;
      msghdr header{};
      char byte = 0;
      iovec data{.iov_base = &byte, .iov_len = 1};
      alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> control{};
      header.msg_iov = &data;
      header.msg_iovlen = 1;
      header.msg_control = control.data();
      header.msg_controllen = control.size();
      cmsghdr* part = CMSG_FIRSTHDR(&header);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(sizeof fd);
      std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
      EXPECT_LT(sendmsg(bell, &header, MSG_NOSIGNAL), 0) << fd;
    }
    std::fflush(nullptr);
    _exit(HasFailure() ? 1 : 0);
  }));
  EXPECT_NO_THROW((void)region.claim_consumer(StartAt::kOldest));
}

TEST_F(Memfd, ConsumerCannotLockItsSuccessorsOutByMode) {
  const Region region = Region::memfd(kTicks);
  EXPECT_TRUE(passes_as_other_user([&] {
    const Region made = Region::memfd(kTicks);
    EXPECT_TRUE(passes_in_child([&] {
      made.send(ours_.get(), Role::kConsumer);
      const auto files = receive_descriptors();
      EXPECT_EQ(fchmod(files[kLock].get(), 0), 0);
    }));
    const Region consumer = pass(made, Role::kConsumer);
    EXPECT_EQ(fchmod(consumer.consumer_end().doorbell.fd, 0600), 0);
    EXPECT_NO_THROW((void)consumer.claim_consumer(StartAt::kOldest));
    EXPECT_NO_THROW((void)made.claim_consumer(StartAt::kOldest));
  }));
}

TEST_F(Memfd, WhoMayNotWaitGetsNoDoorbell) {
  const Region region = Region::memfd(kTicks);
  region.send(ours_.get(), Role::kObserver);
  EXPECT_EQ(receive_descriptors().size(), 4U);
  region.send(ours_.get(), Role::kConsumer);
  EXPECT_EQ(receive_descriptors().size(), 6U);
  const Region broadcast = Region::memfd(kBroadcast);
  for (const Role role : {Role::kProducer, Role::kConsumer}) {
    broadcast.send(ours_.get(), role);
    // Without a consumer, there is neither its lock nor a doorbell.
    EXPECT_EQ(receive_descriptors().size(), role == Role::kProducer ? 5U : 4U);
  }
}

TEST_F(Memfd, DoorbellThatIsNoneIsRefused) {
  const Region region = Region::memfd(kTicks);
  region.send(ours_.get(), Role::kConsumer);
  const auto files = receive_descriptors();
  std::vector<int> sent(files.size());
  std::ranges::transform(files, sent.begin(), &Descriptor::get);
  const Descriptor event(eventfd(0, EFD_NONBLOCK));
  sent[kDoorbell] = event.get();
  send_garbage(sent, true);
  expect_refused("expected a Unix socket of packets");
  sent[kDoorbell] = ours_.get();  // a stream
  send_garbage(sent, true);
  expect_refused("expected a Unix socket of packets");
  sent.pop_back();
  send_garbage(sent, true);
  expect_refused("it came with 5 descriptors, expected 6");
}

// Asks for a wake-up before each record, and takes none.
void ask_and_publish(const Region& consumes, Producer<Tick>& producer) {
  constexpr int kMoreThanASocketHolds = 2000;
  hft_consumer_page& page = *consumes.consumer_end().page;
  for (int i = 0; i < kMoreThanASocketHolds; ++i) {
    page.waiting = HFT_WAITING_FOR_FD;
    page.consumer_pos = consumes.producer_page().producer_pos;
    ASSERT_TRUE(producer.try_publish(kTick));
    ASSERT_EQ(page.waiting, HFT_WAITING_FOR_NOTHING);
  }
}

TEST_F(Memfd, HostileConsumerCannotHoldUpItsProducer) {
  const Region region = Region::memfd(kDoorbellTicks);
  Producer<Tick> producer = Ticks(region).producer();
  const Region consumes = pass(region, Role::kConsumer);
  const int heard = consumes.consumer_end().doorbell.fd;
  ASSERT_EQ(fcntl(heard, F_SETFL, O_RDWR), 0);  // blocking from now on
  ask_and_publish(consumes, producer);
  sock_filter nothing{.code = 0x06, .jt = 0, .jf = 0, .k = 0};
  const sock_fprog filter{.len = 1, .filter = &nothing};
  EXPECT_NE(
      setsockopt(heard, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter),
      0);
  EXPECT_EQ(errno, EPERM);
  const Region successor = pass(region, Role::kConsumer);
  Consumer<Tick> consumer = Ticks(successor).consumer();
  EXPECT_FALSE(is_readable(consumer.wake_fd()));
  ASSERT_EQ(shutdown(heard, SHUT_RDWR), 0);
  ask_and_publish(consumes, producer);
}

// One that is read in earnest would wait for ever.
TEST_F(Memfd, HostileConsumerCannotHoldUpItsSuccessor) {
  const Region region = Region::memfd(kDoorbellTicks);
  Producer<Tick> producer = Ticks(region).producer();
  const Region hostile = pass(region, Role::kConsumer);
  const Region successor = pass(region, Role::kConsumer);
  const auto make_blocking = [&] {
    ASSERT_EQ(fcntl(hostile.consumer_end().doorbell.fd, F_SETFL, O_RDWR), 0);
  };
  for (const Region* next : {&region, &successor}) {
    make_blocking();
    Consumer<Tick> consumer = Ticks(*next).consumer();
    ASSERT_TRUE(consumer.prepare_wait());
    make_blocking();
    consumer.finish_wait();
    ASSERT_TRUE(producer.try_publish(Tick{}));
    make_blocking();
    EXPECT_FALSE(consumer.prepare_wait());
    consumer.release();
    consumer.flush();
  }
}

// A page that is never there: a system call that touches it does not return.
const void* endless_page() {
  const long faults = syscall(SYS_userfaultfd, O_CLOEXEC);
  uffdio_api api{.api = UFFD_API, .features = 0, .ioctls = 0};
  void* page = mmap(nullptr, HFT_PAGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uffdio_register watched{};
  watched.range = {.start = reinterpret_cast<__u64>(page), .len = HFT_PAGE};
  watched.mode = UFFDIO_REGISTER_MODE_MISSING;
  if (faults < 0 || ioctl(static_cast<int>(faults), UFFDIO_API, &api) != 0 ||
      ioctl(static_cast<int>(faults), UFFDIO_REGISTER, &watched) != 0) {
    return nullptr;
  }
  return page;
}

TEST_F(Memfd, ReadThatNeverEndsDoesNotHoldUpTheProducer) {
  if (!is_root()) GTEST_SKIP() << "only root may handle the kernel's faults";
  Child child([&](const Pipe& pipe) {
    const void* const page = endless_page();
    pipe.tell(page != nullptr);
    if (page == nullptr) return;
    const Region region = Region::memfd(kDoorbellTicks);
    Producer<Tick> producer = Ticks(region).producer();
    const Region consumes = pass(region, Role::kConsumer);
    const int heard = consumes.consumer_end().doorbell.fd;
    consumes.consumer_end().page->waiting = HFT_WAITING_FOR_FD;
    ASSERT_TRUE(producer.try_publish(kTick));
    std::thread([=] {
      static_cast<void>(!read(heard, const_cast<void*>(page), HFT_PAGE));
    }).detach();
    // Taken from the socket's queue: the reader is at the page, or before it.
    while (is_readable(heard)) std::this_thread::yield();
    ask_and_publish(consumes, producer);
    _exit(HasFailure() ? 1 : 0);  // the thread never ends
  });
  if (!child.pipe().ask<bool>()) GTEST_SKIP() << "no userfaultfd(2) here";
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(Memfd, NameIsCheckedAndShown) {
  RegionOptions options;
  options.name = "a/b";
  EXPECT_THROW(Region::memfd(kTicks, options), std::invalid_argument);
  options.name = name();
  const Region region = Region::memfd(kTicks, options);
  region.send(ours_.get(), Role::kConsumer);
  const auto files = receive_descriptors();
  const auto link = std::filesystem::read_symlink(
      fmt::format("/proc/self/fd/{}", files[kSlots].get()));
  EXPECT_THAT(link.native(), HasSubstr("hft:" + name() + ":slots"));
}

}  // namespace
}  // namespace hft
