// SPDX-License-Identifier: MIT
// A program that is loaded anew goes on with rings that are pinned.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "bpf/maps.hpp"
#include "bpf/producers.hpp"
#include "hft/bpf.hpp"
#include "hft/validate.hpp"
#include "region_internal.hpp"

namespace hft::bpf {

using hft::internal::fail;

namespace {

std::string going_on(const GoOn& pinned) {
  return fmt::format("continue with the rings at {}", pinned.folder);
}

Descriptor open_private(const GoOn& pinned, const char* part) {
  const std::string path = pinned.folder + '/' + part;
  Descriptor map(bpf_obj_get(path.c_str()));
  if (!map) {
    const char* hint = "";
    if (errno == ENOENT) {
      hint =
          ": expected the maps turns and bells beside slots, found none: they "
          "were pinned by an older version or not by their loader; hft "
          "produce --replace, PinOptions::replace, creates new ones";
    } else if (errno == EACCES) {
      hint = ": only root and the user who pinned them may";
    }
    fail(errno, fmt::format("{}: open {}{}", going_on(pinned), path, hint));
  }
  return map;
}

// A map of the rings, and what it has to be.
struct Part {
  const char* name;
  int fd;
  bpf_map_type type;
  std::uint32_t value_size;
  std::uint32_t entries;
  bool type_names_ring = false;  // its values are of struct RING_slot
};

// The struct that a map's values are of, by the types that came with it; empty
// when none did, as with slots of another size than HFT_BPF_RING's.
std::string value_type_of(const bpf_map_info& map) {
  btf* const types =
      map.btf_id == 0 ? nullptr : btf__load_from_kernel_by_id(map.btf_id);
  const btf_type* const type =
      types == nullptr ? nullptr
                       : btf__type_by_id(types, map.btf_value_type_id);
  std::string name =
      type == nullptr ? "" : btf__name_by_offset(types, type->name_off);
  btf__free(types);
  return name;
}

void expect_part(const GoOn& pinned, std::string_view ring, const Part& part) {
  bpf_map_info found{};
  __u32 size = sizeof found;
  if (bpf_obj_get_info_by_fd(part.fd, &found, &size) != 0) {
    fail(errno, fmt::format("{}: ask what {} is", going_on(pinned), part.name));
  }
  // The kernel keeps that many characters of a map's name.
  const std::string name =
      fmt::format("{}_{}", ring, part.name).substr(0, BPF_OBJ_NAME_LEN - 1);
  const std::string slot = fmt::format("{}_slot", ring);
  const std::string type = value_type_of(found);
  const bool is_other = part.type_names_ring && !type.empty() && type != slot;
  if (name != found.name || is_other) {
    throw InvalidRing(fmt::format(
        "{}: expected its {} to be the map {}, found {}: the rings belong to "
        "another program",
        going_on(pinned), part.name, is_other ? "of struct " + slot : name,
        is_other ? "struct " + type : found.name));
  }
  if (found.type != part.type || found.value_size != part.value_size ||
      found.max_entries != part.entries) {
    throw InvalidRing(fmt::format(
        "{}: expected its {} to be of map type {} with {} entries of {} bytes, "
        "found type {} with {} of {}: hft produce --replace, "
        "PinOptions::replace, creates new rings",
        going_on(pinned), part.name, +part.type, part.entries, part.value_size,
        found.type, found.max_entries, found.value_size));
  }
}

void expect_fits(const GoOn& pinned, const hft_info& info, std::uint32_t rings,
                 std::uint32_t slot_size) {
  if (info.producer_kind != HFT_PRODUCER_BPF) {
    throw InvalidRing(
        fmt::format("{}: expected rings that BPF programs fill (producer {}), "
                    "found producer {}",
                    going_on(pinned), +HFT_PRODUCER_BPF, info.producer_kind));
  }
  expect_layout(info, info.slot_size - HFT_SLOT_HEADER, info.slot_size, 1);
  if (info.slot_size != slot_size && !pinned.any_slot_size) {
    throw InvalidRing(fmt::format(
        "{}: expected slots of {} bytes, as in the HFT_BPF_RING of the "
        "program, found {}: PinOptions::replace creates new rings, "
        "GoOn::any_slot_size is for programs that accept any",
        going_on(pinned), slot_size, info.slot_size));
  }
  if (rings != 1 && rings != possible_cpus()) {
    throw InvalidRing(
        fmt::format("{}: expected one ring, or one for each of {} possible "
                    "CPUs, found {}: hft produce --replace, "
                    "PinOptions::replace, creates new ones",
                    going_on(pinned), possible_cpus(), rings));
  }
}

}  // namespace

Rings Rings::go_on(bpf_object& object, std::string_view name,
                   const GoOn& pinned) {
  hft_bpf_shape& shape = internal::shape_of(object, name);
  if (bpf_map__fd(internal::find_map(object, name, "slots")) >= 0) {
    throw std::logic_error(
        fmt::format("{}: expected an object that is not loaded yet, found {} "
                    "loaded, or continuing already",
                    going_on(pinned), bpf_object__name(&object)));
  }
  Rings rings = open(pinned.folder, Role::kConsumer);
  rings.turns_ = open_private(pinned, internal::kTurns);
  rings.bells_ = open_private(pinned, internal::kBells);
  const hft_info& info = rings.info_;
  expect_fits(pinned, info, rings.count_, shape.slot_size);
  const hft_bpf_shape constants =
      internal::constants_of({.record_size = info.record_size,
                              .slot_size = info.slot_size,
                              .slot_count = info.slot_count,
                              .mode = static_cast<hft_mode>(info.mode)},
                             rings.count_, !rings.doorbells_.empty());
  const std::array parts = {
      Part{"slots", rings.slots_.get(), BPF_MAP_TYPE_ARRAY, info.slot_size,
           rings.count_ * constants.elements, true},
      Part{"consumer", rings.consumers_.get(), BPF_MAP_TYPE_ARRAY, HFT_PAGE,
           rings.count_},
      Part{internal::kTurns, rings.turns_.get(), BPF_MAP_TYPE_ARRAY,
           sizeof(std::uint64_t), rings.count_ * info.slot_count},
      Part{internal::kBells, rings.bells_.get(), BPF_MAP_TYPE_ARRAY_OF_MAPS,
           sizeof(std::uint32_t), rings.count_}};
  for (const Part& part : parts) {
    expect_part(pinned, name, part);
  }
  if (pinned.alone) {
    const std::string expected =
        going_on(pinned) + ": expected rings whose producer is gone";
    const Descriptor folder(
        ::open(pinned.folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    // Before the look: our programs are seen only once they are loaded.
    rings.lock_ = internal::lock_pin(folder.get(), expected);
    internal::expect_gone(rings.producers_, pinned.folder, expected, true);
  }
  for (const Part& part : parts) {
    const int error =
        bpf_map__reuse_fd(internal::find_map(object, name, part.name), part.fd);
    if (error != 0) {
      fail(-error, fmt::format("{}: give {} to the program", going_on(pinned),
                               part.name));
    }
  }
  shape = constants;
  return rings;
}

}  // namespace hft::bpf
