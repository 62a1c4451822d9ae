// SPDX-License-Identifier: MIT
// atomic_queue::AtomicQueue2 for one producer and one consumer, from
// HFT_PEERS_DIR. Its capacity is a template argument.
#include <atomic_queue/atomic_queue.h>

#include "contender.hpp"

namespace hft::peers {
namespace {

template <class T, unsigned kCapacity>
class Atomic {
 public:
  using Record = T;
  explicit Atomic(std::size_t /*capacity*/) {}
  bool try_publish(const T& record) { return queue_.try_push(record); }
  bool try_read(T& out) { return queue_.try_pop(out); }

 private:
  static constexpr bool kMinimizeContention = true;
  static constexpr bool kMaximizeThroughput = true;
  static constexpr bool kTotalOrder = false;
  static constexpr bool kSpsc = true;
  atomic_queue::AtomicQueue2<T, kCapacity, kMinimizeContention,
                             kMaximizeThroughput, kTotalOrder, kSpsc>
      queue_;
};

std::unique_ptr<Rig> make(const std::string& name, std::size_t bytes,
                          std::size_t capacity) {
  return with_size(bytes, [&]<std::size_t kBytes>() -> std::unique_ptr<Rig> {
    using Record = AlignedRecord<kBytes>;
    if (capacity == kCapacities[0]) {
      return std::make_unique<RigOf<Ends<Atomic<Record, kCapacities[0]>>>>(
          name, capacity);
    }
    return std::make_unique<RigOf<Ends<Atomic<Record, kCapacities[1]>>>>(
        name, capacity);
  });
}

}  // namespace

Contenders peer_atomic_queue() {
  return {{"atomic_queue", "atomic_queue::AtomicQueue2, SPSC", make}};
}

}  // namespace hft::peers
