// SPDX-License-Identifier: MIT
// What is printed and what is written.
#pragma once

#include <string>

#include "lab/results.hpp"
#include "summary.hpp"

namespace hft::peers {

/// Where and how it was measured.
struct Setting {
  lab::Manifest manifest;
  lab::Validity validity;
  Plan plan;
};

std::string format_tables(const Setting& setting, const Summary& summary);
std::string format_json(const Setting& setting, const Summary& summary);

}  // namespace hft::peers
