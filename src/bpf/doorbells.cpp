// SPDX-License-Identifier: MIT
#include "bpf/doorbells.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cerrno>
#include <numeric>

#include "bpf/maps.hpp"
#include "region_internal.hpp"

namespace hft::bpf {

using hft::internal::fail;

DoorbellMap::DoorbellMap(Descriptor map) : map_(std::move(map)) {
  internal::expect_ringbuf(map_.get(), HFT_PAGE);
  taken_ = Mapping(map_.get(), 0, HFT_PAGE, Rights::kReadWrite);
  rung_ = Mapping(map_.get(), HFT_PAGE, 2 * HFT_PAGE, Rights::kRead);
}

namespace internal {
namespace {

// All at once: for each call the kernel waits until no program uses what was
// there before, some 20 ms. Kernels that cannot do it at once say EINVAL or
// ENOTSUPP.
bool put_all(int bells, std::vector<__u32>& rings, std::vector<__u32>& maps) {
  __u32 count = static_cast<__u32>(rings.size());
  return bpf_map_update_batch(bells, rings.data(), maps.data(), &count,
                              nullptr) == 0;
}

}  // namespace

Doorbells make_doorbells(int bells, std::uint32_t count) {
  std::vector<__u32> rings(count);
  std::iota(rings.begin(), rings.end(), 0U);
  std::vector<__u32> maps;
  Doorbells made;
  for (std::uint32_t ring = 0; ring < count; ++ring) {
    Descriptor map(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "hft_doorbell", 0, 0,
                                  HFT_PAGE, nullptr));
    if (!map) {
      fail(errno,
           fmt::format("make the doorbell of ring {} of {}", ring, count));
    }
    maps.push_back(static_cast<__u32>(map.get()));
    made.push_back(std::make_shared<const DoorbellMap>(std::move(map)));
  }
  if (!put_all(bells, rings, maps)) {
    for (std::uint32_t ring = 0; ring < count; ++ring) {
      if (bpf_map_update_elem(bells, &rings[ring], &maps[ring], BPF_ANY) != 0) {
        fail(errno, fmt::format("install the doorbell of ring {}", ring));
      }
    }
  }
  return made;
}

Doorbells as_doorbells(std::vector<Descriptor> maps) {
  Doorbells made;
  for (Descriptor& map : maps) {
    made.push_back(std::make_shared<const DoorbellMap>(std::move(map)));
  }
  return made;
}

}  // namespace internal
}  // namespace hft::bpf
