// SPDX-License-Identifier: MIT
#include "lab/samples.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include "lab/files.hpp"
#include "lab/results.hpp"

namespace hft::lab {
namespace {

constexpr std::string_view kCsvHeader = "sample,latency";

[[noreturn]] void fail_line(const std::filesystem::path& file, std::size_t line,
                            const std::string& expected,
                            std::string_view found) {
  throw ResultsError(fmt::format(
      "{}:{}: expected {}, found \"{}\": the file was cut or edited; measure "
      "again with `hft bench`",
      file.string(), line, expected, found.substr(0, 60)));
}

// "INDEX,LATENCY", nothing before, between or after.
bool parse_row(std::string_view row, std::uint64_t& index,
               std::uint64_t& latency) {
  const char* end = row.data() + row.size();
  const auto first = std::from_chars(row.data(), end, index);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ',') {
    return false;
  }
  const auto second = std::from_chars(first.ptr + 1, end, latency);
  return second.ec == std::errc() && second.ptr == end;
}

}  // namespace

void write_samples_csv(const std::filesystem::path& file,
                       std::span<const std::uint64_t> samples) {
  fmt::memory_buffer out;
  fmt::format_to(std::back_inserter(out), "{}\n", kCsvHeader);
  for (std::size_t index = 0; index < samples.size(); ++index) {
    fmt::format_to(std::back_inserter(out), "{},{}\n", index, samples[index]);
  }
  write_file(file, {out.data(), out.size()});
}

std::vector<std::uint64_t> read_samples_csv(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  std::string_view rest = content;
  std::vector<std::uint64_t> samples;
  for (std::size_t line = 1; line == 1 || !rest.empty(); ++line) {
    const std::size_t length = rest.find('\n');
    const std::string_view row = rest.substr(0, length);
    if (line == 1 && row != kCsvHeader) {
      fail_line(file, line, fmt::format("the header \"{}\"", kCsvHeader), row);
    }
    if (length == std::string_view::npos) {
      fail_line(file, line, "a whole line", row);
    }
    rest.remove_prefix(length + 1);
    if (line == 1) continue;
    std::uint64_t index = 0;
    std::uint64_t latency = 0;
    if (!parse_row(row, index, latency) || index != samples.size()) {
      fail_line(file, line, fmt::format("\"{},LATENCY\"", samples.size()), row);
    }
    samples.push_back(latency);
  }
  return samples;
}

}  // namespace hft::lab
