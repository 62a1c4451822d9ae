// SPDX-License-Identifier: MIT
#include "hft/region.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/vfs.h>

#include <cerrno>
#include <stdexcept>

#include "region_internal.hpp"

namespace hft {

using enum internal::File;
using internal::File;
using internal::Files;
using internal::may_write;

namespace {

Rights rights(File file, Role role, const hft_info& info) {
  return may_write(file, role, info) ? Rights::kReadWrite : Rights::kRead;
}

}  // namespace

Region::Region(const hft_info& info, Role role)
    : info_(std::make_unique<const hft_info>(info)), role_(role) {}

Region Region::anonymous(const Geometry& geometry, const Options& options) {
  Region region(internal::make_info(geometry, true), Role::kProducer);
  region.producer_ = Mapping::anonymous(HFT_PAGE);
  region.consumer_ = Mapping::anonymous(HFT_PAGE);
  const std::uint64_t bytes = geometry.slots_bytes();
  internal::Backed slots = internal::back(
      bytes, options.huge_pages,
      [&] { return Mapping::anonymous_huge(internal::in_huge_pages(bytes)); },
      [&](FaultIn when) { return Mapping::anonymous(bytes, when); });
  region.slots_ = std::move(slots.mapping);
  region.huge_pages_ = slots.pages;
  if (internal::has_doorbell(region.role(), region.info())) {
    region.doorbell_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  }
  region.lock(options.lock_memory);
  return region;
}

void Region::map_pages(const Files& files) {
  producer_ = Mapping(files[kProducer].get(), 0, HFT_PAGE,
                      rights(kProducer, role_, info()));
  if (role_ == Role::kProducer || info().mode == HFT_MODE_DROP) {
    consumer_ = Mapping(files[kConsumer].get(), 0, HFT_PAGE,
                        rights(kConsumer, role_, info()));
  }
}

void Region::map_slots(int fd) {
  // Where the creator allows writing its file's mode may not: then we read.
  slots_writable_ = may_write(kSlots, role_, info()) &&
                    (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
  struct statfs status;
  const bool reserved =
      fstatfs(fd, &status) == 0 && status.f_type == HUGETLBFS_MAGIC;
  // munmap() of such a file wants whole huge pages.
  slots_ = Mapping(fd, 0,
                   reserved ? internal::in_huge_pages(info().slots_bytes)
                            : info().slots_bytes,
                   slots_writable_ ? Rights::kReadWrite : Rights::kRead);
  if (reserved) {
    huge_pages_ = HugePages::kReserved;
  } else if (slots_.bytes() >= internal::kHugePage &&
             internal::is_transparent_huge(slots_)) {
    huge_pages_ = HugePages::kTransparent;
  }
}

void Region::lock(Preference preference) {
  if (preference == Preference::kNever) return;
  locked_ = producer_.lock() && (consumer_.bytes() == 0 || consumer_.lock()) &&
            slots_.lock();
  if (locked_ || preference == Preference::kTry) return;
  const int error = errno;
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  internal::fail(
      error, fmt::format("lock {} bytes of a ring in memory where "
                         "RLIMIT_MEMLOCK is {}: raise it with ulimit -l, or "
                         "ask for Preference::kTry",
                         producer_.bytes() + consumer_.bytes() + slots_.bytes(),
                         limit.rlim_cur));
}

ProducerEnd Region::producer_end() const {
  if (role_ != Role::kProducer) {
    throw std::logic_error(
        "producer_end() of a region that is not a producer's: attach to it "
        "with Role::kProducer");
  }
  return {.info = info_.get(),
          .page = producer_.as<hft_producer_page>(),
          .consumer = consumer_.as<hft_consumer_page>(),
          .slots = slots_.as<std::byte>(),
          .doorbell = rope_ ? rope_.get() : doorbell_.get()};
}

ConsumerEnd Region::consumer_end() const {
  const bool drop = info().mode == HFT_MODE_DROP;
  if (role_ == Role::kObserver && drop) {
    throw std::logic_error(
        "consumer_end() of an observer's region of a ring in drop mode: "
        "attach to it with Role::kConsumer");
  }
  ConsumerEnd end = observer_end();
  end.page = drop ? consumer_.as<hft_consumer_page>() : nullptr;
  end.slots_writable = slots_writable_;
  end.doorbell = {.fd = doorbell_.get(), .is_socket = doorbell_is_socket_};
  return end;
}

ConsumerEnd Region::observer_end() const noexcept {
  return {.info = info_.get(),
          .producer = producer_.as<const hft_producer_page>(),
          .slots = slots_.as<const std::byte>()};
}

}  // namespace hft
