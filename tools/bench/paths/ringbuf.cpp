// SPDX-License-Identifier: MIT
// A simulator in BPF into the kernel's BPF ring buffer, consumed in epoll or
// in a loop.
#include <bpf/libbpf.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "bench/paths/bpf_market.hpp"
#include "bench/paths/market.hpp"
#include "bench/paths/monotonic.hpp"
#include "bench/paths/pause_watch.hpp"
#include "bench/paths/unavailable.hpp"

namespace hft::bench {
namespace {

using Output = BpfMarket::Output;

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

  Arrival next() override {
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
    Arrival& arrival = batch_.emplace_back();
    take_market(record, arrival);
    arrival.now = now;
    arrival.stamp = clock_.at(record.stamp);
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
    batch_.front().stall_cycles = watch_.longest();
  }

  static void check(int result) {
    if (result < 0 && result != kStop && result != -EINTR) {
      throw std::system_error(-result, std::generic_category(),
                              "consume a BPF ring buffer");
    }
  }

  MonotonicClock clock_;
  BpfMarket market_;
  bool waits_;
  std::vector<Arrival> batch_;
  std::size_t given_ = 0;
  ring_buffer* buffer_;
  PauseWatch watch_;
};

}  // namespace

extern const PathKind kRingbufPoll = {
    .name = "ringbuf-poll",
    .summary = "the BPF ring buffer, from a bpf_timer, in epoll",
    .standard = true,
    .adapts = Adapts::kToRate,
    .unavailable = bpf_unavailable,
    .attach = attach_as<RingbufPath, Output::kRingbuf>,
};

extern const PathKind kRingbufSpin = {
    .name = "ringbuf-spin",
    .summary = "the BPF ring buffer, from a bpf_timer, polled",
    .standard = true,
    .adapts = Adapts::kToRate,
    .unavailable = bpf_unavailable,
    .attach = attach_as<RingbufPath, Output::kRingbufSilent>,
};

}  // namespace hft::bench
