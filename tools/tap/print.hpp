// SPDX-License-Identifier: MIT
// A record as a line: for people, or as JSON.
//
//   const hft::tap::WallClock clock(info);
//   fmt::print("{}\n", hft::tap::to_text(tapped, clock.at(record.stamp)));
#pragma once

#include <hft/abi.h>

#include <cstdint>
#include <string>

#include "tap/tapped.hpp"

namespace hft::tap {

/// Stamps of a ring as time of day.
class WallClock {
 public:
  explicit WallClock(const hft_info& info);
  /// ns since 1970. As good as the calibration of the ring's clock: what was
  /// stamped within seconds of construction is right to some microseconds.
  [[nodiscard]] std::uint64_t at(std::uint64_t stamp) const;

 private:
  double ns_per_tick_;
  std::uint64_t stamp_;  // at the same instant
  std::uint64_t time_;
};

/// "12:34:56.123456789 #17 market 40 bytes, …"; local time. With `hex` lines
/// of the payload's bytes follow.
std::string to_text(const TappedRecord& tapped, std::uint64_t time, bool hex);

/// One object, no newline; the payload in hexadecimal unless its type is known.
std::string to_json(const TappedRecord& tapped, std::uint64_t time);

}  // namespace hft::tap
