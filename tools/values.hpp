// SPDX-License-Identifier: MIT
// What values of options may be. Each returns a validator whose description is
// what --help says of the range, and whose error says what was expected and
// what was found.
//
//   app.add_option("--rounds", rounds, "Rounds")
//       ->check(hft::tools::whole_number(1, 100'000));
//     "--rounds: expected a whole number from 1 to 100,000, found 'many'"
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hft::tools {

inline constexpr std::uint64_t kAny = ~std::uint64_t{0};  // no upper limit

CLI::Validator whole_number(std::uint64_t min, std::uint64_t max = kAny);
CLI::Validator number(double min, std::uint64_t max);
CLI::Validator power_of_two(std::uint64_t min, std::uint64_t max);
/// A time between packets, in nanoseconds or with a unit: "100us", "1ms". It
/// becomes the bare number of nanoseconds.
CLI::Validator period();
/// One of these words; `kind` says what they are.
CLI::Validator word(std::string_view kind,
                    const std::vector<std::string>& known);
/// A CPU that this machine has.
CLI::Validator cpu();
/// A network interface that this machine has.
CLI::Validator interface();
CLI::Validator ipv4_address();
/// The permissions of a file, in octal.
CLI::Validator file_mode();
/// Of a file or a directory, which need not exist.
CLI::Validator path();
/// A directory that exists.
CLI::Validator directory();

}  // namespace hft::tools
