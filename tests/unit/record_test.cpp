// SPDX-License-Identifier: MIT
#include "hft/record.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "hft/ring.hpp"

namespace hft::test {
namespace {

using Records = Ring<hft_record>;

std::vector<std::byte> bytes_of(std::size_t length) {
  std::vector<std::byte> bytes(length);
  for (std::size_t i = 0; i < length; ++i) {
    bytes[i] = static_cast<std::byte>(i * 7 + length);
  }
  return bytes;
}

TEST(Record, PayloadsOfEveryLengthArriveWhole) {
  for (const std::uint32_t payload_room : {40U, 104U, 1000U, 4072U}) {
    const Region region = Region::anonymous(Records::geometry(8, payload_room));
    Producer<hft_record> producer = Records(region).producer();
    Consumer<hft_record> consumer = Records(region).consumer();
    const std::size_t slot_size = region.info().slot_size;
    ASSERT_GE(payload_max(slot_size), payload_room);
    for (std::size_t length = 0; length <= payload_room;
         length += length < 64 ? 1 : 97) {
      const std::vector<std::byte> sent = bytes_of(length);
      ASSERT_TRUE(producer.try_publish(length, HFT_RECORD_USER, sent));
      const hft_record* record = consumer.try_read();
      ASSERT_NE(record, nullptr);
      EXPECT_EQ(record->stamp, length);
      EXPECT_EQ(record->type, HFT_RECORD_USER + 0U);
      EXPECT_EQ(record->flags, 0U);
      const auto received = payload(*record, slot_size);
      ASSERT_TRUE(std::equal(received.begin(), received.end(), sent.begin(),
                             sent.end()));
      consumer.release();
    }
  }
}

TEST(Record, TooLongAPayloadIsCutAndSaysSo) {
  const Region region = Region::anonymous(Records::geometry(4, 40));
  Producer<hft_record> producer = Records(region).producer();
  Consumer<hft_record> consumer = Records(region).consumer();
  const std::vector<std::byte> sent = bytes_of(5000);
  ASSERT_TRUE(producer.try_publish(1, HFT_RECORD_USER, sent));
  const hft_record* record = consumer.try_read();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->length, 5000U);
  EXPECT_EQ(record->flags, HFT_RECORD_TRUNCATED);
  const auto received = payload(*record, region.info().slot_size);
  ASSERT_EQ(received.size(), 40U);
  EXPECT_EQ(std::memcmp(received.data(), sent.data(), 40), 0);
}

TEST(Record, LengthBeyondTheSlotIsNotBelieved) {
  hft_record record{};
  record.length = 0xffffffff;
  EXPECT_EQ(payload(record, 64).size(), 40U);
}

TEST(Record, ReaderCopiesAsMuchAsItIsGivenRoomFor) {
  const Region region =
      Region::anonymous(Records::geometry(4, 100, HFT_MODE_OVERWRITE));
  const ProducerEnd end = region.producer_end();
  // The driver's producer: there is none of hft_record in user space.
  auto* const slot = reinterpret_cast<hft_slot*>(end.slots);
  const std::vector<std::byte> sent = bytes_of(100);
  fill_record(slot->record, region.info().slot_size, 9, HFT_RECORD_USER, sent);
  __atomic_store_n(&slot->published, 1, __ATOMIC_RELEASE);

  Reader<hft_record> reader(region.reader_end(), std::uint64_t{0});
  hft_record record;
  std::vector<std::uint64_t> more(8);
  ASSERT_TRUE(reader.try_read(record, more));
  EXPECT_EQ(record.stamp, 9U);
  EXPECT_EQ(std::memcmp(record.payload, sent.data(), 40), 0);
  EXPECT_EQ(std::memcmp(more.data(), sent.data() + 40, 60), 0);
}

}  // namespace
}  // namespace hft::test
