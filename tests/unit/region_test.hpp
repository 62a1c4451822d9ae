// SPDX-License-Identifier: MIT
// What the tests of regions share.
//
//   class Named : public RegionTest {};
//   TEST_F(Named, Attaches) { Region::create(name(), kTicks); }
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "child.hpp"
#include "hft/region.hpp"
#include "hft/validate.hpp"

namespace hft {

inline constexpr Geometry kTicks{
    .record_size = 16, .slot_size = 64, .slot_count = 1024};
inline constexpr Geometry kBroadcast{.record_size = 16,
                                     .slot_size = 64,
                                     .slot_count = 1024,
                                     .mode = HFT_MODE_OVERWRITE};
/// 4 MiB of slots.
inline constexpr Geometry kLarge{
    .record_size = 56, .slot_size = 64, .slot_count = 65536};

/// The errno of asking for a mapping to become writable, 0 when it may.
inline int make_writable(const void* start, std::size_t bytes = HFT_PAGE) {
  return mprotect(const_cast<void*>(start), bytes, PROT_READ | PROT_WRITE) == 0
             ? 0
             : errno;
}

/// Whether a store by one end is what a load by the other sees.
inline void expect_connected(const Region& producer, const Region& consumer) {
  const ProducerEnd out = producer.producer_end();
  const ConsumerEnd in = consumer.info().mode == HFT_MODE_DROP
                             ? consumer.consumer_end()
                             : consumer.reader_end();
  ++out.page->producer_pos;
  EXPECT_EQ(in.producer->producer_pos, out.page->producer_pos);
  const std::size_t last = producer.info().slots_bytes - 1;
  out.slots[last] = std::byte{0x5a};
  EXPECT_EQ(in.slots[last], std::byte{0x5a});
  if (in.page != nullptr) {
    in.page->consumer_pos += 3;
    EXPECT_EQ(out.consumer->consumer_pos, in.page->consumer_pos);
  }
}

/// Gives each test a name of its own and removes what is left of it.
class RegionTest : public ::testing::Test {
 protected:
  ~RegionTest() override {
    for (const auto& path : traces()) {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string path(const char* file = "") const {
    return fmt::format("/dev/shm/hft.{}/{}", name_, file);
  }

  /// Folders of this test's rings, whole or not.
  [[nodiscard]] std::vector<std::filesystem::path> traces() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
      if (entry.path().native().find(name_) != std::string::npos) {
        found.push_back(entry.path());
      }
    }
    return found;
  }

 private:
  std::string name_ = fmt::format("test-{}-ring", getpid());
};

/// Each way to make a ring.
using Make = Region (*)(const std::string& name, const Geometry&,
                        const RegionOptions&);

inline Region make_anonymous(const std::string&, const Geometry& geometry,
                             const RegionOptions& options) {
  return Region::anonymous(geometry, options);
}
inline Region make_memfd(const std::string& name, const Geometry& geometry,
                         const RegionOptions& options) {
  RegionOptions named = options;
  named.name = name;
  return Region::memfd(geometry, named);
}
inline Region make_named(const std::string& name, const Geometry& geometry,
                         const RegionOptions& options) {
  return Region::create(name, geometry, options);
}

inline constexpr std::array<Make, 3> kMakers = {make_anonymous, make_memfd,
                                                make_named};
inline std::string kind(const ::testing::TestParamInfo<Make>& tested) {
  constexpr std::array<const char*, 3> kKinds = {"Anonymous", "Memfd", "Named"};
  return kKinds[tested.index];
}

/// Of kMakers.
class EveryRegion : public RegionTest,
                    public ::testing::WithParamInterface<Make> {
 protected:
  Region make(const Geometry& geometry,
              const RegionOptions& options = {}) const {
    return GetParam()(fmt::format("{}-{}", name(), count_++), geometry,
                      options);
  }

 private:
  mutable unsigned count_ = 0;
};

}  // namespace hft
