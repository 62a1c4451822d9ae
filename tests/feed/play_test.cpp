// SPDX-License-Identifier: MIT
#include "replay/play.hpp"

#include <gmock/gmock.h>

#include <set>
#include <string>

#include "feed/mold.hpp"
#include "packets.hpp"
#include "replay/session.hpp"

namespace hft::feed {
namespace {

using testing::ElementsAre;

net::Packet at(std::uint64_t time) {
  return {.time = time, .payload = test::mold_packet("SESSION001", 1, 0)};
}

bool always(const Played&) { return true; }

TEST(Timetable, OfARate) {
  const std::vector<net::Packet> packets(3);
  const Timetable timetable(packets, {.rate = 1000});
  EXPECT_TRUE(timetable.scheduled());
  EXPECT_EQ(timetable.due(0), 0U);
  EXPECT_EQ(timetable.due(1), 1'000'000U);
  EXPECT_EQ(timetable.due(3'600'000), 3'600'000'000'000U);
}

TEST(Timetable, OfThePacketsOwnTimes) {
  const std::vector<net::Packet> packets = {at(1000), at(1100), at(900),
                                            at(1600)};
  const Timetable own(packets, {.speed = 1});
  EXPECT_EQ(own.due(0), 0U);
  EXPECT_EQ(own.due(1), 100U);
  EXPECT_EQ(own.due(2), 0U);  // out of order: at once
  EXPECT_EQ(own.due(3), 600U);
  // The next round begins an average pause later.
  EXPECT_EQ(own.due(4), 800U);
  EXPECT_EQ(own.due(5), 900U);
  const Timetable twice(packets, {.speed = 2});
  EXPECT_EQ(twice.due(3), 300U);
  EXPECT_EQ(twice.due(5), 450U);
}

TEST(Timetable, OfNone) {
  const Timetable timetable({}, {});
  EXPECT_FALSE(timetable.scheduled());
  EXPECT_EQ(timetable.due(7), 0U);
}

TEST(Play, SendsAllOfItOnceAndCounts) {
  const std::vector<net::Packet> packets = make_session({.messages = 5000});
  std::size_t sent = 0;
  std::uint64_t bytes = 0;
  const Played played = play(
      packets, {},
      [&](net::Bytes payload) {
        ASSERT_EQ(std::vector(payload.begin(), payload.end()),
                  packets[sent].payload);
        ++sent;
        bytes += payload.size();
      },
      always);
  EXPECT_EQ(sent, packets.size());
  EXPECT_EQ(played.packets, packets.size());
  EXPECT_EQ(played.messages, 5000U);
  EXPECT_EQ(played.bytes, bytes);
  EXPECT_FALSE(played.scheduled);
}

TEST(Play, NoneIsEarly) {
  const std::vector<net::Packet> packets(50, at(0));
  std::vector<double> when;
  const Played played = play(
      packets, {.rate = 10'000}, [](net::Bytes) {},
      [&](const Played& so_far) {
        when.push_back(so_far.seconds);
        return true;
      });
  // After the n-th was sent, n - 1 periods have gone by.
  for (std::size_t n = 1; n < when.size(); ++n) {
    EXPECT_GE(when[n], static_cast<double>(n - 1) / 10'000);
  }
  EXPECT_GE(played.seconds, 49.0 / 10'000);
  EXPECT_TRUE(played.scheduled);
}

TEST(Play, EndsWhenItIsTold) {
  const std::vector<net::Packet> packets(10, at(0));
  const auto three = [](const Played& so_far) { return so_far.packets < 3; };
  EXPECT_EQ(play(
                packets, {}, [](net::Bytes) {}, three)
                .packets,
            3U);
  EXPECT_EQ(play(
                {}, {.loop = true}, [](net::Bytes) {}, always)
                .packets,
            0U);
}

TEST(Play, EachRoundIsASessionOfItsOwn) {
  const std::vector<net::Packet> packets(2, at(0));
  std::vector<std::string> sessions;
  play(
      packets, {.loop = true},
      [&](net::Bytes payload) {
        const MoldHeader header = parse_mold_header(payload).value();
        sessions.emplace_back(header.session.data(), header.session.size());
      },
      [](const Played& so_far) { return so_far.packets < 5; });
  EXPECT_THAT(sessions, ElementsAre("SESS000001", "SESS000001", "SESS000002",
                                    "SESS000002", "SESS000003"));
}

}  // namespace
}  // namespace hft::feed
