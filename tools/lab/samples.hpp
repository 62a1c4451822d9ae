// SPDX-License-Identifier: MIT
// Raw latency samples as CSV: one on each line, under the header
// "sample,latency".
//
//   hft::lab::write_samples_csv("ring.csv", samples);
//   std::vector<std::uint64_t> raw = hft::lab::read_samples_csv("ring.csv");
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace hft::lab {

// Both throw what write_file() and read_file() do. Reading also
// throws ResultsError, which names file and line, when the file was cut or
// edited.
void write_samples_csv(const std::filesystem::path& file,
                       std::span<const std::uint64_t> samples);
std::vector<std::uint64_t> read_samples_csv(const std::filesystem::path& file);

}  // namespace hft::lab
