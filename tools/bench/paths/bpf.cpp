// SPDX-License-Identifier: MIT
// A simulator in BPF: into our ring, and into the kernel's BPF ring buffer,
// each consumed in epoll or in a loop.
#include <bpf/libbpf.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <vector>

#include "bench/path.hpp"
#include "bench/paths/market.hpp"
#include "bench/paths/monotonic.hpp"
#include "bench/paths/pause_watch.hpp"
#include "bench/paths/producer_process.hpp"
#include "hft/bpf_simulator.hpp"
#include "hft/consumer.hpp"
#include "hft/descriptor.hpp"

namespace hft::bench {
namespace {

using bpf::Simulator;
using Output = Simulator::Options::Output;

// A bpf_timer does not keep a shorter period. A process of ours then runs the
// program, for all the packets of so long at once: they are early, none is
// late.
constexpr std::uint64_t kBurst = 20'000;  // ns

[[noreturn]] void publish_in_bursts(Simulator& simulator,
                                    std::uint64_t period) {
  const std::uint64_t packets = kBurst / period;
  // The first of all packets begins the schedule.
  simulator.publish(1);
  for (std::uint64_t due = monotonic_now();;) {
    while (monotonic_now() < due) {
    }
    simulator.publish(static_cast<std::uint32_t>(packets));
    due = std::max(due + packets * period, monotonic_now());
  }
}

/// The simulator, on whatever drives it at its rate.
class Market {
 public:
  Market(const Setting& setting, Output output)
      : simulator_({.period = setting.period,
                    .cpu = setting.producer_cpu,
                    .output = output,
                    .shape = {.slot_count = static_cast<std::uint32_t>(
                                  setting.capacity)}}) {
    if (setting.period < kBurst) {
      process_.emplace(setting.path, setting.producer_cpu,
                       [&](const ProducerProcess::Ready& ready) {
                         ready();
                         publish_in_bursts(simulator_, setting.period);
                       });
    }
  }

  void start() {
    if (process_) {
      process_->start();
    } else {
      simulator_.start();
    }
  }
  [[nodiscard]] bpf::Ring ring() const {
    return simulator_.rings().attach(0, Role::kConsumer);
  }
  [[nodiscard]] int ringbuf_fd() const { return simulator_.ringbuf_fd(); }

 private:
  Simulator simulator_;
  std::optional<ProducerProcess> process_;
};

class EbpfPath : public Path {
 public:
  explicit EbpfPath(const Setting& setting)
      : market_(setting, Output::kRing), watch_(setting.watch) {}

  void begin() override { market_.start(); }

  Seen next() override {
    const hft_record& record = wait_for_record();
    const std::uint64_t now = clock_.now();
    Seen seen;
    take_market(record, seen);
    seen.now = now;
    seen.stamp = clock_.at(record.stamp);
    seen.stall = watch_.longest();
    consumer_.release();
    return seen;
  }

 protected:
  virtual const hft_record& wait_for_record() {
    return watch_.enabled() ? read_watching(consumer_, watch_)
                            : consumer_.read();
  }
  [[nodiscard]] KernelConsumer& consumer() noexcept { return consumer_; }

 private:
  MonotonicClock clock_;
  Market market_;
  bpf::Ring ring_ = market_.ring();
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

// libbpf gives all the records that are there, next() one.
class RingbufPath : public Path {
 public:
  RingbufPath(const Setting& setting, Output output)
      : market_(setting, output),
        waits_(output == Output::kRingbuf),
        buffer_(ring_buffer__new(market_.ringbuf_fd(), take, this, nullptr)),
        watch_(setting.watch) {
    if (buffer_ == nullptr) {
      throw std::system_error(errno, std::generic_category(),
                              "attach to a BPF ring buffer");
    }
    batch_.reserve(kBatch);
  }
  RingbufPath(const RingbufPath&) = delete;
  RingbufPath& operator=(const RingbufPath&) = delete;
  ~RingbufPath() override { ring_buffer__free(buffer_); }

  void begin() override { market_.start(); }

  Seen next() override {
    if (given_ == batch_.size()) {
      take_batch();
    }
    return batch_[given_++];
  }

 private:
  static constexpr std::size_t kBatch = 256;
  static constexpr int kStop = -ECANCELED;  // no errno of libbpf's own here

  static int take(void* self, void* data, std::size_t /*bytes*/) {
    return static_cast<RingbufPath*>(self)->take(
        *static_cast<hft_record*>(data));
  }

  int take(const hft_record& record) {
    const std::uint64_t now = clock_.now();
    Seen& seen = batch_.emplace_back();
    take_market(record, seen);
    seen.now = now;
    seen.stamp = clock_.at(record.stamp);
    return batch_.size() == kBatch ? kStop : 0;
  }

  void take_batch() {
    batch_.clear();
    given_ = 0;
    if (waits_) {
      while (batch_.empty()) {
        check(ring_buffer__poll(buffer_, -1));
      }
    } else {
      spin_until(watch_, [this] {
        check(ring_buffer__consume(buffer_));
        return !batch_.empty();
      });
    }
    batch_.front().stall = watch_.longest();
  }

  static void check(int result) {
    if (result < 0 && result != kStop && result != -EINTR) {
      throw std::system_error(-result, std::generic_category(),
                              "consume a BPF ring buffer");
    }
  }

  MonotonicClock clock_;
  Market market_;
  bool waits_;
  std::vector<Seen> batch_;
  std::size_t given_ = 0;
  ring_buffer* buffer_;
  PauseWatch watch_;
};

}  // namespace

std::unique_ptr<Path> attach_ebpf(const Setting& setting) {
  return std::make_unique<EbpfPath>(setting);
}

std::unique_ptr<Path> attach_ebpf_poll(const Setting& setting) {
  return std::make_unique<EbpfPollPath>(setting);
}

std::unique_ptr<Path> attach_ringbuf_poll(const Setting& setting) {
  return std::make_unique<RingbufPath>(setting, Output::kRingbuf);
}

std::unique_ptr<Path> attach_ringbuf_spin(const Setting& setting) {
  return std::make_unique<RingbufPath>(setting, Output::kRingbufSilent);
}

}  // namespace hft::bench
