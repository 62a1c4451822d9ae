// SPDX-License-Identifier: MIT
// What is said when BPF programs cannot be loaded.
#include <gmock/gmock.h>

#include <cerrno>

#include "bpf/explain.hpp"
#include "bpf/skeleton.hpp"
#include "bpf_test.hpp"
#include "globals.skel.h"
#include "refused.skel.h"

namespace hft::bpf {
namespace {

using internal::explain;
using internal::Facts;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

const Facts kGood{.built_in = true,
                  .capable = true,
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
  facts.capable = false;
  EXPECT_THAT(explain(EPERM, facts, ""), HasSubstr("CAP_BPF"));
}

TEST(Explain, KernelWithoutBpf) {
  Facts facts = kGood;
  facts.built_in = false;
  EXPECT_THAT(internal::missing(facts), HasSubstr("CONFIG_BPF_SYSCALL"));
  EXPECT_EQ(internal::missing(kGood), "");
}

TEST(Explain, PacketsNeedAnotherPrivilege) {
  Facts facts = kGood;
  facts.net_admin = false;
  EXPECT_THAT(explain(EPERM, facts, ""), HasSubstr("CAP_NET_ADMIN"));
}

TEST(Explain, OldKernel) {
  Facts facts = kGood;
  facts.release = "5.10.0-30-amd64";
  EXPECT_THAT(explain(EINVAL, facts, kLog),
              AllOf(HasSubstr("5.15"), HasSubstr("5.10.0-30-amd64")));
  facts.release = "5.15.0";
  EXPECT_THAT(explain(EINVAL, facts, kLog), Not(HasSubstr("from 5.15 on")));
}

TEST(Explain, NoBtf) {
  Facts facts = kGood;
  facts.btf = false;
  EXPECT_THAT(explain(ESRCH, facts, ""), HasSubstr("CONFIG_DEBUG_INFO_BTF"));
}

TEST(Explain, Lockdown) {
  Facts facts = kGood;
  facts.lockdown = "confidentiality";
  EXPECT_THAT(explain(EPERM, facts, ""), HasSubstr("locked down"));
  facts.lockdown = "integrity";
  EXPECT_THAT(explain(EPERM, facts, ""), Not(HasSubstr("locked down")));
}

TEST(Explain, Memory) {
  EXPECT_THAT(explain(ENOMEM, kGood, ""), HasSubstr("memory cgroup"));
}

TEST(Explain, VerdictNamesProgramSourceAndReason) {
  EXPECT_THAT(explain(EACCES, kGood, kLog),
              AllOf(HasSubstr("'on_tick'"), HasSubstr("record + 40"),
                    HasSubstr("value_size=64 off=64 size=8"),
                    HasSubstr("outside of the allowed memory range"),
                    Not(HasSubstr("R1=ctx()"))));
}

TEST(Explain, OtherErrorsGiveTheLastLineOfTheLog) {
  EXPECT_THAT(explain(E2BIG, kGood, "libbpf: one\nlibbpf: map too large\n"),
              HasSubstr("map too large"));
  EXPECT_EQ(explain(E2BIG, kGood, ""), "load BPF programs");
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
  EXPECT_THROW((void)Rings::of(publisher.object(), "first"), std::system_error);
}

TEST_F(LoadTest, UnloadedObjectHasNoRings) {
  EXPECT_THROW((void)Rings::of(*refused_->obj, "short_ones"), std::logic_error);
}

}  // namespace
}  // namespace hft::bpf
