// SPDX-License-Identifier: MIT
// Files, read and written whole.
//
//   hft::lab::write_file("report.html", page);
//   std::string page = hft::lab::read_file("report.html");
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace hft::lab {

// Replaces the file whole or not at all; for a symlink, the file that it points
// to. What is not a regular file, such as a device or a FIFO, is written to.
// what() of an error names the file and has the system's words ("No space left
// on device"). Writing throws std::system_error, reading tools::DataError.
void write_file(const std::filesystem::path& file, std::string_view content);
std::string read_file(const std::filesystem::path& file);

}  // namespace hft::lab
