// SPDX-License-Identifier: MIT
// DPDK's rte_ring, one producer and one consumer, in memory of our own: no EAL.
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <new>

#include "contender.hpp"

namespace hft::peers {
namespace {

template <class T>
class Rte {
 public:
  using Record = T;
  explicit Rte(std::size_t capacity) {
    const auto count = static_cast<unsigned>(capacity);
    const ssize_t bytes = rte_ring_get_memsize_elem(sizeof(T), count);
    if (bytes > 0) {
      ring_.reset(static_cast<rte_ring*>(std::aligned_alloc(
          RTE_CACHE_LINE_SIZE, static_cast<std::size_t>(bytes))));
    }
    if (!ring_ || rte_ring_init(ring_.get(), "peer", count,
                                RING_F_SP_ENQ | RING_F_SC_DEQ) != 0) {
      throw std::bad_alloc();
    }
  }
  bool try_publish(const T& record) {
    // It only reads the record.
    return rte_ring_sp_enqueue_elem(ring_.get(), const_cast<T*>(&record),
                                    sizeof(T)) == 0;
  }
  bool try_read(T& out) {
    return rte_ring_sc_dequeue_elem(ring_.get(), &out, sizeof(T)) == 0;
  }

  // In bursts, as DPDK's own programs do.
  template <class Handler>
  std::size_t read_all(Handler&& handler) {
    std::array<T, kBurst> burst;
    std::size_t count = 0;
    while (const unsigned taken = rte_ring_sc_dequeue_burst_elem(
               ring_.get(), burst.data(), sizeof(T), kBurst, nullptr)) {
      std::for_each_n(burst.begin(), taken, handler);
      count += taken;
    }
    return count;
  }

 private:
  static constexpr unsigned kBurst = 32;

  struct Free {
    // From aligned_alloc.
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc)
    void operator()(rte_ring* ring) const { std::free(ring); }
  };
  std::unique_ptr<rte_ring, Free> ring_;
};

}  // namespace

Contenders peer_rte() {
  return {contender<Rte>("rte_ring", "DPDK's rte_ring, SP/SC")};
}

}  // namespace hft::peers
