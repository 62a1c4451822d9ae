// SPDX-License-Identifier: MIT
// Check a ring once, at creation or at attach, before anything is believed.
//
//   hft::validate(hft::Geometry{.record_size = 16, .slot_size = 64,
//                               .slot_count = 1024});
//   hft::validate(*mapping.as<const hft_info>());
//   hft::validate_bytes("slots", info.slots_bytes, file_size);
#pragma once

#include <hft/abi.h>

#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "hft/geometry.hpp"

namespace hft {

/// A ring that someone else made is not one this library can use: says the
/// field, what was expected and what was found.
struct InvalidRing : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// All here are thread-safe. Throws InvalidRing on a wrong magic, a version
/// other than ours, feature bits that are not known, or sizes that contradict
/// each other. What it passes can be indexed safely within info.slots_bytes.
void validate(const hft_info& info);

/// Throws InvalidRing when the file or mapping behind a region is shorter than
/// the ring says: reading past its end would be a SIGBUS.
void validate_bytes(std::string_view region, std::uint64_t expected,
                    std::uint64_t found);

/// What the caller asks for, so that failing it is std::invalid_argument: a
/// record that no slot holds, a slot_count that is not a power of two, a slot
/// that its record does not fit.
void validate(const Geometry& geometry);

/// Throws std::invalid_argument when no ring holds that many such records.
void validate_capacity(std::uint32_t record_size, std::uint64_t capacity,
                       bool spread);

/// Throws InvalidRing when slots hold other records than the caller's.
void expect_layout(const hft_info& info, std::uint32_t record_size,
                   std::uint32_t slot_size, std::uint32_t records_per_slot);

/// Throws InvalidRing when both the ring and the caller name a schema, and not
/// the same, and where one of them is hft_record's alone: hft/schema.hpp.
void expect_schema(const hft_info& info, std::uint64_t schema);

/// Throws InvalidRing when the ring is in the other mode.
void expect_mode(const hft_info& info, hft_mode mode);

}  // namespace hft
