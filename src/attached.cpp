// SPDX-License-Identifier: MIT
#include "hft/attached.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "attached_parts.hpp"
#include "begin.hpp"
#include "end_lock.hpp"
#include "hft/detail/recover.hpp"
#include "hft/ring.hpp"
#include "hft/validate.hpp"

namespace hft {

Attached::Attached(std::unique_ptr<internal::Parts> parts) noexcept
    : parts_(std::move(parts)) {}
Attached::Attached(Attached&& other) noexcept = default;
Attached& Attached::operator=(Attached&& other) noexcept = default;
Attached::~Attached() = default;

const hft_info& Attached::info() const noexcept { return parts_->info; }

Role Attached::role() const noexcept { return parts_->role; }

const hft_producer_page& Attached::producer_page() const noexcept {
  return *parts_->producer.as<const hft_producer_page>();
}

const hft_consumer_page* Attached::consumer_page() const noexcept {
  return parts_->consumer.as<const hft_consumer_page>();
}

hft_ring_stats Attached::stats() const noexcept {
  const auto read = [](const __u64& counter) {
    return __atomic_load_n(&counter, __ATOMIC_ACQUIRE);
  };
  const hft_producer_page& page = producer_page();
  // The discards before the positions: each that is counted is published by
  // then. Once more when there were others meanwhile, as far as that helps.
  constexpr int kLooks = 4;
  std::uint64_t discarded = 0;
  Pending pending;
  for (int look = 0; look < kLooks; ++look) {
    discarded = read(page.discarded);
    pending = pending_in(observer_end());
    if (read(page.discarded) == discarded) {
      break;
    }
  }
  const std::uint64_t dropped = read(page.dropped);
  return {.offered = pending.taken + dropped,
          .published = pending.taken - pending.count - discarded,
          .dropped = dropped,
          .discarded = discarded,
          .pending = pending.count,
          .oldest_pending = pending.oldest,
          .wakeups = read(page.wakeups)};
}

KernelConsumer Attached::consumer(StartAt start) const {
  return Ring<hft_record, FromKernel>(*this).consumer(start);
}

Reader<hft_record> Attached::reader(StartAt start) const {
  return Ring<hft_record>(*this).reader(start);
}

Observer Attached::observer(StartAt start) const {
  expect_layout(info(), info().slot_size - HFT_SLOT_HEADER, info().slot_size,
                1);
  expect_schema(info(), kSchemaOf<hft_record>);
  return Observer(observer_end(), start);
}

ProducerEnd Attached::producer_end() const {
  if (role() != Role::kProducer) {
    throw std::logic_error(
        std::string("expected Role::kProducer for a producer, found Role::") +
        (role() == Role::kConsumer ? "kConsumer" : "kObserver") +
        ": attach to the ring anew");
  }
  return {
      .info = &parts_->info,
      .page = parts_->producer.as<hft_producer_page>(),
      .consumer = parts_->consumer.as<hft_consumer_page>(),
      .slots = parts_->slots.as<std::byte>(),
      .doorbell = parts_->rope ? parts_->rope.get() : parts_->doorbell.get()};
}

ConsumerEnd Attached::consumer_end() const {
  expect_mode(info(), HFT_MODE_DROP);
  if (role() == Role::kObserver) {
    throw std::logic_error(
        "expected Role::kConsumer for a consumer, found Role::kObserver: "
        "attach to the ring anew");
  }
  ConsumerEnd end = observer_end();
  end.page = parts_->consumer.as<hft_consumer_page>();
  end.slots_writable = parts_->slots_writable;
  end.doorbell = parts_->heard;
  return end;
}

ConsumerEnd Attached::reader_end() const {
  expect_mode(info(), HFT_MODE_OVERWRITE);
  return observer_end();
}

ConsumerEnd Attached::observer_end() const noexcept {
  return {.info = &parts_->info,
          .producer = parts_->producer.as<const hft_producer_page>(),
          .slots = parts_->slots.as<const std::byte>()};
}

std::string Attached::called(std::string_view end) const {
  std::string text(end);
  return parts_->name.empty() ? text : text + " of " + parts_->name;
}

Claimed<ProducerEnd> Attached::claim_producer(hft_mode mode) const {
  expect_mode(info(), mode);
  const ProducerEnd end = producer_end();
  return {end,
          Claim::take(&end.page->owner,
                      internal::open_lock(*parts_, internal::kProducerLock),
                      called("producer"))};
}

Claimed<ConsumerEnd> Attached::claim_consumer(StartAt start) const {
  const ConsumerEnd end = consumer_end();
  __u64* const owner = info().producer_kind == HFT_PRODUCER_DRIVER
                           ? &parts_->driver_owner
                           : &end.page->owner;
  Claimed<ConsumerEnd> claimed{
      end,
      Claim::take(owner, internal::open_lock(*parts_, internal::kConsumerLock),
                  called("consumer"))};
  internal::begin(end, start);
  return claimed;
}

}  // namespace hft
