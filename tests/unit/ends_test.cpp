// SPDX-License-Identifier: MIT
// Who owns an end of a ring: across pid namespaces, without a /proc of one's
// own, and through fork(), exec() and daemon().
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "read_file.hpp"
#include "region_test.hpp"

namespace hft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

struct Case {
  bool named;
  Role role;
};

// Attached anew, and owner of one end.
struct Owner {
  Owner(Region&& attached, Role role) : region(std::move(attached)) {
    if (role == Role::kProducer) {
      producer = region.claim_producer(HFT_MODE_DROP);
    } else {
      consumer = region.claim_consumer(StartAt::kOldest);
    }
  }

  [[nodiscard]] bool took_over() const {
    return producer ? producer->claim.took_over() : consumer->claim.took_over();
  }
  [[nodiscard]] __u64* word() const {
    return producer ? &producer->end.page->owner : &consumer->end.page->owner;
  }

  Region region;
  std::optional<Claimed<ProducerEnd>> producer;
  std::optional<Claimed<ConsumerEnd>> consumer;
};

// What /proc a process of another pid namespace sees.
enum class Proc { kOfTheParent, kItsOwn, kNone };

class Ends : public RegionTest, public ::testing::WithParamInterface<Case> {
 protected:
  Ends() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets_), 0);
  }
  ~Ends() override {
    close(sockets_[0]);
    close(sockets_[1]);
  }

  // In any process of the test.
  [[nodiscard]] std::unique_ptr<Owner> take() const {
    const Role role = GetParam().role;
    if (GetParam().named) {
      return std::make_unique<Owner>(Region::attach(name(), role), role);
    }
    ring_.send(sockets_[0], role);
    return std::make_unique<Owner>(Region::receive(sockets_[1]), role);
  }
  [[nodiscard]] int refusal() const {
    return error_of([&] { (void)take(); });
  }

  // `owner` tells when it has the end.
  void expect_owner_until_it_dies(Child& owner) const {
    ASSERT_TRUE(owner.pipe().ask<bool>());
    EXPECT_EQ(refusal(), EBUSY);
    owner.kill();
    EXPECT_TRUE(take()->took_over());
  }

  // Skips the test where there may be none.
  static void in_pid_namespace(Proc proc, const std::function<void()>& body) {
    const bool made =
        unshare(CLONE_NEWPID | CLONE_NEWNS) == 0 &&
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (!made) _exit(kNoNamespace);
    Child inner([&](const Pipe&) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (proc == Proc::kItsOwn) {
        ASSERT_EQ(mount("proc", "/proc", "proc", 0, nullptr), 0);
      } else if (proc == Proc::kNone) {
        ASSERT_EQ(mount("none", "/proc", "tmpfs", 0, nullptr), 0);
      }
      body();
    });
    EXPECT_EQ(inner.wait(), 0);
  }
  static bool passes_in_pid_namespace(Proc proc,
                                      const std::function<void()>& body) {
    const int status =
        Child([&](const Pipe&) { in_pid_namespace(proc, body); }).wait();
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNoNamespace) {
      no_namespace = true;
      return true;
    }
    return status == 0;
  }
  void TearDown() override {
    if (no_namespace) GTEST_SKIP() << "pid namespaces want root";
  }

  static constexpr int kNoNamespace = 77;
  const Identity parent_ = own_identity();
  static inline bool no_namespace = false;

 private:
  Region make() const {
    return GetParam().named ? make_named(name(), kTicks, {})
                            : make_memfd(name(), kTicks, {});
  }

  int sockets_[2];
  Region ring_ = make();
};

TEST_P(Ends, HaveOneOwnerAlsoInOneProcess) {
  const auto owner = take();
  EXPECT_FALSE(owner->took_over());
  EXPECT_THAT(
      [&] { (void)take(); },
      ThrowsMessage<std::system_error>(AllOf(
          HasSubstr(GetParam().role == Role::kProducer ? "producer of ring '"
                                                       : "consumer of ring '"),
          HasSubstr("this one"))));
}

TEST_P(Ends, AreNotTakenFromAnotherPidNamespace) {
  const auto owner = take();
  for (const Proc proc : {Proc::kOfTheParent, Proc::kItsOwn}) {
    EXPECT_TRUE(
        passes_in_pid_namespace(proc, [&] { EXPECT_EQ(refusal(), EBUSY); }));
  }
}

TEST_P(Ends, AreOwnedInAnotherPidNamespace) {
  for (const Proc proc : {Proc::kOfTheParent, Proc::kItsOwn}) {
    Pipe told;
    Pipe orders;
    Child other([&](const Pipe&) {
      in_pid_namespace(proc, [&] {
        const auto owner = take();
        told.tell(true);
        (void)orders.ask<bool>();
        _exit(0);  // in no orderly way
      });
    });
    told.hear();
    bool took = false;
    if (read(told.reading_end(), &took, sizeof took) != sizeof took) {
      GTEST_SKIP() << "pid namespaces want root";
    }
    EXPECT_EQ(refusal(), EBUSY);
    EXPECT_TRUE(passes_in_child([&] { EXPECT_EQ(refusal(), EBUSY); }));
    orders.tell(true);
    EXPECT_EQ(other.wait(), 0);
    EXPECT_TRUE(take()->took_over());
  }
}

TEST_P(Ends, AreTakenByNameWithoutAProc) {
  if (!GetParam().named) {
    EXPECT_TRUE(passes_in_pid_namespace(Proc::kNone,
                                        [&] { EXPECT_EQ(refusal(), ENOENT); }));
    return;
  }
  EXPECT_TRUE(passes_in_pid_namespace(Proc::kNone, [&] {
    const auto owner = take();
    EXPECT_EQ(refusal(), EBUSY);
  }));
  EXPECT_EQ(refusal(), 0);
}

TEST_P(Ends, OfTheDeadAreFreeWhoeverHasTheirPid) {
  Child owner([&](const Pipe& pipe) {
    const auto taken = take();
    // As if this pid were its own, by a /proc that is not: of one who lives on.
    __atomic_store_n(taken->word(), parent_, __ATOMIC_RELAXED);
    pipe.tell(true);
    pause();
  });
  expect_owner_until_it_dies(owner);
}

TEST_P(Ends, AreFreeAfterExec) {
  Child owner([&](const Pipe& pipe) {
    const auto taken = take();
    pipe.tell(true);
    execlp("sleep", "sleep", "1000", nullptr);
  });
  ASSERT_TRUE(owner.pipe().ask<bool>());
  // Asleep, it has closed what exec() closes.
  const std::string stat = fmt::format("/proc/{}/stat", owner.pid());
  while (read_proc_file(stat).find("(sleep) S ") == std::string::npos) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(take()->took_over());
}

TEST_P(Ends, StayWithADaemon) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  Child parent([&](const Pipe& pipe) {
    const auto owner = take();
    const pid_t daemon = fork();
    if (daemon == 0) pause();
    pipe.tell(daemon);
    _exit(0);  // as daemon(3) does
  });
  const pid_t daemon = parent.pipe().ask<pid_t>();
  EXPECT_EQ(parent.wait(), 0);
  EXPECT_EQ(refusal(), EBUSY);
  EXPECT_THAT([&] { (void)take(); }, ThrowsMessage<std::system_error>(
                                         HasSubstr("a child that it left")));
  kill(daemon, SIGKILL);
  EXPECT_EQ(waitpid(daemon, nullptr, 0), daemon);
  EXPECT_TRUE(take()->took_over());
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_P(Ends, AreNotGivenBackByAChild) {
  auto owner = take();
  EXPECT_TRUE(passes_in_child([&] {
    owner.reset();
    EXPECT_EQ(refusal(), EBUSY);
  }));
  EXPECT_EQ(refusal(), EBUSY);
}

// The first process of a namespace, and of one within it, have the same pid.
TEST_P(Ends, AreNotGivenBackByAChildOfTheSamePid) {
  EXPECT_TRUE(passes_in_pid_namespace(Proc::kItsOwn, [&] {
    ASSERT_EQ(getpid(), 1);
    auto owner = take();
    in_pid_namespace(Proc::kOfTheParent, [&] {
      EXPECT_EQ(getpid(), 1);
      owner.reset();
    });
    EXPECT_EQ(refusal(), EBUSY);
  }));
}

TEST_P(Ends, StayWithWhoClosesAllDescriptors) {
  Child owner([&](const Pipe& pipe) {
    auto taken = take();
    const int told = pipe.writing_end();
    for (int fd = 3; fd < 1024; ++fd) {
      if (fd != told) close(fd);
    }
    // What has the number now is not closed with the end.
    const int other = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int copies = 0; copies < 64; ++copies) (void)dup(other);
    pipe.tell(true);
    pause();
  });
  expect_owner_until_it_dies(owner);
}

TEST_P(Ends, LeaveForeignDescriptorsAlone) {
  EXPECT_TRUE(passes_in_child([&] {
    auto owner = take();
    for (int fd = 3; fd < 1024; ++fd) close(fd);
    const int other = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (dup(other) < 64) {
    }
    if (GetParam().role == Role::kProducer) {
      owner->producer.reset();
    } else {
      owner->consumer.reset();
    }
    for (int fd = other; fd <= 64; ++fd) EXPECT_GE(fcntl(fd, F_GETFD), 0) << fd;
    std::fflush(nullptr);
    _exit(HasFailure() ? 1 : 0);
  }));
}

TEST_P(Ends, GoWithTheirClaim) {
  // Outlives the claim.
  const auto ring = std::make_unique<Region>(
      GetParam().named ? make_named(name() + "-other", kTicks, {})
                       : make_memfd(name() + "-other", kTicks, {}));
  auto first = take();
  const auto claim_other = [&] {
    return GetParam().role == Role::kProducer
               ? ring->claim_producer(HFT_MODE_DROP).claim
               : ring->claim_consumer(StartAt::kOldest).claim;
  };
  Claim& claim =
      first->producer ? first->producer->claim : first->consumer->claim;
  Claim other = claim_other();
  claim = std::move(other);
  EXPECT_EQ(refusal(), 0);
  EXPECT_EQ(error_of([&] { (void)claim_other(); }), EBUSY);
}

TEST_P(Ends, AreFreeOnceGivenBackWhateverChildrenLive) {
  auto owner = take();
  Child child([](const Pipe&) { pause(); });
  owner.reset();
  EXPECT_FALSE(take()->took_over());
}

INSTANTIATE_TEST_SUITE_P(
    , Ends,
    ::testing::Values(Case{true, Role::kProducer}, Case{true, Role::kConsumer},
                      Case{false, Role::kProducer},
                      Case{false, Role::kConsumer}),
    [](const auto& tested) {
      return std::string(tested.param.named ? "Named" : "Memfd") +
             (tested.param.role == Role::kProducer ? "Producer" : "Consumer");
    });

class NamedEnds : public RegionTest {};

TEST_F(NamedEnds, HaveOneSuccessorOfMany) {
  const Region ring = Region::create(name(), kTicks);
  Pipe go;
  const auto body = [&](const Pipe& pipe) {
    char ignored;
    go.hear();
    (void)!read(go.reading_end(), &ignored, 1);  // until its other end closes
    const Region attached = Region::attach(name(), Role::kConsumer);
    std::optional<Claimed<ConsumerEnd>> owner;
    pipe.tell(
        error_of([&] { owner = attached.claim_consumer(StartAt::kOldest); }));
    pause();
  };
  std::array<Child, 4> successors = {Child(body), Child(body), Child(body),
                                     Child(body)};
  go.hear();
  std::array<int, 4> errors{};
  for (std::size_t i = 0; i < errors.size(); ++i) {
    errors[i] = successors[i].pipe().ask<int>();
  }
  EXPECT_THAT(errors, ::testing::UnorderedElementsAre(0, EBUSY, EBUSY, EBUSY));
}

TEST_F(NamedEnds, AreLockedByNobodyWhoOnlyLooks) {
  RegionOptions options;
  options.consumer_mode = 0644;
  const Region ring = Region::create(name(), kTicks, options);
  if (!is_root()) GTEST_SKIP() << "another user wants root";
  EXPECT_TRUE(passes_as_other_user([&] {
    for (const char* file : {"producer.lock", "consumer.lock"}) {
      for (const int access : {O_RDONLY, O_WRONLY, O_RDWR}) {
        EXPECT_LT(open(path(file).c_str(), access | O_CLOEXEC), 0) << file;
        EXPECT_EQ(errno, EACCES) << file;
      }
    }
  }));
}

}  // namespace
}  // namespace hft
