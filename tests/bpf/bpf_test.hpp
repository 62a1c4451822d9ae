// SPDX-License-Identifier: MIT
// What tests of BPF rings share: the privilege they need, and a program that
// publishes on request.
//
//   Publisher publisher({.slot_count = 64, .rings = 1});
//   EXPECT_EQ(publisher.publish_first(0, 100), 64);
#pragma once

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "hft/affinity.hpp"
#include "hft/bpf.hpp"
#include "publish.skel.h"

namespace hft::bpf {

/// Skips, and says why, where BPF programs cannot be loaded.
class BpfTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) {
      GTEST_SKIP() << "loading BPF programs needs CAP_BPF: run as root";
    }
  }
};

/// Has a folder for pins, of which nothing is left even when a test fails.
class PinTest : public BpfTest {
 protected:
  void TearDown() override {
    if (access(pin_folder().c_str(), F_OK) == 0) Rings::unpin(pin_folder());
  }

  static std::string pin_folder() {
    return "/sys/fs/bpf/hft-test-" + std::to_string(getpid());
  }

  // The kernel may take a moment to free programs.
  static bool becomes_gone(const Rings& rings) {
    constexpr int kLooks = 1000;
    for (int i = 0; i < kLooks && !rings.producer_gone(); ++i) {
      usleep(10'000);
    }
    return rings.producer_gone();
  }
};

/// HFT_OFFERS asks for more, or for fewer where all is emulated.
inline std::uint64_t offers_wanted() {
  const char* asked = std::getenv("HFT_OFFERS");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 1'000'000;
}

/// The rings `first` (slots of 64 bytes) and `second` (of 256).
class Publisher {
 public:
  /// With `go_on` its first ring is a pinned one.
  explicit Publisher(const Shape& shape,
                     const std::optional<GoOn>& go_on = std::nullopt) {
    if (go_on) {
      first_ = std::make_unique<Rings>(Rings::go_on(object(), "first", *go_on));
    } else {
      bpf::shape(object(), "first", shape);
    }
    bpf::shape(object(), "second", shape);
    load(skeleton());
    if (!go_on) {
      first_ = std::make_unique<Rings>(Rings::of(object(), "first"));
    }
    second_ = std::make_unique<Rings>(Rings::of(object(), "second"));
  }

  [[nodiscard]] bpf_object& object() const { return *skeleton_->obj; }
  [[nodiscard]] publish_bpf& skeleton() const { return *skeleton_; }
  [[nodiscard]] const Rings& first() const { return *first_; }
  [[nodiscard]] const Rings& second() const { return *second_; }

  /// Offer records with the sequences from, from + 1, …; how many were
  /// published. On this CPU.
  std::uint32_t publish_first(std::uint64_t from, std::uint32_t count) const {
    return run(skeleton_->progs.publish_first, from, count);
  }
  std::uint32_t publish_second(std::uint64_t from, std::uint32_t count) const {
    return run(skeleton_->progs.publish_second, from, count);
  }
  void discard_first(std::uint32_t count) const {
    for (std::uint32_t i = 0; i < count; ++i) {
      run(skeleton_->progs.discard_first, 0, 1);
    }
  }
  enum How : std::uint32_t { kPublish, kPublishPos, kDiscard };
  void give_back_twice(How once, How twice) const {
    run(skeleton_->progs.give_back_twice, once << 4U | twice, 1);
  }
  void abandon_first(std::uint32_t count) const {
    for (std::uint32_t i = 0; i < count; ++i) {
      run(skeleton_->progs.abandon_first, 0, 1);
    }
  }
  std::uint32_t publish_bare(std::uint64_t sequence) const {
    return run(skeleton_->progs.publish_bare, sequence, 1);
  }
  std::uint32_t publish_too_long(std::uint64_t sequence) const {
    return run(skeleton_->progs.publish_too_long, sequence, 1);
  }

 private:
  struct Request {
    std::uint64_t from;
    std::uint32_t count;
    std::uint32_t published;
  };
  struct Destroy {
    void operator()(publish_bpf* skeleton) const {
      publish_bpf__destroy(skeleton);
    }
  };

  static constexpr std::uint32_t kBurstMax = 8;

  static std::uint32_t run(const bpf_program* program, std::uint64_t from,
                           std::uint32_t count) {
    std::uint32_t published = 0;
    for (std::uint32_t done = 0; done < count; done += kBurstMax) {
      Request request{.from = from + done,
                      .count = std::min(count - done, kBurstMax),
                      .published = 0};
      // The context is copied back over what was given.
      bpf_test_run_opts options{};
      options.sz = sizeof options;
      options.ctx_in = &request;
      options.ctx_size_in = sizeof request;
      EXPECT_EQ(bpf_prog_test_run_opts(bpf_program__fd(program), &options), 0);
      published += request.published;
    }
    return published;
  }

  std::unique_ptr<publish_bpf, Destroy> skeleton_{publish_bpf__open()};
  std::unique_ptr<Rings> first_;
  std::unique_ptr<Rings> second_;
};

/// The sequence that a record of Publisher holds; its check word must agree.
inline std::uint64_t sequence_of(const hft_record& record) {
  std::uint64_t words[2];
  std::memcpy(words, record.payload, sizeof words);
  EXPECT_EQ(words[1], ~words[0]);
  return words[0];
}

/// Read all that is there, whose numbers are their positions; how many.
template <class NumberOf>
std::uint64_t read_numbered(Reader<hft_record>& reader,
                            const NumberOf& number_of) {
  std::uint64_t read = 0;
  for (hft_record record{}; reader.try_read(record); ++read) {
    EXPECT_EQ(number_of(record), reader.position() - 1);
  }
  return read;
}

}  // namespace hft::bpf
