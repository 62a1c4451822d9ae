// SPDX-License-Identifier: MIT
// A ring of records of one type between two threads or processes.
//
//   using Ticks = hft::Ring<Tick>;
//   auto region = hft::Region::create("ticks", Ticks::geometry(1024));
//   auto producer = Ticks(region).producer();        // one process
//   auto there = hft::attach("ticks", hft::Role::kConsumer);
//   auto consumer = Ticks(there).consumer();         // another
#pragma once

#include <hft/abi.h>

#include <cstdint>
#include <utility>

#include "hft/attached.hpp"
#include "hft/consumer.hpp"
#include "hft/detail/layout.hpp"
#include "hft/geometry.hpp"
#include "hft/overwrite.hpp"
#include "hft/policy.hpp"
#include "hft/poller.hpp"
#include "hft/producer.hpp"
#include "hft/reader.hpp"
#include "hft/region.hpp"
#include "hft/schema.hpp"
#include "hft/validate.hpp"

namespace hft {

/// What T and the policy make of a ring that this process is attached to,
/// whoever produces into it. Owns nothing: the Attached must outlive this and
/// every end taken from it, and stays where it is as long as this is used. Both
/// ends name the same T and the same policy; the ring is checked against their
/// sizes, and against the schema of T where both have one (hft/schema.hpp).
/// Thread-safe: each thread may take its end from one Ring. docs/ring.md says
/// how rings work.
template <Record T, Policy P = Latency>
class Ring {
 public:
  /// For at least `capacity` records: the capacity is rounded up to a power of
  /// two of slots, 2 to 65,536. Throws std::invalid_argument when no ring is
  /// that large.
  [[nodiscard]] static Geometry geometry(
      std::uint64_t capacity,
      hft_mode mode = HFT_MODE_DROP) requires(!std::same_as<T, hft_record>) {
    Geometry geometry =
        Geometry::for_records(sizeof(T), capacity, mode, !P::kPacked);
    geometry.schema = kSchemaOf<T>;
    return geometry;
  }

  /// For at least `capacity` records of up to `payload` bytes each, 4,072 at
  /// most; throws as above.
  [[nodiscard]] static Geometry geometry(
      std::uint64_t capacity, std::uint32_t payload,
      hft_mode mode = HFT_MODE_DROP) requires std::same_as<T, hft_record> {
    const std::uint32_t slot_size =
        default_slot_size(payload + HFT_RECORD_HEADER);
    Geometry geometry = Geometry::for_records(slot_size - HFT_SLOT_HEADER,
                                              capacity, mode, true);
    geometry.schema = kSchemaOf<hft_record>;
    return geometry;
  }

  /// Throws InvalidRing when the ring was made for another T or policy, or for
  /// another schema.
  explicit Ring(const Attached& attached) : attached_(&attached) {
    const hft_info& info = attached.info();
    if constexpr (std::same_as<T, hft_record>) {
      expect_layout(info, info.slot_size - HFT_SLOT_HEADER, info.slot_size, 1);
    } else {
      using Expected = Layout<T, P>;
      expect_layout(info, sizeof(T), Expected::kSlotSize,
                    Expected::kRecordsPerSlot);
    }
    expect_schema(info, kSchemaOf<T>);
  }
  explicit Ring(const Attached&&) = delete;  // it would not outlive this

  /// The only producer, until it is destroyed. Throws std::system_error EBUSY
  /// while another lives, also in this process; one that died is succeeded.
  /// Throws InvalidRing for a ring in overwrite mode, std::logic_error for
  /// another role.
  [[nodiscard]] Producer<T, P> producer() const {
    auto [end, claim] = attached_->claim_producer(HFT_MODE_DROP);
    return Producer<T, P>(end, std::move(claim));
  }

  /// The only consumer; where it begins and what it throws is as of
  /// Attached::consumer().
  [[nodiscard]] Consumer<T, P> consumer(
      StartAt start = StartAt::kOldest) const {
    auto [end, claim] = attached_->claim_consumer(start);
    return Consumer<T, P>(end, std::move(claim));
  }

  /// The only producer of a ring in overwrite mode; throws likewise, and
  /// InvalidRing for a ring in drop mode.
  [[nodiscard]] OverwriteProducer<T, P> overwrite_producer() const {
    auto [end, claim] = attached_->claim_producer(HFT_MODE_OVERWRITE);
    return OverwriteProducer<T, P>(end, std::move(claim));
  }

  /// One of any number of readers, of any role. Throws InvalidRing for a ring
  /// in drop mode.
  [[nodiscard]] Reader<T, P> reader(StartAt start = StartAt::kNext) const {
    return Reader<T, P>(attached_->reader_end(), start);
  }

 private:
  const Attached* attached_;
};

}  // namespace hft
