// SPDX-License-Identifier: MIT
// What an error says of a word that is not one of the known ones.
//
//   unknown("path", "rong", {"read", "ring"})
//     "unknown path 'rong', did you mean 'ring'? Expected read or ring"
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hft::tools {

/// How many letters have to be inserted, removed, replaced, or exchanged with
/// their neighbour to turn one word into the other. No letter is moved twice.
std::size_t distance(std::string_view one, std::string_view other);

/// The known word with the least distance. It is "" where more than a third of
/// the letters would have to change: nothing like it was meant.
std::string nearest(std::string_view word,
                    const std::vector<std::string>& known);

/// "a, b or c".
std::string any_of(const std::vector<std::string>& words);

/// Names the word and its kind, the nearest known word, and all known words.
std::string unknown(std::string_view kind, std::string_view word,
                    const std::vector<std::string>& known);

}  // namespace hft::tools
