// SPDX-License-Identifier: MIT
// Check an info region once, at attach, before anything in it is believed.
//
//   hft::validate(*mapping.as<const hft_info>());
#pragma once

#include <hft/abi.h>

#include <stdexcept>

namespace hft {

/// An info region is not one this library can read: says the field, what was
/// expected and what was found.
struct InvalidRing : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws InvalidRing on a wrong magic, a version other than ours, or sizes
/// that contradict each other. What it passes can be indexed safely within
/// info.slots_bytes.
void validate(const hft_info& info);

}  // namespace hft
