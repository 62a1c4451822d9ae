// SPDX-License-Identifier: MIT
// What an administrator sees: debugfs, tracepoints.
#include <sys/mount.h>

#include <sstream>

#include "driver_test.hpp"
#include "hft/consumer.hpp"

namespace hft::test {
namespace {

class Telemetry : public DriverTest {
 protected:
  // Mounts `type` there, unless it is or the kernel has none.
  static void mount_at(const char* type, const char* where) {
    mount(type, where, type, 0, nullptr);
  }

  static std::string text_of(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
};

TEST_F(Telemetry, DebugfsHasALineARing) {
  mount_at("debugfs", "/sys/kernel/debug");
  const std::filesystem::path folder = "/sys/kernel/debug/hft";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "this kernel has no debugfs";
  }
  const Device device = manual_ring(HFT_MODE_DROP, 16, 128);
  const Attached ring = attach(device);
  device.publish(20);

  std::istringstream lines(text_of(folder / "rings"));
  std::string line;
  bool found = false;
  std::getline(lines, line);
  EXPECT_NE(line.find("slot_count"), std::string::npos);
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::uint32_t id = 0;
    std::uint32_t slot_size = 0;
    std::uint32_t slot_count = 0;
    std::string source;
    std::string mode;
    std::string consumer;
    hft_ring_stats stats{};
    words >> id >> source >> mode >> slot_size >> slot_count >> consumer >>
        stats.offered >> stats.published >> stats.dropped >> stats.wakeups;
    ASSERT_TRUE(words) << line;
    if (id == ring.info().ring_id) {
      found = true;
      EXPECT_EQ(source, "manual");
      EXPECT_EQ(mode, "drop");
      EXPECT_EQ(slot_size, 128U);
      EXPECT_EQ(slot_count, 16U);
      EXPECT_EQ(consumer, "yes");
      EXPECT_EQ(stats.offered, 20U);
      EXPECT_EQ(stats.published, 16U);
      EXPECT_EQ(stats.dropped, 4U);
    }
  }
  EXPECT_TRUE(found);
  EXPECT_NE(text_of(folder / "simulator").find("running 0"), std::string::npos);
  EXPECT_FALSE(
      as_nobody([&] { return bool(std::ifstream(folder / "rings")); }));
}

TEST_F(Telemetry, TracepointsTellOfPublishDropAndWakeUp) {
  mount_at("tracefs", "/sys/kernel/tracing");
  const std::filesystem::path tracing = "/sys/kernel/tracing";
  if (!std::filesystem::exists(tracing / "events/hft")) {
    GTEST_SKIP() << "this kernel has no trace events";
  }
  const Device device = manual_ring(HFT_MODE_DROP, 4);
  const Attached ring = attach(device, Role::kConsumer, WakeUp::kOnRequest);
  ASSERT_TRUE(write_to(tracing / "trace", ""));
  ASSERT_TRUE(write_to(tracing / "events/hft/enable", "1"));
  ring.consumer_end().page->waiting = 1;
  device.publish(6);
  ASSERT_TRUE(write_to(tracing / "events/hft/enable", "0"));
  device.publish(1);

  const std::string trace = text_of(tracing / "trace");
  const std::string id = "ring=" + std::to_string(ring.info().ring_id);
  EXPECT_NE(trace.find("publish: " + id + " pos=3 "), std::string::npos);
  EXPECT_NE(trace.find("drop: " + id + " count=2"), std::string::npos);
  EXPECT_EQ(trace.find("drop: " + id + " count=3"), std::string::npos);
  EXPECT_NE(trace.find("wakeup: " + id + " count=1"), std::string::npos);
}

}  // namespace
}  // namespace hft::test
