// SPDX-License-Identifier: MIT
#include "feed/mold.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <utility>

#include "packets.hpp"

namespace hft::feed {
namespace {

using test::append;
using test::Buffer;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr auto kSession = "SESSION001";

struct Heard {
  void on_session(const SessionName& name, std::uint64_t sequence) {
    sessions.emplace_back(std::string(name.data(), name.size()), sequence);
  }
  void on_gap(const Gap& gap) { gaps.push_back(gap); }
  void on_message(std::uint64_t sequence, net::Bytes message) {
    const auto* text = reinterpret_cast<const char*>(message.data());
    messages.emplace_back(sequence, std::string(text, message.size()));
  }
  void on_session_end(const SessionName&) { ++ends; }

  std::vector<std::pair<std::string, std::uint64_t>> sessions;
  std::vector<Gap> gaps;
  std::vector<std::pair<std::uint64_t, std::string>> messages;
  int ends = 0;
};

class Mold : public testing::Test {
 protected:
  void decode(const Buffer& packet) { mold_.decode(packet, heard_); }
  // Messages that say their sequence number.
  void decode_run(std::uint64_t from, std::uint64_t to,
                  const std::string& session = kSession) {
    Buffer blocks;
    for (std::uint64_t i = from; i < to; ++i) {
      append(blocks, test::block(std::to_string(i)));
    }
    decode(test::mold_packet(session, from, to - from, blocks));
  }
  void expect_messages(std::uint64_t from, std::uint64_t to) {
    ASSERT_EQ(heard_.messages.size(), to - from);
    for (std::uint64_t i = from; i < to; ++i) {
      EXPECT_THAT(heard_.messages[i - from], Pair(i, std::to_string(i)));
    }
  }

  MoldDecoder mold_;
  Heard heard_;
};

TEST_F(Mold, GivesMessagesWithTheirNumbers) {
  Buffer blocks = test::block("one");
  append(blocks, test::block(""));
  append(blocks, test::block("three"));
  decode(test::mold_packet(kSession, 41, 3, blocks));
  EXPECT_THAT(heard_.messages,
              ElementsAre(Pair(41, "one"), Pair(42, ""), Pair(43, "three")));
  EXPECT_THAT(heard_.sessions, ElementsAre(Pair(kSession, 41)));
  EXPECT_THAT(heard_.gaps, IsEmpty());
  EXPECT_EQ(mold_.counts().packets, 1U);
  EXPECT_EQ(mold_.counts().messages, 3U);
  EXPECT_EQ(mold_.counts().malformed(), 0U);
}

TEST_F(Mold, HeartbeatsAndEndsHaveNoMessages) {
  decode(test::mold_packet(kSession, 5, kHeartbeat));
  decode(test::mold_packet(kSession, 5, kSessionEnd));
  EXPECT_EQ(mold_.counts().heartbeats, 1U);
  EXPECT_EQ(mold_.counts().ends, 1U);
  EXPECT_EQ(heard_.ends, 1);
  EXPECT_THAT(heard_.messages, IsEmpty());
  EXPECT_EQ(mold_.counts().malformed(), 0U);
}

TEST_F(Mold, HeartbeatShowsWhatIsMissing) {
  decode_run(1, 4);
  decode(test::mold_packet(kSession, 10, kHeartbeat));
  EXPECT_THAT(heard_.gaps, ElementsAre(Gap{.expected = 4, .found = 10}));
  decode_run(10, 12);
  EXPECT_EQ(mold_.counts().lost, 6U);
}

TEST_F(Mold, EveryTruncationIsCountedAndGivesWhatIsWhole) {
  Buffer blocks = test::block("abc");
  append(blocks, test::block("defgh"));
  const Buffer whole = test::mold_packet(kSession, 1, 2, blocks);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    MoldDecoder fresh;
    Heard what;
    fresh.decode(Buffer(whole.begin(),
                        whole.begin() + static_cast<std::ptrdiff_t>(size)),
                 what);
    const bool header = size >= kMoldHeaderSize;
    EXPECT_EQ(fresh.counts().short_header, header ? 0U : 1U) << size;
    EXPECT_EQ(fresh.counts().truncated, header ? 1U : 0U) << size;
    EXPECT_EQ(what.messages.size(), size >= kMoldHeaderSize + 5 ? 1U : 0U)
        << size;
    EXPECT_EQ(fresh.counts().malformed(), 1U) << size;
  }
}

TEST_F(Mold, WhatATruncatedPacketLostIsAGap) {
  Buffer packet = test::mold_packet(kSession, 1, 3, test::block("1"));
  decode(packet);
  decode_run(4, 5);
  EXPECT_THAT(heard_.gaps, ElementsAre(Gap{.expected = 2, .found = 4}));
}

TEST_F(Mold, TrailingBytesAreCounted) {
  Buffer packet = test::mold_packet(kSession, 1, 1, test::block("1"));
  append(packet, "x");
  decode(packet);
  expect_messages(1, 2);
  EXPECT_EQ(mold_.counts().trailing, 1U);
  for (const std::uint16_t count : {kHeartbeat, kSessionEnd}) {
    decode(test::mold_packet(kSession, 2, count, test::block("2")));
  }
  EXPECT_EQ(mold_.counts().trailing, 3U);
  expect_messages(1, 2);
}

TEST_F(Mold, SaysWhichMessagesAreMissing) {
  decode_run(990, 1001);
  decode_run(1011, 1012);
  EXPECT_THAT(heard_.gaps, ElementsAre(Gap{.expected = 1001, .found = 1011}));
  EXPECT_EQ(heard_.gaps.front().lost(), 10U);
  EXPECT_EQ(mold_.counts().gaps, 1U);
  EXPECT_EQ(mold_.counts().lost, 10U);
  EXPECT_EQ(mold_.counts().messages, 12U);
}

TEST_F(Mold, SkipsWhatItHasSeen) {
  decode_run(1, 6);
  decode_run(1, 6);
  decode_run(3, 4);
  expect_messages(1, 6);
  EXPECT_EQ(mold_.counts().late, 6U);
  EXPECT_EQ(mold_.counts().lost, 0U);
}

TEST_F(Mold, OfAnOverlapOnlyTheNewMessages) {
  decode_run(1, 6);
  decode_run(4, 9);
  expect_messages(1, 9);
  EXPECT_EQ(mold_.counts().late, 2U);
  EXPECT_THAT(heard_.gaps, IsEmpty());
}

TEST_F(Mold, LateOnesDoNotFillAGap) {
  decode_run(1, 3);
  decode_run(5, 7);
  decode_run(3, 5);
  EXPECT_EQ(mold_.counts().lost, 2U);
  EXPECT_EQ(mold_.counts().late, 2U);
  EXPECT_EQ(heard_.messages.back().first, 6U);
}

TEST_F(Mold, ASessionBeginsWhereWeMeetIt) {
  decode_run(100, 102);
  decode_run(7, 8, "SESSION002");
  EXPECT_THAT(heard_.sessions,
              ElementsAre(Pair(kSession, 100), Pair("SESSION002", 7)));
  EXPECT_THAT(heard_.gaps, IsEmpty());
  EXPECT_EQ(mold_.counts().messages, 3U);
}

TEST_F(Mold, APastSessionIsLate) {
  decode_run(100, 102);
  decode_run(1, 2, "SESSION002");
  decode_run(102, 105);
  decode(test::mold_packet(kSession, 105, kSessionEnd));
  decode_run(2, 3, "SESSION002");
  EXPECT_EQ(mold_.counts().late, 3U);
  EXPECT_EQ(mold_.counts().sessions, 2U);
  EXPECT_EQ(mold_.counts().lost, 0U);
  EXPECT_EQ(heard_.ends, 0);
  EXPECT_EQ(heard_.messages.size(), 4U);
}

TEST_F(Mold, SessionsWithoutEndAreHeld) {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    decode_run(i, i + 1, std::to_string(1'000'000'000 + i));
  }
  EXPECT_EQ(mold_.counts().sessions, 1000U);
}

TEST_F(Mold, ANumberThatWrapsIsRefused) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  decode_run(1, 2);
  decode(test::mold_packet(kSession, kMax, 1, test::block("x")));
  EXPECT_EQ(mold_.counts().bad_sequence, 1U);
  decode_run(2, 3);
  expect_messages(1, 3);
}

TEST_F(Mold, HeadersSurviveTheirBytes) {
  const MoldHeader header{
      .session = {'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J'},
      .sequence = 0x0102030405060708,
      .count = 0x090A};
  Buffer bytes(kMoldHeaderSize);
  write_mold_header(header, bytes.data());
  EXPECT_EQ(bytes, test::mold_packet("ABCDEFGHIJ", 0x0102030405060708, 0x090A));
}

}  // namespace
}  // namespace hft::feed
