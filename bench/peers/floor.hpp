// SPDX-License-Identifier: MIT
// The floor: a number bounced between two CPUs, with nothing else around it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

#include "hft/clock.hpp"
#include "hft/detail/mapping.hpp"
#include "hft/wait.hpp"
#include "rig.hpp"

namespace hft::peers {

/// A line drawn at random from fresh pages: how long one takes depends on where
/// its home is.
class Line {
 public:
  explicit Line(std::mt19937& random);
  [[nodiscard]] std::atomic<std::uint64_t>& word() const { return *word_; }

 private:
  Mapping pages_;
  std::atomic<std::uint64_t>* word_;
};

/// kLines: one, which both write, or two, one each way. Rest: what is done
/// between two looks.
template <int kLines, class Rest>
class Floor final : public PingPong {
 public:
  explicit Floor(std::mt19937& random)
      : first_(random),
        second_(random),
        ask_(first_.word()),
        answer_(kLines == 1 ? first_.word() : second_.word()) {}

  void ping(std::span<std::uint64_t> cycles) override {
    std::uint64_t last = asked_;
    for (std::uint64_t& trip : cycles) {
      const std::uint64_t start = tsc_now();
      ask_.store(last + 1, std::memory_order_release);
      wait_for(answer_, last + 2);
      trip = tsc_now() - start;
      last += 2;
    }
    asked_ = last;
  }

  void pong(std::size_t trips) override {
    std::uint64_t last = answered_;
    for (std::size_t i = 0; i < trips; ++i) {
      wait_for(ask_, last + 1);
      answer_.store(last + 2, std::memory_order_release);
      last += 2;
    }
    answered_ = last;
  }

 private:
  // Acquire pairs with the release stores of the other side.
  static void wait_for(const std::atomic<std::uint64_t>& word,
                       std::uint64_t value) {
    Rest wait;
    while (word.load(std::memory_order_acquire) != value) {
      wait.rest();
    }
  }

  Line first_;
  Line second_;
  std::atomic<std::uint64_t>& ask_;
  std::atomic<std::uint64_t>& answer_;
  std::uint64_t asked_ = 0;
  std::uint64_t answered_ = 0;
};

struct NoRest {
  void rest() const noexcept {}
};
using OneLine = Floor<1, NoRest>;
using TwoLines = Floor<2, NoRest>;
/// With the rest that the candidates take.
using OneLineRested = Floor<1, BusySpin>;

}  // namespace hft::peers
