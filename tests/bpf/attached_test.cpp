// SPDX-License-Identifier: MIT
// Rings that a BPF program produces into, as rings of every kind.
#include "hft/attached.hpp"

#include "bpf_test.hpp"
#include "every_ring.hpp"

namespace hft::test {
namespace {

class Bpf {
 public:
  using Fixture = bpf::BpfTest;

  explicit Bpf(hft_mode mode)
      : publisher_({.slot_count = kEveryRingSlots, .mode = mode, .rings = 1}) {}
  Attached& ring(Role role) {
    return roles_.ring(role, [&](Role wanted) {
      return publisher_.first().attach(0, wanted);
    });
  }
  void publish(std::uint32_t count) {
    publisher_.publish_first(offered_, count);
    offered_ += count;
  }

 private:
  bpf::Publisher publisher_;
  Roles roles_;
  std::uint64_t offered_ = 0;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Bpf, EveryRing, Bpf);

}  // namespace
}  // namespace hft::test
