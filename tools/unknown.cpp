// SPDX-License-Identifier: MIT
#include "unknown.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace hft::tools {

std::size_t distance(std::string_view one, std::string_view other) {
  // Row i of the table holds the distances of the first i letters of `one` to
  // each beginning of `other`. A row needs the two before it.
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  std::vector<std::size_t> above = row;
  std::vector<std::size_t> above_that = row;
  for (std::size_t i = 1; i <= one.size(); ++i) {
    std::swap(above_that, above);
    std::swap(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= other.size(); ++j) {
      const std::size_t replaced =
          above[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && one[i - 1] == other[j - 2] &&
          one[i - 2] == other[j - 1]) {
        row[j] = std::min(row[j], above_that[j - 2] + 1);
      }
    }
  }
  return row.back();
}

std::string nearest(std::string_view word,
                    const std::vector<std::string>& known) {
  std::string best;
  std::size_t least = word.size() + 1;
  for (const std::string& candidate : known) {
    const std::size_t letters = distance(word, candidate);
    if (letters < least && 3 * letters <= candidate.size()) {
      least = letters;
      best = candidate;
    }
  }
  return best;
}

std::string any_of(const std::vector<std::string>& words) {
  if (words.size() < 2) {
    return fmt::format("{}", fmt::join(words, ""));
  }
  return fmt::format("{} or {}",
                     fmt::join(words.begin(), words.end() - 1, ", "),
                     words.back());
}

std::string unknown(std::string_view kind, std::string_view word,
                    const std::vector<std::string>& known) {
  const std::string meant = nearest(word, known);
  return meant.empty()
             ? fmt::format("unknown {} '{}': expected {}", kind, word,
                           any_of(known))
             : fmt::format("unknown {} '{}', did you mean '{}'? Expected {}",
                           kind, word, meant, any_of(known));
}

}  // namespace hft::tools
