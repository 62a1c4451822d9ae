// SPDX-License-Identifier: MIT
#include "feed/follow.hpp"

#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "hft/clock.hpp"
#include "packets.hpp"
#include "plain_books.hpp"
#include "replay/session.hpp"

namespace hft::feed {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Text that is written to a FILE.
class Text {
 public:
  Text() : file_(open_memstream(&data_, &size_)) {}
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() {
    std::fclose(file_);
    free(data_);  // NOLINT(cppcoreguidelines-no-malloc): as open_memstream says
  }
  [[nodiscard]] std::FILE* file() const { return file_; }
  [[nodiscard]] std::string read() const {
    std::fflush(file_);
    return {data_, size_};
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

// Packets from memory, with a pause after each.
class ListSource final : public PacketSource {
 public:
  explicit ListSource(std::vector<net::Packet> packets)
      : packets_(std::move(packets)) {}

  std::optional<Datagram> next() override {
    pause_ = !pause_;
    if (pause_ || at_ == packets_.size()) {
      return std::nullopt;
    }
    return Datagram{.payload = packets_[at_++].payload,
                    .stamp = monotonic_now()};
  }
  [[nodiscard]] std::uint64_t dropped() const override { return 0; }
  [[nodiscard]] std::string describe() const override { return "a list"; }
  [[nodiscard]] bool drained() const { return at_ == packets_.size(); }

 private:
  std::vector<net::Packet> packets_;
  std::size_t at_ = 0;
  bool pause_ = true;
};

class Follow : public testing::Test {
 protected:
  FollowOptions options(Form form, std::uint64_t every = 0) {
    return {
        .form = form, .every = every, .out = out_.file(), .said = said_.file()};
  }
  void run(Follower& follower, std::vector<net::Packet> packets,
           const FollowLimits& limits = {}) {
    ListSource source(std::move(packets));
    follow(source, follower, limits, [&] { return source.drained(); });
  }

  Text out_;
  Text said_;
};

double price(std::uint64_t value) {
  return static_cast<double>(value) / 10'000;
}

TEST_F(Follow, TheLastLineOfAStockIsItsBook) {
  const std::vector<net::Packet> packets =
      make_session({.seed = 2, .instruments = 5, .messages = 10'000});
  test::PlainBooks plain;
  for (const net::Packet& packet : packets) {
    plain.read(packet.payload);
  }
  Follower follower(options(Form::kJson));
  run(follower, packets);
  std::map<int, nlohmann::json> last;
  for (const std::string& line : lines_of(out_.read())) {
    const auto json = nlohmann::json::parse(line);
    last[json.at("locate")] = json;
  }
  ASSERT_EQ(last.size(), 5U);
  for (const auto& [locate, json] : last) {
    for (const char side : {kBuy, kSell}) {
      const auto& level = json.at(side == kBuy ? "bid" : "ask");
      const test::PlainSide expected =
          plain.side(static_cast<std::uint64_t>(locate), side);
      ASSERT_EQ(level.is_null(), expected.empty());
      if (!expected.empty()) {
        const auto& best =
            side == kBuy ? *expected.rbegin() : *expected.begin();
        EXPECT_EQ(level.at("price"), price(best.first));
        EXPECT_EQ(level.at("shares"), best.second.shares);
        EXPECT_EQ(level.at("orders"), best.second.orders);
      }
    }
  }
}

TEST_F(Follow, EveryNMessagesThoseThatChanged) {
  const auto packets = make_session({.messages = 5000});
  Follower all(options(Form::kTable));
  run(all, packets);
  const std::size_t each = lines_of(out_.read()).size();
  Text fewer;
  FollowOptions sparse = options(Form::kTable, 1000);
  sparse.out = fewer.file();
  Follower some(sparse);
  run(some, packets);
  const auto lines = lines_of(fewer.read());
  EXPECT_THAT(lines.front(), StartsWith("time"));
  EXPECT_LE(lines.size(), 1 + 6 * 8U);
  EXPECT_GT(lines.size(), 8U);
  EXPECT_GT(each, 10 * lines.size());
}

TEST_F(Follow, GapsAreSaidAtOnce) {
  Follower follower(options(Form::kNone));
  const auto take = [&](std::uint64_t sequence) {
    const auto packet =
        test::mold_packet("SESSION001", sequence, 1, test::block("?"));
    follower.take({.payload = packet, .stamp = monotonic_now()});
  };
  take(1000);
  EXPECT_EQ(said_.read(), "session SESSION001: from message 1000 on\n");
  take(1011);
  EXPECT_THAT(said_.read(),
              EndsWith("gap: expected 1001, found 1011: 10 messages lost\n"));
  EXPECT_EQ(follower.itch().unknown, 2U);
  EXPECT_THAT(follower.summary(), HasSubstr("gaps 1, messages lost 10"));
}

TEST_F(Follow, AnotherSessionBeginsWithEmptyBooks) {
  Follower follower(options(Form::kNone));
  std::vector<net::Packet> packets = make_session({.messages = 1000});
  run(follower, packets);
  EXPECT_GT(follower.books().orders(), 0U);
  EXPECT_TRUE(follower.ended());
  const std::size_t orders = follower.books().orders();
  for (net::Packet& packet : packets) {
    packet.payload[9] = std::byte{'2'};
  }
  run(follower, packets);
  EXPECT_EQ(follower.books().orders(), orders);
  EXPECT_EQ(follower.books().faults().all(), 0U);
  EXPECT_EQ(follower.mold().sessions, 2U);
}

TEST_F(Follow, EndsWithTheSessionOrAfterSoManyPackets) {
  std::vector<net::Packet> packets = make_session({.messages = 1000});
  const std::size_t size = packets.size();
  packets.insert(packets.end(), 5, packets.back());
  Follower until_end(options(Form::kNone));
  run(until_end, packets, {.until_end = true});
  EXPECT_EQ(until_end.mold().packets, size);
  Follower three(options(Form::kNone));
  run(three, packets, {.packets = 3});
  EXPECT_EQ(three.mold().packets, 3U);
}

TEST_F(Follow, WhatCameByWireCannotSteerATerminal) {
  Follower follower(options(Form::kNone));
  const auto packet = test::mold_packet("\x1b[2J\n\"abcd", 1, 0);
  follower.take({.payload = packet, .stamp = 0});
  EXPECT_EQ(said_.read(), "session ?[2J??abcd: from message 1 on\n");
}

TEST(PrinterTest, WritesBothForms) {
  Book book;
  book.set_stock({'H', 'F', 'T', ' ', ' ', ' ', ' ', ' '});
  book.side(kBuy).add(1'000'500, 300);
  const TopOfBook top{
      .time = 34'200'000'000'017, .sequence = 9, .locate = 4, .book = &book};
  const Text json;
  Printer printer(json.file(), Form::kJson);
  printer.print(top);
  printer.flush();
  EXPECT_EQ(json.read(),
            R"({"time":34200000000017,"sequence":9,"stock":"HFT","locate":4,)"
            R"("bid":{"price":100.0500,"shares":300,"orders":1},"ask":null})"
            "\n");
  const Text table;
  Printer rows(table.file(), Form::kTable);
  rows.print(top);
  rows.flush();
  EXPECT_THAT(
      table.read(),
      EndsWith("09:30:00.000000017 HFT           1       300     100.0500 | "
               "-\n"));
}

}  // namespace
}  // namespace hft::feed
