// SPDX-License-Identifier: MIT
// Rings of the driver, as rings of every kind, and attaching by name.
#include "hft/attached.hpp"

#include "driver_test.hpp"
#include "every_ring.hpp"

namespace hft::test {
namespace {

class Driver {
 public:
  using Fixture = DriverTest;

  explicit Driver(hft_mode mode)
      : device_(manual_ring(mode, kEveryRingSlots)) {}
  Attached& ring(Role role) {
    return roles_.ring(role,
                       [&](Role wanted) { return attach(device_, wanted); });
  }
  void publish(std::uint32_t count) const { device_.publish(count); }

 private:
  Device device_;
  Roles roles_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Driver, EveryRing, Driver);

class AttachByName : public DriverTest {};

TEST_F(AttachByName, IsToTheDefaultRingOrToThatOfAChannel) {
  EXPECT_EQ(attach("/dev/hft", Role::kObserver).info().ring_id, 0U);
  const Device device = manual_ring(HFT_MODE_DROP, 16);
  const std::uint32_t channel = attach(device, Role::kObserver).info().ring_id;
  const std::string where = "/dev/hft:" + std::to_string(channel);
  const Attached ring = attach(where, Role::kConsumer, WakeUp::kOnRequest);
  EXPECT_EQ(ring.info().ring_id, channel);
  KernelConsumer consumer = ring.consumer();
  EXPECT_TRUE(consumer.is_woken());
  device.publish(1);
  EXPECT_NE(consumer.try_read(), nullptr);
}

TEST_F(AttachByName, IsRefusedWhereThereIsNoSuchChannel) {
  EXPECT_EQ(error_of([] { attach("/dev/hft:63", Role::kObserver); }), ENOENT);
}

TEST_F(AttachByName, MakesNobodyAProducer) {
  EXPECT_THROW(attach("/dev/hft", Role::kProducer), std::logic_error);
}

}  // namespace
}  // namespace hft::test
