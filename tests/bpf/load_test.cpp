// SPDX-License-Identifier: MIT
// What is said when BPF programs cannot be loaded.
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstdint>

#include "bpf/explain.hpp"
#include "bpf/skeleton.hpp"
#include "bpf_test.hpp"
#include "child.hpp"
#include "given_back.skel.h"
#include "globals.skel.h"
#include "refused.skel.h"
#include "unknown.skel.h"

namespace hft::bpf {
namespace {

using internal::explain;
using internal::Facts;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

const Facts kGood{.built_in = true,
                  .cap_bpf = true,
                  .cap_perfmon = true,
                  .net_admin = true,
                  .btf = true,
                  .lockdown = "none",
                  .release = "6.1.0-50-amd64"};

constexpr const char* kLog =
    "libbpf: prog 'on_tick': BPF program load failed: Permission denied\n"
    "libbpf: prog 'on_tick': -- BEGIN PROG LOAD LOG --\n"
    "0: R1=ctx() R10=fp0\n"
    "; *(u64 *)(record + 40) = 1;\n"
    "12: (b7) r1 = 1\n"
    "13: (7b) *(u64 *)(r0 +64) = r1\n"
    "invalid access to map value, value_size=64 off=64 size=8\n"
    "R0 min value is outside of the allowed memory range\n"
    "processed 13 insns (limit 1000000)\n"
    "-- END PROG LOAD LOG --\n";

TEST(Explain, Privilege) {
  Facts facts = kGood;
  facts.cap_perfmon = false;
  EXPECT_THAT(explain({.error = EPERM}, facts),
              HasSubstr("found no CAP_PERFMON"));
  facts.cap_bpf = false;
  EXPECT_THAT(explain({.error = EPERM}, facts),
              HasSubstr("found none of them"));
  facts.cap_perfmon = true;
  EXPECT_THAT(explain({.error = EPERM}, facts), HasSubstr("found no CAP_BPF"));
}

TEST(Explain, KernelWithoutBpf) {
  Facts facts = kGood;
  facts.built_in = false;
  EXPECT_THAT(internal::missing(facts), HasSubstr("CONFIG_BPF_SYSCALL"));
  EXPECT_EQ(internal::missing(kGood), "");
}

// libbpf tries on without what it had no descriptor for.
TEST(Explain, DescriptorsAreNotTheVerifiersFault) {
  EXPECT_THAT(
      explain({.error = EMFILE, .log = "libbpf: Retrying without BTF"}, kGood),
      HasSubstr("ulimit -n"));
}

TEST(Explain, PacketsNeedAnotherPrivilege) {
  Facts facts = kGood;
  facts.net_admin = false;
  EXPECT_THAT(explain({.error = EPERM}, facts), HasSubstr("CAP_NET_ADMIN"));
}

TEST(Explain, OldKernel) {
  Facts facts = kGood;
  facts.release = "5.10.0-30-amd64";
  EXPECT_THAT(explain({.error = EINVAL, .log = kLog}, facts),
              AllOf(HasSubstr("5.15"), HasSubstr("5.10.0-30-amd64")));
  facts.release = "5.15.0";
  EXPECT_THAT(explain({.error = EINVAL, .log = kLog}, facts),
              Not(HasSubstr("from 5.15 on")));
}

TEST(Explain, AProgramThatMayNotRingIsToldHowToDoWithout) {
  for (const char* refusal :
       {"unknown func bpf_ringbuf_output#130\n",
        "program of this type cannot use helper bpf_ringbuf_output#130\n"}) {
    const std::string log =
        "libbpf: prog 'on_tick': -- BEGIN PROG LOAD LOG --\n" +
        std::string(refusal) + "processed 13 insns (limit 1000000)\n";
    EXPECT_THAT(explain({.error = EINVAL, .log = log}, kGood),
                AllOf(HasSubstr("wake_ups = false"),
                      HasSubstr("bpf_ringbuf_output#130")));
  }
  EXPECT_THAT(explain({.error = EINVAL, .log = kLog}, kGood),
              Not(HasSubstr("wake_ups")));
}

TEST(Explain, NoBtf) {
  Facts facts = kGood;
  facts.btf = false;
  EXPECT_THAT(explain({.error = ESRCH}, facts),
              HasSubstr("CONFIG_DEBUG_INFO_BTF"));
}

TEST(Explain, Lockdown) {
  Facts facts = kGood;
  facts.lockdown = "confidentiality";
  EXPECT_THAT(explain({.error = EPERM}, facts), HasSubstr("locked down"));
  facts.lockdown = "integrity";
  EXPECT_THAT(explain({.error = EPERM}, facts), Not(HasSubstr("locked down")));
}

TEST(Explain, CapabilitiesOfAUserNamespace) {
  Facts facts = kGood;
  facts.host_user = false;
  EXPECT_THAT(explain({.error = EPERM}, facts), HasSubstr("user namespace"));
  EXPECT_THAT(explain({.error = EINVAL}, facts),
              Not(HasSubstr("user namespace")));
}

// What libbpf 1.1 says of a program that this kernel refuses to everyone.
constexpr const char* kRefused =
    "libbpf: prog 'on_read': BPF program load failed: Operation not permitted\n"
    "libbpf: permission error while running as root; try raising 'ulimit -l'? "
    "current value: 8.0 MiB\n"
    "libbpf: prog 'on_read': failed to load: -1\n"
    "libbpf: failed to load object 'reads_bpf'\n"
    "libbpf: failed to load BPF skeleton 'reads_bpf': -1\n";

TEST(Explain, KindOfProgramThatIsRefused) {
  EXPECT_EQ(internal::refused_program(kRefused), "on_read");
  EXPECT_EQ(internal::refused_program("libbpf: map 'x': too large\n"), "");
  const std::string text = explain(
      {.error = EPERM, .log = kRefused, .section = "fentry/vfs_read"}, kGood);
  EXPECT_THAT(text, AllOf(HasSubstr("SEC(\"fentry/vfs_read\")"),
                          HasSubstr("prog 'on_read': BPF program load failed"),
                          HasSubstr("capabilities are there"),
                          Not(HasSubstr("memory")), Not(HasSubstr("ulimit")),
                          Not(HasSubstr("failed to load object"))));
}

// What libbpf 1.1 says when it may not load `return 0` either.
constexpr const char* kTrivial =
    "libbpf: Error in bpf_object__probe_loading():Operation not permitted(1). "
    "Couldn't load trivial BPF program. Make sure your kernel supports BPF "
    "(CONFIG_BPF_SYSCALL=y) and/or that RLIMIT_MEMLOCK is set to big enough "
    "value.\n"
    "libbpf: failed to load object 'ticks_bpf'\n";

TEST(Explain, EveryProgramIsRefused) {
  Facts facts = kGood;
  EXPECT_THAT(
      explain({.error = EPERM, .log = kTrivial}, facts),
      AllOf(HasSubstr("even a trivial one refused"),
            HasSubstr("security modules"), Not(HasSubstr("RLIMIT_MEMLOCK"))));
  facts.filtered = true;
  EXPECT_THAT(explain({.error = EPERM, .log = kTrivial}, facts),
              HasSubstr("the seccomp filter of this process"));
}

TEST(Explain, Memory) {
  EXPECT_THAT(explain({.error = ENOMEM,
                       .log = "libbpf: map 'market_slots': failed to create: "
                              "Cannot allocate memory(-12)\n"},
                      kGood),
              AllOf(HasSubstr("memory cgroup"), HasSubstr("market_slots")));
}

TEST(Explain, TracepointThatTheKernelDoesNotHave) {
  const char* const log =
      "libbpf: prog 'on_tick': failed to find kernel BTF type ID of 'tick': "
      "-3\n"
      "libbpf: prog 'on_tick': failed to prepare load attributes: -3\n"
      "libbpf: prog 'on_tick': failed to load: -3\n"
      "libbpf: failed to load object 'ticks_bpf'\n";
  EXPECT_THAT(
      explain({.error = ESRCH, .log = log}, kGood),
      AllOf(HasSubstr("kernel BTF type ID of 'tick': -3"),
            HasSubstr("found none of that name"),
            Not(HasSubstr("prepare load")), Not(HasSubstr("failed to load"))));
}

TEST(Explain, VerdictNamesProgramSourceAndReason) {
  EXPECT_THAT(explain({.error = EACCES, .log = kLog}, kGood),
              AllOf(HasSubstr("'on_tick'"), HasSubstr("record + 40"),
                    HasSubstr("value_size=64 off=64 size=8"),
                    HasSubstr("outside of the allowed memory range"),
                    Not(HasSubstr("R1=ctx()"))));
}

TEST(Explain, OtherErrorsGiveTheFirstWarnings) {
  const std::string text = explain(
      {.error = E2BIG,
       .log = "libbpf: one\nlibbpf: two\nlibbpf: three\nlibbpf: four\n"
              "libbpf: five\nlibbpf: failed to load object 'ticks_bpf'\n"},
      kGood);
  EXPECT_THAT(text, AllOf(HasSubstr("\n  libbpf: one\n"),
                          HasSubstr("libbpf: four"), Not(HasSubstr("five"))));
  EXPECT_EQ(explain({.error = E2BIG}, kGood), "load BPF programs");
}

class LoadTest : public BpfTest {
 protected:
  internal::Owned<refused_bpf, refused_bpf__destroy> refused_ =
      internal::open_skeleton<refused_bpf__open, refused_bpf__destroy>();
};

TEST_F(LoadTest, RefusedProgramIsExplained) {
  shape(*refused_->obj, "short_ones", {});
  EXPECT_THAT(
      [&] { load(*refused_); },
      ThrowsMessage<std::system_error>(
          AllOf(HasSubstr("write_beyond"), HasSubstr("the verifier refused"))));
}

TEST_F(LoadTest, RefusedProgramWithoutSkeletonIsExplained) {
  shape(*refused_->obj, "short_ones", {});
  EXPECT_THAT(
      [&] { load(*refused_->obj); },
      ThrowsMessage<std::system_error>(
          AllOf(HasSubstr("write_beyond"), HasSubstr("the verifier refused"))));
}

TEST_F(LoadTest, ARecordIsGivenBackOnceAndNotUsedAfterwards) {
  const auto open = [] {
    return internal::open_skeleton<given_back_bpf__open,
                                   given_back_bpf__destroy>();
  };
  const auto all = open();
  const std::uint32_t ways = all->rodata->ways_back;
  const std::uint32_t uses = all->rodata->uses;
  EXPECT_GT(ways, 4U);
  for (std::uint32_t way = 0; way < ways; ++way) {
    for (std::uint32_t use = 0; use < uses; ++use) {
      SCOPED_TRACE(testing::Message() << "way " << way << ", then " << use);
      const auto opened = open();
      opened->rodata->way_back = way;
      opened->rodata->use_after = use;
      shape(*opened->obj, "ring", {.rings = 1});
      if (use == all->rodata->nothing) {
        EXPECT_NO_THROW(load(*opened));
      } else {
        EXPECT_THAT([&] { load(*opened); },
                    ThrowsMessage<std::system_error>(
                        AllOf(HasSubstr("the verifier refused"),
                              HasSubstr("NULL once it was given back"))));
      }
    }
  }
}

TEST_F(LoadTest, UnknownTracepointIsNamed) {
  const auto unknown =
      internal::open_skeleton<unknown_bpf__open, unknown_bpf__destroy>();
  shape(*unknown->obj, "unknowns", {});
  EXPECT_THAT([&] { load(*unknown); },
              ThrowsMessage<std::system_error>(
                  AllOf(HasSubstr("'hft_unknown': -3"),
                        HasSubstr("found none of that name"))));
}

// What a light skeleton is made of: it has no object to load.
struct LightSkeleton {
  int* ctx;
};
static_assert(Skeleton<globals_bpf>);
static_assert(!Skeleton<LightSkeleton>);

TEST_F(LoadTest, GlobalsAreReadAndWrittenThroughTheSkeleton) {
  const auto globals =
      internal::open_skeleton<globals_bpf__open, globals_bpf__destroy>();
  shape(*globals->obj, "ticks", {.slot_count = 16});
  globals->data->step = 5;
  load(*globals);
  const auto add = [&] {
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    EXPECT_EQ(
        bpf_prog_test_run_opts(bpf_program__fd(globals->progs.add), &options),
        0);
  };
  EXPECT_EQ(globals->bss->total, 0U);
  add();
  EXPECT_EQ(globals->bss->total, 5U);
  globals->data->step = 7;
  globals->bss->total = 100;
  add();
  EXPECT_EQ(globals->bss->total, 107U);
  EXPECT_EQ(globals->rodata->ticks_shape.slot_count, 16U);
  EXPECT_NO_THROW((void)Rings::of(*globals->obj, "ticks"));
}

TEST_F(LoadTest, UnknownRingIsNamed) {
  EXPECT_THAT(
      [&] { shape(*refused_->obj, "long_ones", {}); },
      ThrowsMessage<std::logic_error>(HasSubstr("HFT_BPF_RING(long_ones")));
}

TEST_F(LoadTest, SizesThatNoRingHas) {
  bpf_object& object = *refused_->obj;
  EXPECT_THROW(shape(object, "short_ones", {.slot_count = 100}),
               std::invalid_argument);
  EXPECT_THROW(shape(object, "short_ones", {.slot_size = 96}),
               std::invalid_argument);
  EXPECT_THROW(shape(object, "short_ones", {.slot_size = 8192}),
               std::invalid_argument);
}

TEST(MemoryBytes, IsThatOfPagesDoorbellsSlotsAndTheirTurns) {
  constexpr std::uint64_t kBeside = 3 * HFT_PAGE + 4 * HFT_PAGE;
  constexpr std::uint64_t kTurn = 8;
  EXPECT_EQ(memory_bytes({.slot_count = 4096, .rings = 2}, 64),
            2 * (4096 * (64 + kTurn) + kBeside));
  EXPECT_EQ(memory_bytes({.slot_count = 4096, .rings = 128}, 2048),
            128 * (4096 * (2048 + kTurn) + kBeside));
  // The slots of a ring begin on a page.
  EXPECT_EQ(memory_bytes({.slot_count = 2, .rings = 1}, 64),
            HFT_PAGE + 2 * kTurn + kBeside);
  EXPECT_EQ(memory_bytes({.slot_count = 64, .rings = 1, .slot_size = 256}, 64),
            64 * (256 + kTurn) + kBeside);
  for (const Shape& shape :
       {Shape{.slot_count = 64, .rings = 1, .wake_ups = false},
        Shape{.slot_count = 64, .mode = HFT_MODE_OVERWRITE, .rings = 1}}) {
    EXPECT_EQ(memory_bytes(shape, 64), 64 * (64 + kTurn) + 3 * HFT_PAGE);
  }
  EXPECT_EQ(memory_bytes({.slot_count = 64}, 64),
            possible_cpus() * memory_bytes({.slot_count = 64, .rings = 1}, 64));
}

TEST_F(LoadTest, RingsAreOneOrOneForEachCpu) {
  const std::unique_ptr<publish_bpf, void (*)(publish_bpf*)> skeleton(
      publish_bpf__open(), publish_bpf__destroy);
  const auto shape_of = [&](std::uint32_t rings) {
    return [&, rings] { shape(*skeleton->obj, "first", {.rings = rings}); };
  };
  for (const std::uint32_t rings : {1U, kEachCpu, possible_cpus()}) {
    EXPECT_NO_THROW(shape_of(rings)());
  }
  EXPECT_THAT(shape_of(possible_cpus() + 1),
              ThrowsMessage<std::invalid_argument>(
                  AllOf(HasSubstr("shape of first: rings is"),
                        HasSubstr("expected kEachCpu"))));
}

TEST_F(LoadTest, SlotsAreAPowerOfTwo) {
  const std::unique_ptr<publish_bpf, void (*)(publish_bpf*)> skeleton(
      publish_bpf__open(), publish_bpf__destroy);
  EXPECT_THAT([&] { shape(*skeleton->obj, "first", {.slot_count = 3}); },
              ThrowsMessage<std::invalid_argument>(HasSubstr(
                  "shape of first: slot_count is 3, expected a power of two")));
}

TEST_F(LoadTest, StatsBeforeRingsAreKnownSayWhatToCall) {
  const std::unique_ptr<publish_bpf, void (*)(publish_bpf*)> skeleton(
      publish_bpf__open(), publish_bpf__destroy);
  const auto ask = [&] { (void)stats(*skeleton->obj, "first"); };
  const auto refused =
      ThrowsMessage<std::logic_error>(HasSubstr("Rings::of() first"));
  shape(*skeleton->obj, "first", {.slot_count = 16, .rings = 1});
  shape(*skeleton->obj, "second", {.slot_count = 16, .rings = 1});
  EXPECT_THAT(ask, refused);
  load(*skeleton);
  EXPECT_THAT(ask, refused);
  const Rings rings = Rings::of(*skeleton->obj, "first");
  EXPECT_NO_THROW(ask());
}

TEST_F(LoadTest, LoadedRingKeepsItsShape) {
  const Publisher publisher({.slot_count = 64, .rings = 1});
  EXPECT_THROW(shape(publisher.object(), "first", {.slot_count = 128}),
               std::logic_error);
  EXPECT_EQ(publisher.skeleton().rodata->first_shape.slot_count, 64U);
  EXPECT_EQ(publisher.first().attach(0, Role::kObserver).info().slot_count,
            64U);
}

TEST_F(LoadTest, RingsAreMadeKnownOnce) {
  const Publisher publisher({.rings = 1});
  EXPECT_THAT([&] { (void)Rings::of(publisher.object(), "first"); },
              ThrowsMessage<std::logic_error>(
                  HasSubstr("expected the first call for this object")));
}

TEST_F(LoadTest, ForgottenShapeIsNamed) {
  const auto globals =
      internal::open_skeleton<globals_bpf__open, globals_bpf__destroy>();
  const auto expect_named = [&] {
    EXPECT_THAT([&] { (void)Rings::of(*globals->obj, "ticks"); },
                ThrowsMessage<std::logic_error>(
                    HasSubstr("call hft::bpf::shape() before load()")));
  };
  expect_named();
  load(*globals);
  expect_named();
}

TEST_F(LoadTest, MissingProcIsNamed) {
  const auto globals =
      internal::open_skeleton<globals_bpf__open, globals_bpf__destroy>();
  shape(*globals->obj, "ticks", {});
  load(*globals);
  EXPECT_TRUE(passes_in_child([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(umount2("/proc", MNT_DETACH), 0);
    EXPECT_THAT([&] { (void)Rings::of(*globals->obj, "ticks"); },
                ThrowsMessage<std::system_error>(
                    HasSubstr("mount -t proc proc /proc")));
  }));
  // It left the rings as they were.
  EXPECT_NO_THROW((void)Rings::of(*globals->obj, "ticks"));
}

TEST_F(LoadTest, UnloadedObjectHasNoRings) {
  shape(*refused_->obj, "short_ones", {});
  EXPECT_THAT([&] { (void)Rings::of(*refused_->obj, "short_ones"); },
              ThrowsMessage<std::logic_error>(HasSubstr("call load() first")));
}

}  // namespace
}  // namespace hft::bpf
