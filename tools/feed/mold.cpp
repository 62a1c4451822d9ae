// SPDX-License-Identifier: MIT
#include "feed/mold.hpp"

#include <algorithm>
#include <limits>

namespace hft::feed {
namespace {

constexpr std::size_t kSequenceAt = sizeof(SessionName);
constexpr std::size_t kCountAt = kSequenceAt + sizeof(std::uint64_t);
static_assert(kCountAt + sizeof(std::uint16_t) == kMoldHeaderSize);

}  // namespace

std::optional<MoldHeader> parse_mold_header(net::Bytes packet) {
  if (packet.size() < kMoldHeaderSize) {
    return std::nullopt;
  }
  MoldHeader header;
  std::memcpy(header.session.data(), packet.data(), header.session.size());
  header.sequence = net::load_big<std::uint64_t>(&packet[kSequenceAt]);
  header.count = net::load_big<std::uint16_t>(&packet[kCountAt]);
  return header;
}

void write_mold_header(const MoldHeader& header, std::byte* to) {
  std::memcpy(to, header.session.data(), header.session.size());
  net::store_big(header.sequence, to + kSequenceAt);
  net::store_big(header.count, to + kCountAt);
}

SequenceTracker::Arrival SequenceTracker::arrive(const SessionName& session,
                                                 std::uint64_t sequence) {
  if (began_ && session == current_) {
    return Arrival::kOfCurrent;
  }
  const auto past_end = past_.begin() + std::min(past_count_, kPastSessions);
  if (std::find(past_.begin(), past_end, session) != past_end) {
    return Arrival::kOfPast;
  }
  if (began_) {
    past_[past_count_++ % kPastSessions] = current_;
  }
  began_ = true;
  current_ = session;
  expected_ = sequence;
  return Arrival::kBegins;
}

std::optional<Gap> SequenceTracker::skip_to(std::uint64_t sequence) {
  if (sequence <= expected_) {
    return std::nullopt;
  }
  const Gap gap{.expected = expected_, .found = sequence};
  expected_ = sequence;
  return gap;
}

std::optional<MoldHeader> MoldDecoder::read_header(net::Bytes packet) {
  const std::optional<MoldHeader> header = parse_mold_header(packet);
  if (!header) {
    ++counts_.short_header;
    return std::nullopt;
  }
  // One that wraps would make everything after it late, for ever.
  if (header->sequence >
      std::numeric_limits<std::uint64_t>::max() - messages_in(*header)) {
    ++counts_.bad_sequence;
    return std::nullopt;
  }
  counts_.heartbeats += header->count == kHeartbeat ? 1 : 0;
  counts_.ends += header->count == kSessionEnd ? 1 : 0;
  return header;
}

}  // namespace hft::feed
