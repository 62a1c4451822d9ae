// SPDX-License-Identifier: MIT
// Regions of any kind: the info, the ends, the pages, the locks.
#include "region_test.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <fstream>

#include "hft/clock.hpp"
#include "hft/descriptor.hpp"

namespace hft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

INSTANTIATE_TEST_SUITE_P(Made, EveryRegion, ::testing::ValuesIn(kMakers), kind);

TEST_P(EveryRegion, InfoSaysWhatItIs) {
  const Region region = make(kTicks);
  const hft_info& info = region.info();
  EXPECT_NO_THROW(validate(info));
  EXPECT_EQ(info.record_size, 16U);
  EXPECT_EQ(info.records_per_slot, 3U);
  EXPECT_EQ(info.slot_size, 64U);
  EXPECT_EQ(info.slot_count, 1024U);
  EXPECT_EQ(info.slots_bytes, 65536U);
  EXPECT_EQ(info.mode, HFT_MODE_DROP);
  EXPECT_EQ(info.clock, HFT_CLOCK_TSC);
  EXPECT_EQ(info.clock_hz, tsc_hz());
  EXPECT_EQ(info.producer_kind, HFT_PRODUCER_PROCESS);
  EXPECT_EQ(region.role(), Role::kProducer);
}

TEST_P(EveryRegion, BothEndsAreConnectedAndZeroed) {
  const Region region = make(kTicks);
  const ProducerEnd end = region.producer_end();
  EXPECT_EQ(end.page->owner, 0U);
  EXPECT_EQ(end.consumer->owner, 0U);
  for (std::size_t i = 0; i < region.info().slots_bytes; ++i) {
    ASSERT_EQ(end.slots[i], std::byte{0}) << i;
  }
  expect_connected(region, region);
  EXPECT_TRUE(region.consumer_end().slots_writable);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(end.slots) % HFT_PAGE, 0U);
}

TEST_P(EveryRegion, EndsSurviveAMove) {
  Region region = make(kTicks);
  const ProducerEnd end = region.producer_end();
  const Region moved = std::move(region);
  EXPECT_EQ(end.info, &moved.info());
  EXPECT_EQ(end.slots, moved.producer_end().slots);
  end.page->dropped = 7;
  EXPECT_EQ(moved.producer_page().dropped, 7U);
}

TEST_P(EveryRegion, ForkedChildSharesIt) {
  const Region region = make(kTicks);
  EXPECT_TRUE(
      passes_in_child([&] { region.producer_end().page->producer_pos = 9; }));
  EXPECT_EQ(region.consumer_end().producer->producer_pos, 9U);
}

TEST_P(EveryRegion, BroadcastHasNoConsumerPageForConsumers) {
  const Region region = make(kBroadcast);
  EXPECT_EQ(region.info().mode, HFT_MODE_OVERWRITE);
  EXPECT_EQ(region.reader_end().page, nullptr);
  EXPECT_NE(region.producer_end().consumer, nullptr);
}

TEST_P(EveryRegion, RefusesAGeometryThatIsNone) {
  Geometry bad = kTicks;
  bad.slot_count = 1000;
  EXPECT_THROW(make(bad), std::invalid_argument);
}

TEST_P(EveryRegion, DoesWithoutHugePages) {
  RegionOptions options;
  for (const Preference preference : {Preference::kNever, Preference::kTry}) {
    options.huge_pages = preference;
    const Region region = make(kLarge, options);
    if (preference == Preference::kNever) {
      EXPECT_EQ(region.huge_pages(), HugePages::kNone);
    }
    expect_connected(region, region);
  }
  options.huge_pages = Preference::kTry;
  EXPECT_EQ(make(kTicks, options).huge_pages(), HugePages::kNone);
}

TEST_P(EveryRegion, RequiredHugePagesAreThereOrTheErrorSaysHowToHaveThem) {
  RegionOptions options;
  options.huge_pages = Preference::kRequire;
  try {
    const Region region = make(kLarge, options);
    EXPECT_NE(region.huge_pages(), HugePages::kNone);
    expect_connected(region, region);
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOMEM);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("/proc/sys/vm/nr_hugepages"),
                                    HasSubstr("reserve 2 of 2 MiB")));
  }
}

// The pool is the machine's: one test at a time adds to it, and takes out again
// what it added.
class MorePages {
 public:
  explicit MorePages(unsigned pages) { write(before_ + pages); }
  MorePages(const MorePages&) = delete;
  MorePages& operator=(const MorePages&) = delete;
  ~MorePages() { write(before_); }
  [[nodiscard]] bool granted() const { return read() > before_; }

 private:
  static constexpr const char* kPool = "/proc/sys/vm/nr_hugepages";
  static Descriptor lock() {
    Descriptor pool(open(kPool, O_RDONLY | O_CLOEXEC));
    flock(pool.get(), LOCK_EX);
    return pool;
  }
  static unsigned read() {
    unsigned pages = 0;
    std::ifstream(kPool) >> pages;
    return pages;
  }
  static void write(unsigned pages) { std::ofstream(kPool) << pages; }

  Descriptor lock_ = lock();
  unsigned before_ = read();
};

TEST_F(RegionTest, TakesReservedPagesWhereThereAreSome) {
  const MorePages pool(8);
  if (!pool.granted()) {
    GTEST_SKIP() << "needs root, and memory in pieces of 2 MiB";
  }
  RegionOptions options;
  options.huge_pages = Preference::kRequire;
  const Region anonymous = Region::anonymous(kLarge, options);
  EXPECT_EQ(anonymous.huge_pages(), HugePages::kReserved);
  expect_connected(anonymous, anonymous);
  options.name = name();
  const Region memfd = Region::memfd(kLarge, options);
  EXPECT_EQ(memfd.huge_pages(), HugePages::kReserved);
  expect_connected(memfd, memfd);
}

TEST_P(EveryRegion, MemoryIsLockedWhereTheLimitAllowsIt) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizers make mlock() do nothing, and succeed";
#endif
  RegionOptions unlocked;
  unlocked.lock_memory = Preference::kNever;
  EXPECT_FALSE(make(kTicks, unlocked).locked());
  EXPECT_TRUE(passes_as_other_user([&] {
    constexpr rlimit kNone{0, 0};
    ASSERT_EQ(setrlimit(RLIMIT_MEMLOCK, &kNone), 0);
    RegionOptions options;
    const Region region = make(kTicks, options);
    EXPECT_FALSE(region.locked());
    expect_connected(region, region);
    options.lock_memory = Preference::kRequire;
    EXPECT_THAT([&] { make(kTicks, options); },
                ThrowsMessage<std::system_error>(AllOf(
                    HasSubstr("RLIMIT_MEMLOCK is 0"), HasSubstr("ulimit -l"))));
  }));
}

TEST_F(RegionTest, RootLocksWhateverTheLimit) {
  if (!is_root()) GTEST_SKIP() << "RLIMIT_MEMLOCK does not hold root";
  RegionOptions options;
  options.lock_memory = Preference::kRequire;
  EXPECT_TRUE(Region::anonymous(kTicks, options).locked());
}

}  // namespace
}  // namespace hft
