// SPDX-License-Identifier: MIT
// How one starts: both indices shared, read each time, mfence around them.
#include <atomic>
#include <cstdint>
#include <vector>

#include "contender.hpp"
#include "hft/cpu.hpp"

namespace hft::peers {
namespace {

template <class T>
class Naive {
 public:
  using Record = T;
  explicit Naive(std::size_t capacity)
      : slots_(capacity), mask_(capacity - 1) {}

  bool try_publish(const T& record) {
    const std::uint64_t position = producer_pos_.load();
    // Acquire pairs with the release in try_read(): the slot has been read.
    if (position - consumer_pos_.load(std::memory_order_acquire) ==
        slots_.size()) {
      return false;
    }
    slots_[position & mask_] = record;
    full_fence();
    // Release pairs with the acquire in try_read(): the slot is filled.
    producer_pos_.store(position + 1, std::memory_order_release);
    return true;
  }

  bool try_read(T& out) {
    const std::uint64_t position = consumer_pos_.load();
    // Acquire and release pair with try_publish()'s.
    if (position == producer_pos_.load(std::memory_order_acquire)) {
      return false;
    }
    out = slots_[position & mask_];
    full_fence();
    consumer_pos_.store(position + 1, std::memory_order_release);
    return true;
  }

 private:
  alignas(64) std::atomic<std::uint64_t> producer_pos_{0};
  alignas(64) std::atomic<std::uint64_t> consumer_pos_{0};
  alignas(64) std::vector<T> slots_;
  std::uint64_t mask_;
};

}  // namespace

Contenders peer_naive() {
  return {contender<Naive>("naive-mfence", "shared indices and mfence")};
}

}  // namespace hft::peers
