// SPDX-License-Identifier: MIT
#include "values.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <hft/abi.h>
#include <net/if.h>

#include <bit>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <type_traits>

#include "lab/results.hpp"
#include "unknown.hpp"

namespace hft::tools {
namespace {

// Not a whole number that begins with a 0, which some take for an octal one.
template <class Number>
std::optional<Number> parse(std::string_view text) {
  if (std::is_integral_v<Number> && text.size() > 1 && text.front() == '0') {
    return std::nullopt;
  }
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end ? std::optional(number)
                                             : std::nullopt;
}

// Refuses what `allowed` does not allow.
CLI::Validator expecting(const std::string& what, const std::string& range,
                         std::function<bool(const std::string&)> allowed) {
  return {[what, allowed = std::move(allowed)](const std::string& text) {
            return allowed(text)
                       ? std::string()
                       : fmt::format("expected {}, found '{}'", what, text);
          },
          range};
}

std::string between(std::uint64_t min, std::uint64_t max) {
  return fmt::format("{} to {}", lab::group_digits(min),
                     lab::group_digits(max));
}

// "100us" in nanoseconds.
std::optional<std::uint64_t> parse_period(std::string_view text) {
  static const std::map<std::string_view, std::uint64_t> units = {
      {"", 1},
      {"ns", 1},
      {"us", 1'000},
      {"ms", 1'000'000},
      {"s", 1'000'000'000}};
  const std::size_t digits =
      std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = parse<std::uint64_t>(text.substr(0, digits));
  const auto unit = units.find(text.substr(digits));
  if (!count || unit == units.end() ||
      *count > HFT_SIM_PERIOD_MAX / unit->second ||
      *count * unit->second < HFT_SIM_PERIOD_MIN) {
    return std::nullopt;
  }
  return *count * unit->second;
}

std::vector<std::string> interfaces() {
  std::vector<std::string> names;
  struct if_nameindex* const all = if_nameindex();
  for (const auto* one = all; one != nullptr && one->if_index != 0; ++one) {
    names.emplace_back(one->if_name);
  }
  if_freenameindex(all);
  return names;
}

}  // namespace

CLI::Validator whole_number(std::uint64_t min, std::uint64_t max) {
  return expecting(
      max == kAny ? fmt::format("a whole number, {} or more", min)
                  : fmt::format("a whole number from {}", between(min, max)),
      max == kAny ? "" : between(min, max), [min, max](const auto& text) {
        const auto value = parse<std::uint64_t>(text);
        return value && *value >= min && *value <= max;
      });
}

CLI::Validator number(double min, std::uint64_t max) {
  const std::string range =
      fmt::format("{} to {}", min, lab::group_digits(max));
  return expecting(
      "a number from " + range, range, [min, max](const auto& text) {
        const auto value = parse<double>(text);
        return value && *value >= min && *value <= static_cast<double>(max);
      });
}

CLI::Validator power_of_two(std::uint64_t min, std::uint64_t max) {
  const std::string what = "a power of two from " + between(min, max);
  return expecting(what, what, [min, max](const auto& text) {
    const auto value = parse<std::uint64_t>(text);
    return value && *value >= min && *value <= max &&
           std::has_single_bit(*value);
  });
}

CLI::Validator period() {
  return {[](std::string& text) -> std::string {
            const auto nanoseconds = parse_period(text);
            if (!nanoseconds) {
              return fmt::format(
                  "expected a time from 10 us to 1 s, such as 100us, found "
                  "'{}'",
                  text);
            }
            text = std::to_string(*nanoseconds);
            return {};
          },
          "10 us to 1 s"};
}

CLI::Validator word(std::string_view kind,
                    const std::vector<std::string>& known) {
  return {[kind, known](const std::string& text) {
            return std::ranges::find(known, text) != known.end()
                       ? std::string()
                       : unknown(kind, text, known);
          },
          ""};
}

CLI::Validator cpu() {
  const std::filesystem::path all = "/sys/devices/system/cpu";
  std::string present;
  std::getline(std::ifstream(all / "present"), present);
  return expecting(fmt::format("a CPU of this machine, {}", present), "",
                   [all](const auto& text) {
                     return parse<std::uint32_t>(text) &&
                            (exists(all / ("cpu" + text)) || !exists(all));
                   });
}

CLI::Validator interface() {
  return {[](const std::string& text) {
            return if_nametoindex(text.c_str()) != 0
                       ? std::string()
                       : unknown("interface", text, interfaces());
          },
          ""};
}

CLI::Validator ipv4_address() {
  return expecting("an IPv4 address such as 239.1.1.1", "",
                   [](const auto& text) {
                     in_addr address{};
                     return inet_pton(AF_INET, text.c_str(), &address) == 1;
                   });
}

CLI::Validator file_mode() {
  constexpr std::size_t kDigits = 4;
  return expecting(
      "an octal mode from 0 to 0777, such as 0660", "", [](const auto& text) {
        return !text.empty() && text.size() <= kDigits &&
               text.find_first_not_of("01234567") == std::string::npos &&
               (text.size() < kDigits || text.front() == '0');
      });
}

CLI::Validator path() {
  return expecting("a path", "",
                   [](const auto& text) { return !text.empty(); });
}

CLI::Validator directory() {
  return {[](const std::string& text) -> std::string {
            std::error_code ignored;
            if (std::filesystem::is_directory(text, ignored)) {
              return {};
            }
            return fmt::format(
                "expected a directory, found {} at '{}'",
                std::filesystem::exists(text, ignored) ? "a file" : "nothing",
                text);
          },
          ""};
}

}  // namespace hft::tools
