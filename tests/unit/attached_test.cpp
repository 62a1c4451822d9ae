// SPDX-License-Identifier: MIT
// Rings of processes, as rings of every kind, and attaching by name.
#include "hft/attached.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "every_ring.hpp"
#include "hft/descriptor.hpp"
#include "hft/device.hpp"

namespace hft::test {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Records = Ring<hft_record>;

constexpr std::uint32_t kPayload = 40;

Geometry geometry(hft_mode mode) {
  return Records::geometry(kEveryRingSlots, kPayload, mode);
}

// Also one after the other, as a process that is succeeded.
void publish_to(const Region& region, std::uint32_t count) {
  const std::array<std::byte, kPayload> payload{};
  if (region.info().mode == HFT_MODE_DROP) {
    auto producer = Records(region).producer();
    for (std::uint32_t i = 0; i < count; ++i) {
      producer.try_publish(i, HFT_RECORD_USER, payload);
    }
  } else {
    auto producer = Records(region).overwrite_producer();
    for (std::uint32_t i = 0; i < count; ++i) {
      producer.publish();
    }
  }
}

class Anonymous {
 public:
  using Fixture = ::testing::Test;

  explicit Anonymous(hft_mode mode)
      : region_(Region::anonymous(geometry(mode))) {}
  Attached& ring(Role /*role*/) { return region_; }
  void publish(std::uint32_t count) const { publish_to(region_, count); }

 private:
  Region region_;
};

class Memfd {
 public:
  using Fixture = ::testing::Test;

  explicit Memfd(hft_mode mode) : region_(Region::memfd(geometry(mode))) {}
  Attached& ring(Role role) {
    return roles_.ring(role, [&](Role wanted) {
      std::array<int, 2> ends{};
      EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
      const Descriptor ours(ends[0]);
      const Descriptor theirs(ends[1]);
      region_.send(ours.get(), wanted);
      return Region::receive(theirs.get());
    });
  }
  void publish(std::uint32_t count) const { publish_to(region_, count); }

 private:
  Region region_;
  Roles roles_;
};

// By hft::attach(), which finds it by its name.
class Named {
 public:
  using Fixture = ::testing::Test;

  explicit Named(hft_mode mode)
      : region_(Region::create(name_, geometry(mode))) {}
  Named(const Named&) = delete;
  Named& operator=(const Named&) = delete;
  ~Named() { Region::remove(name_); }
  Attached& ring(Role role) {
    return roles_.ring(role,
                       [&](Role wanted) { return attach(name_, wanted); });
  }
  void publish(std::uint32_t count) const { publish_to(region_, count); }

 private:
  std::string name_ = fmt::format("every-{}", getpid());
  Region region_;
  Roles roles_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Anonymous, EveryRing, Anonymous);
INSTANTIATE_TYPED_TEST_SUITE_P(Memfd, EveryRing, Memfd);
INSTANTIATE_TYPED_TEST_SUITE_P(Named, EveryRing, Named);

TEST(Attach, ToADriverThatIsThereOrIsMissing) {
  if (access("/dev/hft", F_OK) == 0) {
    GTEST_SKIP() << "the driver is loaded: tests/vm attach to its rings";
  }
  for (const char* const where : {"/dev/hft", "/dev/hft:1"}) {
    EXPECT_THAT([&] { attach(where, Role::kObserver); },
                ThrowsMessage<NoDriver>(HasSubstr("modprobe hft")));
  }
}

TEST(Attach, NeedsAChannelThatIsANumber) {
  for (const char* const where :
       {"/dev/hft:", "/dev/hft:one", "/dev/hft:1x", "/dev/hft:-1"}) {
    EXPECT_THAT([&] { attach(where, Role::kObserver); },
                ThrowsMessage<std::invalid_argument>(
                    HasSubstr("expected /dev/hft or /dev/hft:CHANNEL")))
        << where;
  }
}

TEST(Attach, SaysWhatOpensAPin) {
  EXPECT_THROW(attach("", Role::kObserver), std::invalid_argument);
  for (const char* const where : {"/dev/hft1", "/sys/fs/bpf/feed", "a/b"}) {
    EXPECT_THAT([&] { attach(where, Role::kObserver); },
                ThrowsMessage<std::invalid_argument>(
                    HasSubstr("hft::bpf::Rings::open()")))
        << where;
  }
}

}  // namespace
}  // namespace hft::test
