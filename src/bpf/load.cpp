// SPDX-License-Identifier: MIT
// Rings get their shape, and programs are loaded.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <bit>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "bpf/doorbells.hpp"
#include "bpf/explain.hpp"
#include "bpf/maps.hpp"
#include "hft/bpf.hpp"
#include "hft/validate.hpp"

namespace hft::bpf {
namespace {

// Of the constants of the object's programs. Null when there is none.
hft_bpf_shape* find_shape(bpf_object& object, const std::string& variable) {
  const btf* types = bpf_object__btf(&object);
  const int section =
      btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, &object) {
    if (bpf_map__is_internal(map) &&
        std::string_view(bpf_map__name(map)).ends_with(".rodata")) {
      break;
    }
  }
  if (section < 0 || map == nullptr) {
    return nullptr;
  }
  std::size_t bytes = 0;
  auto* const begin = static_cast<std::byte*>(
      const_cast<void*>(bpf_map__initial_value(map, &bytes)));
  const btf_type* type = btf__type_by_id(types, static_cast<__u32>(section));
  const btf_var_secinfo* found = btf_var_secinfos(type);
  for (int i = 0; i < btf_vlen(type); ++i, ++found) {
    const btf_type* of = btf__type_by_id(types, found->type);
    if (variable == btf__name_by_offset(types, of->name_off) &&
        found->size == sizeof(hft_bpf_shape) &&
        found->offset + sizeof(hft_bpf_shape) <= bytes) {
      return reinterpret_cast<hft_bpf_shape*>(begin + found->offset);
    }
  }
  return nullptr;
}

// `slot_size` is that of HFT_BPF_RING.
Geometry geometry_of(const Shape& shape, std::uint32_t slot_size) {
  const std::uint32_t size = shape.slot_size != 0 ? shape.slot_size : slot_size;
  return {.record_size = size - HFT_SLOT_HEADER,
          .slot_size = size,
          .slot_count = shape.slot_count,
          .mode = shape.mode};
}

// Each CPU produces into the ring of its number, or all into one.
void validate_rings(std::string_view name, std::uint32_t rings) {
  if (rings != 1 && rings != possible_cpus()) {
    throw std::invalid_argument(fmt::format(
        "shape of {}: rings is {}, expected kEachCpu, which makes {} here, or "
        "1 for all CPUs",
        name, rings, possible_cpus()));
  }
}

// Said of Shape, where validate() speaks of Geometry.
void validate_slot_count(std::string_view name, std::uint32_t slots) {
  if (!std::has_single_bit(slots) || slots < 2 || slots > HFT_SLOT_COUNT_MAX) {
    throw std::invalid_argument(
        fmt::format("shape of {}: slot_count is {}, expected a power of two "
                    "from 2 to {}",
                    name, slots, HFT_SLOT_COUNT_MAX));
  }
}

std::uint32_t count_rings(const Shape& shape) {
  return shape.rings == kEachCpu ? possible_cpus() : shape.rings;
}

// Readers of overwrite mode, of whom there may be any number, are not woken.
bool has_doorbells(const Shape& shape) {
  return shape.wake_ups && shape.mode == HFT_MODE_DROP;
}

void resize(bpf_map* map, std::uint32_t entries) {
  if (bpf_map__fd(map) >= 0 || bpf_map__set_max_entries(map, entries) != 0) {
    throw std::logic_error(
        fmt::format("{} cannot be shaped any more: its object is loaded, or "
                    "continues with pinned rings",
                    bpf_map__name(map)));
  }
}

// What libbpf says while it loads; there is one such hook in a process.
thread_local std::string* collected = nullptr;

int collect(libbpf_print_level level, const char* format, va_list arguments) {
  if (collected == nullptr || level != LIBBPF_WARN) {
    return 0;
  }
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), format, again);
  va_end(again);
  text.pop_back();
  *collected += text;
  return length;
}

// SEC() of the program that was not loaded; empty when it was something else.
std::string refused_section(bpf_object& object, std::string_view log) {
  const bpf_program* const program = bpf_object__find_program_by_name(
      &object, internal::refused_program(log).c_str());
  return program == nullptr ? "" : bpf_program__section_name(program);
}

// `load` is one of libbpf's functions that return 0 or a negative errno.
template <class Load>
void explain_failure(bpf_object& object, const Load& load) {
  std::string log;
  collected = &log;
  const libbpf_print_fn_t before = libbpf_set_print(collect);
  const int error = -load();
  libbpf_set_print(before);
  collected = nullptr;
  if (error != 0) {
    const std::string section = refused_section(object, log);
    throw LoadError(
        error, std::generic_category(),
        internal::explain({.error = error, .log = log, .section = section},
                          internal::facts_here()));
  }
}

}  // namespace

hft_bpf_shape& internal::shape_of(bpf_object& object, std::string_view name) {
  hft_bpf_shape* const found =
      find_shape(object, fmt::format("{}_shape", name));
  if (found == nullptr) {
    throw std::logic_error(fmt::format(
        "the BPF object {} has no ring {}: expected HFT_BPF_RING({}, …) in its "
        "source",
        bpf_object__name(&object), name, name));
  }
  return *found;
}

hft_bpf_shape internal::constants_of(const Geometry& geometry,
                                     std::uint32_t rings, bool has_bells) {
  const std::uint32_t slot_size = geometry.slot_size;
  return {.slot_size = slot_size,
          .slot_count = geometry.slot_count,
          .mode = geometry.mode,
          .rings = rings,
          .elements = static_cast<std::uint32_t>(
              ring_bytes(geometry.slots_bytes()) / slot_size),
          .producer_page = HFT_PAGE / slot_size,
          .first_slot = 2 * HFT_PAGE / slot_size,
          .has_bells = has_bells ? 1U : 0U};
}

std::string unavailable() { return internal::missing(internal::facts_here()); }

std::uint32_t possible_cpus() {
  const int count = libbpf_num_possible_cpus();
  if (count < 0) {
    throw std::system_error(-count, std::generic_category(),
                            "count the possible CPUs");
  }
  return static_cast<std::uint32_t>(count);
}

std::uint64_t memory_bytes(const Shape& shape, std::uint32_t slot_size) {
  const Geometry geometry = geometry_of(shape, slot_size);
  return count_rings(shape) *
         (internal::ring_bytes(geometry.slots_bytes()) + HFT_PAGE +
          sizeof(std::uint64_t) * geometry.slot_count +
          (has_doorbells(shape) ? internal::kDoorbellBytes : 0));
}

void shape(bpf_object& object, std::string_view name, const Shape& shape) {
  hft_bpf_shape& out = internal::shape_of(object, name);
  const Geometry geometry = geometry_of(shape, out.slot_size);
  validate_slot_count(name, shape.slot_count);
  validate(geometry);
  const std::uint32_t slot_size = geometry.slot_size;
  const std::uint32_t rings = count_rings(shape);
  validate_rings(name, rings);
  const hft_bpf_shape constants =
      internal::constants_of(geometry, rings, has_doorbells(shape));

  // The maps first: those of a loaded object refuse, and its shape stays.
  bpf_map* const slots = internal::find_map(object, name, "slots");
  resize(slots, rings * constants.elements);
  resize(internal::find_map(object, name, "consumer"), rings);
  resize(internal::find_map(object, name, internal::kTurns),
         rings * shape.slot_count);
  resize(internal::find_map(object, name, internal::kBells), rings);
  if (bpf_map__value_size(slots) != slot_size &&
      bpf_map__set_value_size(slots, slot_size) != 0) {
    throw std::logic_error(
        fmt::format("cannot give {} slots of {} bytes", name, slot_size));
  }
  out = constants;
}

void load(bpf_object& object) {
  explain_failure(object, [&] { return bpf_object__load(&object); });
}

void load(bpf_object_skeleton& skeleton) {
  explain_failure(**skeleton.obj,
                  [&] { return bpf_object__load_skeleton(&skeleton); });
}

}  // namespace hft::bpf
