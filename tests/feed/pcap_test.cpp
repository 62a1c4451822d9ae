// SPDX-License-Identifier: MIT
#include "net/pcap.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <string>

#include "net/frame.hpp"
#include "packets.hpp"
#include "replay/session.hpp"

namespace hft::feed {
namespace {

using test::append;
using test::Buffer;

const net::Endpoint kTo{.address = 0xEF010101, .port = 5000};
constexpr std::uint32_t kEthernet = 1;
constexpr std::uint32_t kRaw = 101;
constexpr std::uint32_t kLinuxCooked = 113;

class PcapFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "hft_pcap_XXXXXX";
    const int fd = mkstemp(name.data());
    ASSERT_GE(fd, 0);
    close(fd);
    path_ = name;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  void write(const Buffer& bytes) {
    std::ofstream file(path_, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }

  std::filesystem::path path_;
};

// The classic format by hand, in the order of either machine.
class File {
 public:
  File(bool big, bool nanoseconds, std::uint32_t link) : big_(big) {
    word(nanoseconds ? 0xA1B23C4D : 0xA1B2C3D4);
    half(2);
    half(4);
    word(0);
    word(0);
    word(65'535);
    word(link);
  }
  void frame(std::uint32_t seconds, std::uint32_t part, net::Bytes bytes,
             std::uint32_t cut = 0) {
    word(seconds);
    word(part);
    word(static_cast<std::uint32_t>(bytes.size()) - cut);
    word(static_cast<std::uint32_t>(bytes.size()));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end() - cut);
  }
  [[nodiscard]] const Buffer& bytes() const { return bytes_; }

 private:
  void word(std::uint32_t value) {
    append(bytes_, big_ ? value : __builtin_bswap32(value), 4);
  }
  void half(std::uint16_t value) {
    append(bytes_, big_ ? value : __builtin_bswap16(value), 2);
  }

  bool big_;
  Buffer bytes_;
};

Buffer ethernet_frame() {
  Buffer payload;
  append(payload, "abc");
  Buffer frame;
  net::write_frame(kTo, payload, frame);
  return frame;
}

TEST_F(PcapFile, SessionsSurvive) {
  const std::vector<net::Packet> packets = make_session({.messages = 2000});
  net::write_pcap(path_, packets, kTo);
  const net::Capture capture = net::read_pcap(path_);
  ASSERT_EQ(capture.packets.size(), packets.size());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(capture.packets[i].time, packets[i].time);
    EXPECT_EQ(capture.packets[i].payload, packets[i].payload);
  }
  EXPECT_EQ(capture.other + capture.fragments + capture.malformed, 0U);
}

TEST_F(PcapFile, BothOrdersBothUnitsBothLinks) {
  const Buffer ethernet = ethernet_frame();
  for (const bool big : {false, true}) {
    for (const bool nanoseconds : {false, true}) {
      for (const std::uint32_t link : {kEthernet, kRaw}) {
        File file(big, nanoseconds, link);
        file.frame(3, 123'456,
                   net::Bytes(ethernet).subspan(link == kRaw ? 14 : 0));
        write(file.bytes());
        const net::Capture capture = net::read_pcap(path_);
        ASSERT_EQ(capture.packets.size(), 1U);
        EXPECT_EQ(capture.packets[0].time,
                  nanoseconds ? 3'000'123'456U : 3'123'456'000U);
        EXPECT_EQ(capture.packets[0].payload.size(), 3U);
      }
    }
  }
}

TEST_F(PcapFile, WhatIsSkippedIsCounted) {
  File file(false, true, kEthernet);
  Buffer frame = ethernet_frame();
  file.frame(1, 0, frame);
  file.frame(2, 0, frame, 1);  // captured without its last byte
  frame[14 + 6] = std::byte{0x20};
  file.frame(3, 0, frame);
  frame[14 + 9] = std::byte{6};
  file.frame(4, 0, frame);
  write(file.bytes());
  const net::Capture capture = net::read_pcap(path_);
  EXPECT_EQ(capture.packets.size(), 1U);
  EXPECT_EQ(capture.malformed, 1U);
  EXPECT_EQ(capture.fragments, 1U);
  EXPECT_EQ(capture.other, 1U);
}

TEST_F(PcapFile, RefusesWhatIsNoCapture) {
  EXPECT_THROW(net::read_pcap(path_), net::BadCapture);  // empty
  EXPECT_THROW(net::read_pcap("/nowhere/at/all.pcap"), net::BadCapture);
  Buffer text;
  append(text, "this is no capture file at all");
  write(text);
  EXPECT_THROW(net::read_pcap(path_), net::BadCapture);
  write(File(false, true, kLinuxCooked).bytes());
  EXPECT_THROW(net::read_pcap(path_), net::BadCapture);
  File file(false, true, kEthernet);
  file.frame(1, 0, ethernet_frame());
  Buffer cut = file.bytes();
  cut.pop_back();
  write(cut);
  EXPECT_THROW(net::read_pcap(path_), net::BadCapture);
}

TEST_F(PcapFile, CannotWriteWhereNothingIs) {
  EXPECT_THROW(net::write_pcap("/nowhere/at/all.pcap", {}, kTo),
               std::runtime_error);
  EXPECT_THROW(
      net::write_pcap("/dev/full", make_session({.messages = 2000}), kTo),
      std::runtime_error);
}

}  // namespace
}  // namespace hft::feed
