// SPDX-License-Identifier: MIT
// A program goes on with pinned rings: what their consumers see of it, and
// which rings it does not take.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bpf_test.hpp"
#include "child.hpp"
#include "hft/validate.hpp"
#include "names.skel.h"
#include "region_internal.hpp"

namespace hft::bpf {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::uint32_t kSlots = 16;

// Runs this thread elsewhere for a while.
class OnCpus {
 public:
  OnCpus() { sched_getaffinity(0, sizeof before_, &before_); }
  OnCpus(const OnCpus&) = delete;
  OnCpus& operator=(const OnCpus&) = delete;
  ~OnCpus() { sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_{};
};

class GoOnTest : public PinTest {
 protected:
  [[nodiscard]] static std::unique_ptr<Publisher> pinned(const Shape& shape) {
    auto publisher = std::make_unique<Publisher>(shape);
    publisher->first().pin(pin_folder());
    return publisher;
  }
  [[nodiscard]] static std::unique_ptr<Publisher> successor(
      bool alone = false) {
    return std::make_unique<Publisher>(
        Shape{}, GoOn{.folder = pin_folder(), .alone = alone});
  }
};

// What is read comes in the order of its numbers, from 0 on without a gap.
class Checked {
 public:
  explicit Checked(const Attached& ring) : consumer_(ring.consumer()) {}

  std::uint64_t take() {
    const std::uint64_t taken =
        consumer_.for_each([this](const hft_record& record) {
          EXPECT_EQ(sequence_of(record), next_++);
        });
    EXPECT_EQ(consumer_.position(), next_);
    consumer_.flush();
    return taken;
  }

 private:
  KernelConsumer consumer_;
  std::uint64_t next_ = 0;
};

class GoOnWithRings : public GoOnTest,
                      public testing::WithParamInterface<std::uint32_t> {};

TEST_P(GoOnWithRings, AConsumerSeesAllPositionsInARow) {
  auto publisher = pinned({.slot_count = kSlots, .rings = GetParam()});
  const Rings rings = Rings::open(pin_folder(), Role::kConsumer);
  ASSERT_EQ(rings.size(), GetParam() == 1 ? 1 : possible_cpus());
  // Fewer than are possible may be online.
  const auto used = std::min<std::uint32_t>(
      rings.size(), static_cast<std::uint32_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  std::vector<Attached> mapped;
  std::vector<Checked> consumers;
  for (std::uint32_t ring = 0; ring < used; ++ring) {
    mapped.push_back(rings.attach(ring, Role::kConsumer));
    consumers.emplace_back(mapped.back());
  }
  const OnCpus elsewhere;
  constexpr std::uint64_t kGenerations = 5;
  constexpr std::uint32_t kEach = 12;
  for (std::uint64_t generation = 0; generation < kGenerations; ++generation) {
    if (generation > 0) {
      publisher.reset();
      publisher = successor(generation % 2 == 0);
    }
    for (std::uint32_t ring = 0; ring < used; ++ring) {
      pin_to_cpu(static_cast<int>(ring));
      EXPECT_EQ(publisher->publish_first(generation * kEach, kEach), kEach);
      EXPECT_EQ(consumers[ring].take(), kEach);
    }
  }
  for (const Attached& ring : mapped) {
    const hft_ring_stats stats = ring.stats();
    EXPECT_EQ(stats.published, kGenerations * kEach);
    EXPECT_EQ(stats.offered, stats.published);
  }
}

TEST_P(GoOnWithRings, AFullRingStaysFullUntilItIsRead) {
  const OnCpus elsewhere;
  pin_to_cpu(0);
  auto publisher = pinned({.slot_count = kSlots, .rings = GetParam()});
  const Rings rings = Rings::open(pin_folder(), Role::kConsumer);
  const Attached ring = rings.attach(0, Role::kConsumer);
  Checked consumer(ring);
  EXPECT_EQ(publisher->publish_first(0, kSlots + 3), kSlots);
  publisher.reset();
  publisher = successor(true);
  EXPECT_EQ(publisher->publish_first(100, 4), 0U);
  EXPECT_EQ(consumer.take(), kSlots);
  EXPECT_EQ(publisher->publish_first(kSlots, kSlots + 1), kSlots);
  EXPECT_EQ(consumer.take(), kSlots);
  const hft_ring_stats stats =
      publisher->first().attach(0, Role::kObserver).stats();
  EXPECT_EQ(stats.published, 2 * kSlots);
  EXPECT_EQ(stats.dropped, 3U + 4U + 1U);
  EXPECT_EQ(stats.offered, stats.published + stats.dropped);
}

INSTANTIATE_TEST_SUITE_P(, GoOnWithRings, testing::Values(1U, kEachCpu),
                         [](const auto& instance) {
                           return instance.param == 1 ? "One" : "OneACpu";
                         });

TEST_F(GoOnTest, AReaderSeesAllPositionsInARow) {
  auto publisher =
      pinned({.slot_count = kSlots, .mode = HFT_MODE_OVERWRITE, .rings = 1});
  const Rings rings = Rings::open(pin_folder(), Role::kObserver);
  const Attached ring = rings.attach(0, Role::kObserver);
  auto reader = ring.reader();
  for (std::uint64_t next = 0; next < 5 * kSlots; next += kSlots) {
    if (next > 0) {
      publisher.reset();
      publisher = successor();
    }
    EXPECT_EQ(publisher->publish_first(next, kSlots), kSlots);
    // Of a full ring a reader leaves out the oldest record.
    const std::uint64_t lapped = reader.lapped();
    EXPECT_EQ(read_numbered(reader, sequence_of) + reader.lapped() - lapped,
              kSlots);
  }
  EXPECT_EQ(reader.position(), 5 * kSlots);
  EXPECT_EQ(ring.stats().published, 5 * kSlots);
}

TEST_F(GoOnTest, ASleeperIsWokenByTheSuccessor) {
  auto publisher = pinned({.slot_count = kSlots, .rings = 1});
  const Rings rings = Rings::open(pin_folder(), Role::kConsumer);
  const Attached ring = rings.attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  ASSERT_TRUE(consumer.prepare_wait());
  publisher.reset();
  publisher = successor();
  pollfd bell{.fd = consumer.wake_fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&bell, 1, 0), 0);
  EXPECT_EQ(publisher->publish_first(7, 1), 1U);
  EXPECT_EQ(poll(&bell, 1, 0), 1);
  consumer.finish_wait();
  const hft_record* record = consumer.try_read();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(sequence_of(*record), 7U);
  EXPECT_EQ(ring.stats().wakeups, 1U);
}

TEST_F(GoOnTest, RingsWithoutDoorbellsGoOnWithoutThem) {
  auto publisher =
      pinned({.slot_count = kSlots, .rings = 1, .wake_ups = false});
  publisher.reset();
  publisher = successor();
  const Attached ring = publisher->first().attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  EXPECT_FALSE(consumer.is_woken());
  EXPECT_EQ(publisher->publish_first(0, 1), 1U);
}

// Both may offer for as long as they like: nothing is lost, nothing twice.
TEST_F(GoOnTest, BothMayRunAtOnceAndEveryOfferIsCounted) {
  constexpr std::uint32_t kBurst = 32;
  const std::uint64_t each = offers_wanted() / 2;
  constexpr std::uint32_t kRing = 64;
  const auto publisher = pinned({.slot_count = kRing, .rings = 1});
  const auto second = successor();
  const Rings rings = Rings::open(pin_folder(), Role::kConsumer);
  const Attached ring = rings.attach(0, Role::kConsumer);
  auto consumer = ring.consumer();
  constexpr std::uint64_t kSecond = std::uint64_t{1} << 32U;
  std::array<std::uint64_t, 2> published{};
  std::array<std::uint64_t, 2> offered{};
  const auto offer = [&](const Publisher& from, std::size_t which) {
    // Some have to come, also where the consumer has no CPU for long.
    while (offered[which] < each || published[which] < 4 * kRing) {
      const std::uint32_t fitted =
          from.publish_first(which * kSecond + offered[which], kBurst);
      offered[which] += kBurst;
      published[which] += fitted;
      if (fitted < kBurst) {
        std::this_thread::yield();
      }
    }
  };
  publisher->discard_first(5);
  std::atomic<int> running = 2;
  std::thread one([&] {
    offer(*publisher, 0);
    --running;
  });
  std::thread other([&] {
    offer(*second, 1);
    --running;
  });
  std::array<std::uint64_t, 2> read{};
  std::array<std::uint64_t, 2> next{};
  const auto take = [&] {
    consumer.for_each([&](const hft_record& record) {
      const std::uint64_t sequence = sequence_of(record);
      const std::size_t which = sequence / kSecond;
      EXPECT_GE(sequence % kSecond, next[which]);
      next[which] = sequence % kSecond + 1;
      ++read[which];
    });
    consumer.flush();
  };
  while (running > 0) {
    take();
  }
  one.join();
  other.join();
  take();
  EXPECT_EQ(read, published);
  const hft_ring_stats stats = ring.stats();
  EXPECT_EQ(stats.offered, offered[0] + offered[1] + 5);
  EXPECT_EQ(stats.published, read[0] + read[1]);
  EXPECT_EQ(stats.discarded, 5U);
  EXPECT_EQ(stats.pending, 0U);
  EXPECT_EQ(stats.offered,
            stats.published + stats.dropped + stats.discarded + stats.pending);
  EXPECT_EQ(consumer.position(), stats.published + stats.discarded);
}

TEST_F(GoOnTest, AloneIsRefusedWhileAnotherProducerRuns) {
  auto publisher = pinned({.slot_count = kSlots, .rings = 1});
  EXPECT_THAT([&] { (void)successor(true); },
              ThrowsMessage<std::system_error>(
                  HasSubstr("expected rings whose producer is gone, found "
                            "rings whose producer is running")));
  publisher.reset();
  publisher = successor(true);
  EXPECT_FALSE(publisher->first().producer_gone());
  publisher->publish_first(0, 1);
  const Rings rings = Rings::open(pin_folder(), Role::kObserver);
  publisher.reset();
  EXPECT_TRUE(becomes_gone(rings));
}

TEST_F(GoOnTest, OnlyTheirOwnerOpensThePrivateMaps) {
  const Publisher publisher({.slot_count = kSlots, .rings = 1});
  publisher.first().pin(pin_folder(),
                        {.consumer_mode = 0666, .group = kNobody});
  for (const char* name : {"/turns", "/bells"}) {
    struct stat found {};
    ASSERT_EQ(stat((pin_folder() + name).c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777U, 0600U);
    EXPECT_NE(found.st_gid, kNobody);
  }
  const std::string turns = pin_folder() + "/turns";
  EXPECT_TRUE(passes_as_other_user([&] {
    EXPECT_THAT(bpf_obj_get(turns.c_str()), testing::AnyOf(-EACCES, -EPERM));
  }));
  Rings::unpin(pin_folder());
  EXPECT_NE(access(pin_folder().c_str(), F_OK), 0);
}

// The object and the rings that it goes on with are told apart from others.
TEST_F(GoOnTest, AnObjectGoesOnOnceAndIsNotShapedAnew) {
  auto publisher = pinned({.slot_count = kSlots, .rings = 1});
  bpf_object& loaded = publisher->object();
  EXPECT_THAT(
      [&] { (void)Rings::go_on(loaded, "second", {.folder = pin_folder()}); },
      ThrowsMessage<std::logic_error>(HasSubstr("object that is not loaded")));
  publisher.reset();
  publisher = successor();
  bpf_object& object = publisher->object();
  EXPECT_THROW((void)Rings::of(object, "first"), std::logic_error);
  EXPECT_THAT([&] { publisher->first().pin(pin_folder()); },
              ThrowsMessage<std::system_error>(
                  HasSubstr("expected no such directory, found rings whose "
                            "producer is running")));

  const std::unique_ptr<publish_bpf, void (*)(publish_bpf*)> third(
      publish_bpf__open(), publish_bpf__destroy);
  const Rings rings =
      Rings::go_on(*third->obj, "first", {.folder = pin_folder()});
  EXPECT_THAT([&] { shape(*third->obj, "first", {}); },
              ThrowsMessage<std::logic_error>(HasSubstr("pinned rings")));
  EXPECT_THAT(
      [&] {
        (void)Rings::go_on(*third->obj, "first", {.folder = pin_folder()});
      },
      ThrowsMessage<std::logic_error>(HasSubstr("continuing already")));
  EXPECT_THROW(
      (void)Rings::go_on(*third->obj, "none", {.folder = pin_folder()}),
      std::logic_error);
}

// Ring `name` of the test's program, given what is pinned.
template <class Error>
void expect_refused(const std::string& folder, const std::string& name,
                    const std::string& why) {
  const std::unique_ptr<publish_bpf, void (*)(publish_bpf*)> skeleton(
      publish_bpf__open(), publish_bpf__destroy);
  EXPECT_THAT(
      [&] { (void)Rings::go_on(*skeleton->obj, name, {.folder = folder}); },
      ThrowsMessage<Error>(HasSubstr(why)));
  // It may still make rings of its own.
  EXPECT_NO_THROW(shape(*skeleton->obj, name, {}));
}

TEST_F(GoOnTest, NoFolderIsRefused) {
  expect_refused<std::system_error>(pin_folder(), "first",
                                    "no rings are pinned there");
}

TEST_F(GoOnTest, APinWithoutThePrivateMapsIsRefused) {
  const auto publisher = pinned({.slot_count = kSlots, .rings = 1});
  for (const char* name : {"/bells", "/turns"}) {
    ASSERT_EQ(unlink((pin_folder() + name).c_str()), 0);
    expect_refused<std::system_error>(pin_folder(), "first",
                                      "they were pinned by an older version");
  }
}

TEST_F(GoOnTest, RingsOfAnotherNameOrSlotSizeAreRefused) {
  const auto publisher = pinned({.slot_count = kSlots, .rings = 1});
  expect_refused<InvalidRing>(
      pin_folder(), "second",
      "expected slots of 256 bytes, as in the HFT_BPF_RING of the program, "
      "found 64");
  Rings::unpin(pin_folder());
  const Publisher larger({.slot_count = kSlots, .rings = 1, .slot_size = 256});
  larger.first().pin(pin_folder());
  expect_refused<InvalidRing>(
      pin_folder(), "second",
      "expected its slots to be the map second_slots, found first_slots");
  const std::unique_ptr<publish_bpf, void (*)(publish_bpf*)> skeleton(
      publish_bpf__open(), publish_bpf__destroy);
  EXPECT_NO_THROW(
      (void)Rings::go_on(*skeleton->obj, "first",
                         {.folder = pin_folder(), .any_slot_size = true}));
}

using Names = std::unique_ptr<names_bpf, void (*)(names_bpf*)>;

TEST_F(GoOnTest, NamesThatTheKernelCutsAreToldApart) {
  const Shape shape{.slot_count = kSlots, .rings = 1};
  const Names first(names_bpf__open(), names_bpf__destroy);
  bpf::shape(*first->obj, "market_data_feed_a", shape);
  bpf::shape(*first->obj, "market_data_feed_b", shape);
  load(*first);
  Rings::of(*first->obj, "market_data_feed_a").pin(pin_folder());
  const Names second(names_bpf__open(), names_bpf__destroy);
  const GoOn pinned{.folder = pin_folder()};
  EXPECT_THAT(
      [&] { (void)Rings::go_on(*second->obj, "market_data_feed_b", pinned); },
      ThrowsMessage<InvalidRing>(
          HasSubstr("of struct market_data_feed_b_slot, found struct "
                    "market_data_feed_a_slot")));
  EXPECT_NO_THROW(
      (void)Rings::go_on(*second->obj, "market_data_feed_a", pinned));
}

// shape() refuses it; here the constants of a program say it all the same.
TEST_F(GoOnTest, ANumberOfRingsThatNoProgramFillsIsRefused) {
  const Names names(names_bpf__open(), names_bpf__destroy);
  const std::uint32_t count = possible_cpus() + 1;
  for (const char* name : {"market_data_feed_a", "market_data_feed_b"}) {
    bpf::shape(*names->obj, name, {.slot_count = kSlots});
  }
  const auto grow = [&](bpf_map* map) {
    bpf_map__set_max_entries(
        map, bpf_map__max_entries(map) / possible_cpus() * count);
  };
  grow(names->maps.market_data_feed_a_slots);
  grow(names->maps.market_data_feed_a_consumer);
  grow(names->maps.market_data_feed_a_turns);
  grow(names->maps.market_data_feed_a_bells);
  names->rodata->market_data_feed_a_shape.rings = count;
  load(*names);
  Rings::of(*names->obj, "market_data_feed_a").pin(pin_folder());
  const Names second(names_bpf__open(), names_bpf__destroy);
  EXPECT_THAT(
      [&] {
        (void)Rings::go_on(*second->obj, "market_data_feed_a",
                           {.folder = pin_folder()});
      },
      ThrowsMessage<InvalidRing>(HasSubstr("expected one ring, or")));
}

// Before their programs are loaded nobody else sees them.
TEST_F(GoOnTest, WhoGoesOnAloneKeepsOthersOut) {
  const GoOn alone{.folder = pin_folder(), .alone = true};
  pinned({.slot_count = kSlots, .rings = 1}).reset();
  const Publisher other({.slot_count = kSlots, .rings = 1});
  const auto skeleton = [] {
    return std::unique_ptr<publish_bpf, void (*)(publish_bpf*)>(
        publish_bpf__open(), publish_bpf__destroy);
  };
  const auto first = skeleton();
  const auto second = skeleton();
  {
    const Rings rings = Rings::go_on(*first->obj, "first", alone);
    EXPECT_THAT(
        [&] { (void)Rings::go_on(*second->obj, "first", alone); },
        ThrowsMessage<std::system_error>(HasSubstr(
            "found another loader that continues or replaces the rings")));
    EXPECT_THAT(
        [&] { other.first().pin(pin_folder(), {.replace = true}); },
        ThrowsMessage<std::system_error>(HasSubstr(
            "found another loader that continues or replaces the rings")));
  }
  EXPECT_NO_THROW((void)Rings::go_on(*second->obj, "first", alone));
  EXPECT_NO_THROW(other.first().pin(pin_folder(), {.replace = true}));
}

// Puts a map of our own into the place of one that is pinned.
void replace_pin(const std::string& path, const Descriptor& map) {
  ASSERT_TRUE(map) << std::strerror(errno);
  ASSERT_EQ(unlink(path.c_str()), 0);
  ASSERT_EQ(bpf_obj_pin(map.get(), path.c_str()), 0);
}

TEST_F(GoOnTest, TurnsThatDoNotFitAreRefused) {
  const auto publisher = pinned({.slot_count = kSlots, .rings = 1});
  const Descriptor turns(bpf_map_create(BPF_MAP_TYPE_ARRAY, "first_turns", 4, 8,
                                        kSlots / 2, nullptr));
  replace_pin(pin_folder() + "/turns", turns);
  expect_refused<InvalidRing>(
      pin_folder(), "first",
      "expected its turns to be of map type 2 with 16 entries of 8 bytes, "
      "found type 2 with 8 of 8");
}

TEST_F(GoOnTest, RingsThatAreNotOfBpfAreRefused) {
  const auto publisher = pinned({.slot_count = kSlots, .rings = 1});
  constexpr std::uint32_t kOnePage = HFT_PAGE / 64;
  struct bpf_map_create_opts options {};
  options.sz = sizeof options;
  options.map_flags = BPF_F_MMAPABLE;
  const Descriptor slots(bpf_map_create(BPF_MAP_TYPE_ARRAY, "first_slots", 4,
                                        64, 3 * kOnePage, &options));
  ASSERT_TRUE(slots);
  {
    const Mapping page(slots.get(), 0, HFT_PAGE, Rights::kReadWrite);
    hft_info info = hft::internal::make_info({.record_size = 56,
                                              .slot_size = 64,
                                              .slot_count = kOnePage,
                                              .mode = HFT_MODE_DROP},
                                             false);
    info.producer_kind = HFT_PRODUCER_PROCESS;
    *page.as<hft_info>() = info;
  }
  ASSERT_EQ(bpf_map_freeze(slots.get()), 0);
  replace_pin(pin_folder() + "/slots", slots);
  expect_refused<InvalidRing>(pin_folder(), "first",
                              "expected rings that BPF programs fill");
}

}  // namespace
}  // namespace hft::bpf
