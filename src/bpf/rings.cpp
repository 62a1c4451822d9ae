// SPDX-License-Identifier: MIT
// The maps of rings: made known and frozen by the loader, mapped by consumers.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "bpf/doorbells.hpp"
#include "bpf/maps.hpp"
#include "duplicate.hpp"
#include "hft/bpf.hpp"
#include "hft/validate.hpp"
#include "pass_files.hpp"
#include "region_internal.hpp"

namespace hft::bpf {

using hft::internal::fail;

namespace internal {

bpf_map* find_map(bpf_object& object, std::string_view name,
                  std::string_view part) {
  const std::string wanted = fmt::format("{}_{}", name, part);
  bpf_map* const map = bpf_object__find_map_by_name(&object, wanted.c_str());
  if (map == nullptr) {
    throw std::logic_error(fmt::format(
        "the BPF object {} has no map {}: expected HFT_BPF_RING({}, "
        "…) in its source",
        bpf_object__name(&object), wanted, name));
  }
  return map;
}

namespace {

struct FdInfo {
  std::uint64_t type = 0;
  std::uint64_t value_size = 0;
  std::uint64_t entries = 0;
  bool frozen = false;
};

FdInfo fd_info_of(int fd) {
  const std::string path = fmt::format("/proc/self/fdinfo/{}", fd);
  std::ifstream file(path);
  if (!file) {
    if (errno != ENOENT) {
      fail(errno, "ask the kernel what a BPF map is: open " + path);
    }
    fail(errno, fmt::format("expected {}, where the kernel says what a BPF map "
                            "is, found none: mount -t proc proc /proc",
                            path));
  }
  FdInfo facts;
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    const std::string_view key = std::string_view(line).substr(0, colon);
    const auto value = [&] {
      return std::strtoull(line.c_str() + colon + 1, nullptr, 0);
    };
    if (key == "map_type") facts.type = value();
    if (key == "value_size") facts.value_size = value();
    if (key == "max_entries") facts.entries = value();
    if (key == "frozen") facts.frozen = value() != 0;
  }
  return facts;
}

}  // namespace

MapFacts array_facts(int fd) {
  const FdInfo facts = fd_info_of(fd);
  if (facts.type != BPF_MAP_TYPE_ARRAY) {
    throw InvalidRing(
        fmt::format("not a usable ring: descriptor {} is of map type {}, "
                    "expected {}, an array",
                    fd, facts.type, +BPF_MAP_TYPE_ARRAY));
  }
  return {.bytes = facts.value_size * facts.entries, .frozen = facts.frozen};
}

void expect_ringbuf(int fd, std::uint64_t bytes) {
  const FdInfo facts = fd_info_of(fd);
  if (facts.type != BPF_MAP_TYPE_RINGBUF || facts.entries != bytes) {
    throw InvalidRing(fmt::format(
        "not a usable doorbell: descriptor {} is of map type {} and {} bytes, "
        "expected {}, a BPF ring buffer, of {}",
        fd, facts.type, facts.entries, +BPF_MAP_TYPE_RINGBUF, bytes));
  }
}

}  // namespace internal

namespace {

// An array of the rings that `slots` holds, each with an info of its own.
void describe(int slots, const hft_bpf_shape& shape) {
  const Geometry geometry{.record_size = shape.slot_size - HFT_SLOT_HEADER,
                          .slot_size = shape.slot_size,
                          .slot_count = shape.slot_count,
                          .mode = static_cast<hft_mode>(shape.mode)};
  hft_info info = hft::internal::make_info(geometry, false);
  info.clock = HFT_CLOCK_MONOTONIC;
  info.clock_hz = 1'000'000'000;
  info.producer_kind = HFT_PRODUCER_BPF;
  for (std::uint32_t ring = 0; ring < shape.rings; ++ring) {
    const Mapping page(slots, ring * internal::ring_bytes(info.slots_bytes),
                       HFT_PAGE, Rights::kReadWrite);
    info.ring_id = ring;
    *page.as<hft_info>() = info;
  }
}

// Nothing of it can change under us, which is what makes validation last.
hft_info read_info(int slots, std::uint64_t offset) {
  const Mapping page(slots, offset, HFT_PAGE, Rights::kRead);
  const hft_info info = *page.as<const hft_info>();
  validate(info);
  return info;
}

// `consumers` and `doorbell` are of no use to an observer.
Attached map_ring(int slots, int consumers, std::uint32_t index,
                  const hft_info& info, Role role,
                  std::shared_ptr<const DoorbellMap> doorbell) {
  auto parts = hft::internal::make_parts(info, role);
  const std::uint64_t start = index * internal::ring_bytes(info.slots_bytes);
  parts->producer = Mapping(slots, start + HFT_PAGE, HFT_PAGE, Rights::kRead);
  parts->slots =
      Mapping(slots, start + 2 * HFT_PAGE, info.slots_bytes, Rights::kRead);
  if (role == Role::kConsumer && info.mode == HFT_MODE_DROP) {
    parts->consumer = Mapping(consumers, std::uint64_t{index} * HFT_PAGE,
                              HFT_PAGE, Rights::kReadWrite);
  }
  if (doorbell) {
    parts->heard = doorbell->end();
    parts->shared_doorbell = std::move(doorbell);
  }
  return Attached(std::move(parts));
}

void expect_index(std::uint32_t index, std::uint64_t count) {
  if (index >= count) {
    throw std::out_of_range(
        fmt::format("ring {} of {}: the first is 0", index, count));
  }
}

}  // namespace

hft_ring_stats stats(bpf_object& object, std::string_view name,
                     std::uint32_t index) {
  const int slots = bpf_map__fd(internal::find_map(object, name, "slots"));
  if (slots < 0 || !internal::array_facts(slots).frozen) {
    throw std::logic_error(fmt::format(
        "stats() of {}: its rings are not known yet: call load() and "
        "Rings::of() first",
        name));
  }
  const std::uint64_t bytes =
      internal::ring_bytes(read_info(slots, 0).slots_bytes);
  expect_index(index, internal::array_facts(slots).bytes / bytes);
  return map_ring(slots, -1, index, read_info(slots, index * bytes),
                  Role::kObserver, nullptr)
      .stats();
}

Rings::Rings(Descriptor slots, Descriptor consumers,
             internal::Doorbells doorbells)
    : slots_(std::move(slots)),
      consumers_(std::move(consumers)),
      doorbells_(std::move(doorbells)) {
  const internal::MapFacts facts = internal::array_facts(slots_.get());
  if (!facts.frozen) {
    throw InvalidRing(
        "not a usable ring: its slots are not frozen: its loader must call "
        "Rings::of() first");
  }
  info_ = read_info(slots_.get(), 0);
  count_ = static_cast<std::uint32_t>(facts.bytes /
                                      internal::ring_bytes(info_.slots_bytes));
  validate_bytes("the map of slots", internal::ring_bytes(info_.slots_bytes),
                 facts.bytes);
  if (consumers_) {
    const internal::MapFacts pages = internal::array_facts(consumers_.get());
    validate_bytes("the map of consumer pages",
                   std::uint64_t{count_} * HFT_PAGE, pages.bytes);
    if (pages.frozen) {
      throw InvalidRing(
          "not a usable ring: its consumer pages are frozen, so that nobody "
          "can consume: a process that held them froze them; create the ring "
          "again");
    }
    // A map that is mapped writable cannot be frozen.
    unfrozen_ = Mapping(consumers_.get(), 0, HFT_PAGE, Rights::kReadWrite);
  }
  if (!doorbells_.empty() && doorbells_.size() != count_) {
    throw InvalidRing(
        fmt::format("not a usable ring: expected a doorbell for each of {} "
                    "rings, or none, found {}",
                    count_, doorbells_.size()));
  }
}

Rings Rings::of(bpf_object& object, std::string_view name) {
  const hft_bpf_shape& shape = internal::shape_of(object, name);
  if (shape.slot_count == 0) {
    throw std::logic_error(
        fmt::format("Rings::of() of {}: expected a shape, found none: call "
                    "hft::bpf::shape() before load()",
                    name));
  }
  bpf_map* const slots = internal::find_map(object, name, "slots");
  const int fd = bpf_map__fd(slots);
  if (fd < 0) {
    throw std::logic_error(fmt::format(
        "Rings::of() of {}: its object is not loaded: call load() first",
        name));
  }
  if (internal::array_facts(fd).frozen) {
    throw std::logic_error(fmt::format(
        "Rings::of() of {}: expected the first call for this object, found its "
        "slots frozen by an earlier one, or by Rings::go_on(): keep the Rings "
        "that it returned",
        name));
  }
  describe(fd, shape);
  const auto copy_of = [&](const char* part) {
    return hft::internal::duplicate(
        bpf_map__fd(internal::find_map(object, name, part)));
  };
  Descriptor bells = copy_of(internal::kBells);
  internal::Doorbells doorbells;
  if (shape.has_bells != 0) {
    doorbells = internal::make_doorbells(bells.get(), shape.rings);
  }
  Descriptor turns = copy_of(internal::kTurns);
  for (const int map : {turns.get(), bells.get(), fd}) {
    if (bpf_map_freeze(map) != 0) {
      fail(errno, fmt::format("freeze the maps of {}", name));
    }
  }
  Rings rings(hft::internal::duplicate(fd), copy_of("consumer"),
              std::move(doorbells));
  rings.turns_ = std::move(turns);
  rings.bells_ = std::move(bells);
  return rings;
}

Attached Rings::attach(std::uint32_t index, Role role) const {
  expect_index(index, count_);
  if (role == Role::kProducer || (role == Role::kConsumer && !consumers_)) {
    throw std::logic_error(
        role == Role::kProducer
            ? "a BPF program is the only producer: attach as a consumer"
            : "these rings were given to an observer, who cannot consume");
  }
  const hft_info info =
      read_info(slots_.get(), index * internal::ring_bytes(info_.slots_bytes));
  expect_layout(info, info_.record_size, info_.slot_size, 1);
  const bool sleeps = role == Role::kConsumer && !doorbells_.empty();
  return map_ring(slots_.get(), consumers_.get(), index, info, role,
                  sleeps ? doorbells_[index] : nullptr);
}

void Rings::send(int unix_socket, Role role) const {
  std::vector<int> files = {slots_.get()};
  if (role == Role::kConsumer) {
    files.push_back(consumers_.get());
    for (const auto& doorbell : doorbells_) {
      files.push_back(doorbell->fd());
    }
  }
  hft::internal::send_files(unix_socket, role, files);
}

Rings Rings::receive(int unix_socket) {
  hft::internal::Received received =
      hft::internal::receive_files(unix_socket, 1, 2 + internal::kRingsMax);
  std::vector<Descriptor>& files = received.files;
  Descriptor slots = std::move(files[0]);
  Descriptor consumers;
  std::vector<Descriptor> doorbells;
  if (files.size() > 1) {
    consumers = std::move(files[1]);
    doorbells.assign(std::make_move_iterator(files.begin() + 2),
                     std::make_move_iterator(files.end()));
  }
  return {std::move(slots), std::move(consumers),
          internal::as_doorbells(std::move(doorbells))};
}

}  // namespace hft::bpf
