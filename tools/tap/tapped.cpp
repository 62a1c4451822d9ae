// SPDX-License-Identifier: MIT
#include "tap/tapped.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "hft/bpf.hpp"
#include "hft/record.hpp"
#include "hft/ring.hpp"
#include "hft/validate.hpp"

namespace hft::tap {
namespace {

// The driver's name is a path too; that of a process ring never is.
bool is_pin(std::string_view name) {
  return name.find('/') != std::string_view::npos &&
         !name.starts_with("/dev/hft");
}

// The first published position from `position` on, or the one that would be
// taken next.
std::uint64_t first_published(const ConsumerEnd& end, std::uint64_t position) {
  const std::uint64_t taken =
      __atomic_load_n(&end.producer->producer_pos, __ATOMIC_RELAXED);
  for (; position < taken; ++position) {
    const auto* const published = reinterpret_cast<const std::uint64_t*>(
        end.slots +
        (position & (end.info->slot_count - 1)) * end.info->slot_size);
    // Whoever reads the record loads this again, with acquire.
    if (__atomic_load_n(published, __ATOMIC_RELAXED) > position) {
      break;
    }
  }
  return position;
}

}  // namespace

Tapped open_rings(const std::string& name) {
  Tapped tapped{.name = name, .rings = {}};
  if (!is_pin(name)) {
    tapped.rings.push_back(attach(name, Role::kObserver));
    return tapped;
  }
  std::error_code ignored;
  if (std::filesystem::exists(name, ignored) &&
      !std::filesystem::is_directory(name, ignored)) {
    throw std::system_error(
        ENOTDIR, std::generic_category(),
        "expected the directory of pinned rings, found a file at " + name);
  }
  tapped.pinned = std::make_shared<const bpf::Rings>(
      bpf::Rings::open(name, Role::kObserver));
  for (std::uint32_t i = 0; i < tapped.pinned->size(); ++i) {
    tapped.rings.push_back(tapped.pinned->attach(i, Role::kObserver));
  }
  return tapped;
}

bool holds_hft_record(const hft_info& info) {
  try {
    expect_layout(info, info.slot_size - HFT_SLOT_HEADER, info.slot_size, 1);
    expect_schema(info, kSchemaOf<hft_record>);
  } catch (const InvalidRing&) {
    return false;
  }
  return true;
}

bool Tapped::producer_gone() const { return pinned && pinned->producer_gone(); }

Watch::View::View(const Attached& ring, StartAt start)
    : end(ring.observer_end()),
      observer(ring.observer(start)),
      dropped_before(__atomic_load_n(&end.producer->dropped, __ATOMIC_RELAXED)),
      bytes((end.info->slot_size - HFT_SLOT_HEADER) / sizeof bytes[0]) {}

const hft_record* Watch::View::try_read() noexcept {
  if (!waits) {
    hft_record record;
    constexpr std::size_t kWords = sizeof record / sizeof bytes[0];
    waits = observer.try_read(record, std::span(bytes).subspan(kWords));
    std::memcpy(bytes.data(), &record, sizeof record);
  }
  return waits ? reinterpret_cast<const hft_record*>(bytes.data()) : nullptr;
}

std::uint64_t Watch::View::position() const noexcept {
  return observer.position() - 1;
}

std::uint64_t Watch::View::published_until(
    std::uint64_t /*known*/, std::size_t /*most*/) const noexcept {
  return observer.position();
}

bool Watch::View::stands_still() const noexcept {
  return !waits && end.info->producer_kind != HFT_PRODUCER_PROCESS &&
         observer.position() <
             __atomic_load_n(&end.producer->producer_pos, __ATOMIC_RELAXED);
}

Watch::Watch(std::span<const Attached> rings, StartAt start) {
  for (const Attached& ring : rings) {
    views_.add(View(ring, start));
  }
}

const TappedRecord* Watch::next() {
  if (given_) {
    views_.release();
  }
  const hft_record* const record = views_.try_read();
  given_ = record != nullptr;
  if (!given_) {
    return nullptr;
  }
  const View& view = views_[views_.ring()];
  tapped_ = {.ring = view.end.info->ring_id,
             .position = view.position(),
             .record = record,
             .payload = payload(*record, view.end.info->slot_size)};
  return &tapped_;
}

std::vector<Reserved> Watch::reserved(std::uint64_t now) {
  std::vector<Reserved> all;
  stands_.resize(views_.size());
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const View& view = views_[i];
    Reserved& stands = stands_[i];
    const std::uint64_t next = view.observer.position();
    if (!view.stands_still()) {
      stands = {};
    } else if (stands.since == 0 || stands.position != next) {
      stands = {.ring = view.end.info->ring_id, .position = next, .since = now};
    } else {
      all.push_back(stands);
    }
  }
  return all;
}

std::vector<Abandoned> Watch::pass_abandoned() {
  std::vector<Abandoned> all;
  for (std::size_t i = 0; i < views_.size(); ++i) {
    View& view = views_[i];
    if (!view.stands_still()) {
      continue;
    }
    const std::uint64_t first = view.observer.position();
    const std::uint64_t next = first_published(view.end, first);
    all.push_back({.ring = view.end.info->ring_id,
                   .first = first,
                   .count = next - first});
    view.missed_before += view.observer.missed();
    view.observer = Observer(view.end, next);
  }
  return all;
}

std::uint64_t Watch::missed() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < views_.size(); ++i) {
    sum += views_[i].missed();
  }
  return sum;
}

std::uint64_t Watch::dropped() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const View& view = views_[i];
    sum += __atomic_load_n(&view.end.producer->dropped, __ATOMIC_RELAXED) -
           view.dropped_before;
  }
  return sum;
}

}  // namespace hft::tap
