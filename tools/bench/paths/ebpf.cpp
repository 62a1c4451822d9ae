// SPDX-License-Identifier: MIT
// A simulator in BPF into our ring: polled, or slept on in epoll.
#include <sys/epoll.h>

#include <cerrno>
#include <system_error>

#include "bench/paths/bpf_market.hpp"
#include "bench/paths/market.hpp"
#include "bench/paths/monotonic.hpp"
#include "bench/paths/pause_watch.hpp"
#include "bench/paths/unavailable.hpp"
#include "hft/consumer.hpp"
#include "hft/descriptor.hpp"

namespace hft::bench {
namespace {

class EbpfPath : public Path {
 public:
  explicit EbpfPath(const Setting& setting)
      : market_(setting, BpfMarket::Output::kRing), watch_(setting.watch) {}

  void begin() override { market_.start(); }

  Arrival next() override {
    const hft_record& record = wait_for_record();
    const std::uint64_t now = clock_.now();
    Arrival arrival;
    take_market(record, arrival);
    arrival.now = now;
    arrival.stamp = clock_.at(record.stamp);
    arrival.stall_cycles = watch_.longest();
    consumer_.release();
    return arrival;
  }

 protected:
  virtual const hft_record& wait_for_record() {
    return watch_.enabled() ? read_watching(consumer_, watch_)
                            : consumer_.read();
  }
  [[nodiscard]] KernelConsumer& consumer() noexcept { return consumer_; }

 private:
  MonotonicClock clock_;
  BpfMarket market_;
  Attached ring_ = market_.ring();
  KernelConsumer consumer_ = ring_.consumer();
  PauseWatch watch_;
};

// Sleeps as soon as nothing is there.
class EbpfPollPath : public EbpfPath {
 public:
  explicit EbpfPollPath(const Setting& setting) : EbpfPath(setting) {
    epoll_event event{.events = EPOLLIN, .data = {}};
    if (!events_ || epoll_ctl(events_.get(), EPOLL_CTL_ADD,
                              consumer().wake_fd(), &event) != 0) {
      throw std::system_error(errno, std::generic_category(),
                              "wait for a BPF ring in epoll");
    }
  }

 protected:
  const hft_record& wait_for_record() override {
    for (;;) {
      if (const hft_record* record = consumer().try_read()) {
        return *record;
      }
      if (consumer().prepare_wait()) {
        epoll_event event{};
        epoll_wait(events_.get(), &event, 1, -1);
        consumer().finish_wait();
      }
    }
  }

 private:
  Descriptor events_{epoll_create1(EPOLL_CLOEXEC)};
};

}  // namespace

extern const PathKind kEbpf = {
    .name = "ebpf",
    .summary = "our ring, from a bpf_timer, polled",
    .standard = true,
    .adapts = Adapts::kToRate,
    .unavailable = bpf_unavailable,
    .attach = attach_as<EbpfPath>,
};

extern const PathKind kEbpfPoll = {
    .name = "ebpf-poll",
    .summary = "the same in epoll: it sleeps, and the program wakes it",
    .adapts = Adapts::kToRate,
    .unavailable = bpf_unavailable,
    .attach = attach_as<EbpfPollPath>,
};

}  // namespace hft::bench
