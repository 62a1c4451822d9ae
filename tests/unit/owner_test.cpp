// SPDX-License-Identifier: MIT
#include "hft/detail/owner.hpp"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <array>
#include <optional>
#include <string>
#include <thread>

#include "child.hpp"
#include "hft/detail/mapping.hpp"
#include "read_file.hpp"

namespace hft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr Identity kOneTick = Identity{1} << 22;

class Owner : public ::testing::Test {
 protected:
  Claim take() { return Claim::take(word_, {}, "producer of ring test"); }
  [[nodiscard]] __u64 word() const {
    return __atomic_load_n(word_, __ATOMIC_ACQUIRE);
  }

  Mapping page_ = Mapping::anonymous(HFT_PAGE);
  __u64* word_ = page_.as<__u64>();
};

TEST_F(Owner, IdentityIsPidAndStart) {
  EXPECT_EQ(own_identity() % kOneTick, static_cast<Identity>(getpid()));
  EXPECT_GT(own_identity() / kOneTick, 0U);
  EXPECT_EQ(own_identity(), own_identity());
  EXPECT_TRUE(is_alive(own_identity()));
}

TEST_F(Owner, ClaimLastsAsLongAsItsObject) {
  {
    Claim claim = take();
    EXPECT_FALSE(claim.took_over());
    EXPECT_EQ(word(), own_identity());
    const Claim moved = std::move(claim);
    claim = Claim();
    EXPECT_EQ(word(), own_identity());
  }
  EXPECT_EQ(word(), 0U);
  EXPECT_FALSE(take().took_over());
}

TEST_F(Owner, SecondClaimIsRefusedAlsoToTheSameProcess) {
  const Claim claim = take();
  EXPECT_EQ(error_of([&] { take(); }), EBUSY);
  EXPECT_THAT([&] { take(); },
              ThrowsMessage<std::system_error>(
                  AllOf(HasSubstr("producer of ring test"),
                        HasSubstr(std::to_string(getpid())),
                        HasSubstr("owner_test"), HasSubstr("this one"))));
  EXPECT_EQ(word(), own_identity());
}

TEST_F(Owner, LiveOwnerOfAnotherProcessIsNamed) {
  Child owner([&](const Pipe& pipe) {
    const Claim claim = take();
    pipe.tell(true);
    pause();
  });
  ASSERT_TRUE(owner.pipe().ask<bool>());
  EXPECT_EQ(error_of([&] { take(); }), EBUSY);
  EXPECT_THAT([&] { take(); },
              ThrowsMessage<std::system_error>(
                  HasSubstr(std::to_string(owner.pid()) + " (owner_test)")));
}

TEST_F(Owner, KilledOwnerHasASuccessor) {
  Child owner([&](const Pipe& pipe) {
    const Claim claim = take();
    pipe.tell(true);
    pause();
  });
  ASSERT_TRUE(owner.pipe().ask<bool>());
  owner.kill();
  EXPECT_NE(word(), 0U);
  const Claim claim = take();
  EXPECT_TRUE(claim.took_over());
  EXPECT_EQ(word(), own_identity());
}

TEST_F(Owner, ZombieIsDead) {
  Child owner([&](const Pipe&) {
    __atomic_store_n(word_, own_identity(), __ATOMIC_RELEASE);
  });
  siginfo_t info;
  ASSERT_EQ(
      waitid(P_PID, static_cast<id_t>(owner.pid()), &info, WEXITED | WNOWAIT),
      0);
  EXPECT_FALSE(is_alive(word()));
  EXPECT_TRUE(take().took_over());
}

TEST_F(Owner, ProcessWhoseFirstThreadHasEndedLives) {
  Child owner([&](const Pipe& pipe) {
    std::thread([&] {
      while (read_proc_file("/proc/self/stat").find(") Z ") ==
             std::string::npos) {
        std::this_thread::yield();
      }
      pipe.tell(own_identity());
      pause();
    }).detach();
    syscall(SYS_exit, 0);  // this thread only
  });
  const auto identity = owner.pipe().ask<Identity>();
  EXPECT_TRUE(is_alive(identity));
  owner.kill();
  EXPECT_FALSE(is_alive(identity));
}

TEST_F(Owner, PidThatWasGivenAwayIsDead) {
  __atomic_store_n(word_, own_identity() + kOneTick, __ATOMIC_RELEASE);
  EXPECT_FALSE(is_alive(word()));
  EXPECT_TRUE(take().took_over());
}

TEST_F(Owner, GarbageIsDead) {
  for (const Identity garbage : {~Identity{0}, kOneTick, Identity{1}}) {
    EXPECT_FALSE(is_alive(garbage)) << garbage;
  }
}

TEST_F(Owner, ForkedChildDoesNotGiveTheWordBack) {
  std::optional<Claim> claim = take();
  EXPECT_TRUE(passes_in_child([&] {
    claim.reset();
    EXPECT_NE(word(), 0U);
    EXPECT_EQ(error_of([&] { take(); }), EBUSY);
  }));
  EXPECT_EQ(word(), own_identity());
  claim.reset();
  EXPECT_EQ(word(), 0U);
}

TEST_F(Owner, WordThatIsNoLongerOursStaysAsItIs) {
  {
    const Claim claim = take();
    __atomic_store_n(word_, 42, __ATOMIC_RELEASE);
  }
  EXPECT_EQ(word(), 42U);
}

TEST_F(Owner, OneOfManySuccessorsWins) {
  constexpr int kRounds = 20;
  constexpr std::size_t kSuccessors = 4;
  __u64* start = word_ + 8;
  for (int round = 0; round < kRounds; ++round) {
    __atomic_store_n(word_, own_identity() + kOneTick, __ATOMIC_RELEASE);
    __atomic_store_n(start, 0, __ATOMIC_RELEASE);
    const auto body = [&](const Pipe& pipe) {
      while (__atomic_load_n(start, __ATOMIC_ACQUIRE) == 0) {
        std::this_thread::yield();
      }
      std::optional<Claim> claim;
      const int error = error_of([&] { claim = take(); });
      pipe.tell(error == 0 && claim->took_over() ? 0 : error);
      pause();
    };
    std::array<Child, kSuccessors> successors = {Child(body), Child(body),
                                                 Child(body), Child(body)};
    __atomic_store_n(start, 1, __ATOMIC_RELEASE);
    std::array<int, kSuccessors> errors{};
    for (std::size_t i = 0; i < kSuccessors; ++i) {
      errors[i] = successors[i].pipe().ask<int>();
    }
    EXPECT_THAT(errors,
                ::testing::UnorderedElementsAre(0, EBUSY, EBUSY, EBUSY));
  }
}

TEST_F(Owner, ProcessThatProcHidesCountsAsAlive) {
  if (!is_root()) GTEST_SKIP() << "mounting a /proc with hidepid wants root";
  const Identity hidden = own_identity();
  constexpr int kNoMount = 77;
  const int status =
      Child([&](const Pipe&) {
        if (unshare(CLONE_NEWNS) != 0 ||
            mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount("proc", "/proc", "proc", 0, "hidepid=2") != 0) {
          _exit(kNoMount);
        }
        ASSERT_EQ(setgroups(0, nullptr), 0);
        ASSERT_EQ(setgid(kNobody), 0);
        ASSERT_EQ(setuid(kNobody), 0);
        EXPECT_TRUE(is_alive(hidden));
        EXPECT_TRUE(is_alive(own_identity()));
        __atomic_store_n(word_, hidden, __ATOMIC_RELEASE);
        EXPECT_EQ(error_of([&] { take(); }), EBUSY);
      }).wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoMount) {
    GTEST_SKIP() << "no /proc with hidepid can be mounted here";
  }
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace hft
