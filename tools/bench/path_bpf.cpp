// SPDX-License-Identifier: MIT
// A simulator in BPF: into our ring, and into the kernel's BPF ring buffer as
// one consumes it, in epoll or in a loop.
#include <bpf/libbpf.h>

#include <cerrno>
#include <system_error>

#include "hft/bpf_simulator.hpp"
#include "hft/consumer.hpp"
#include "market.hpp"
#include "monotonic.hpp"
#include "path.hpp"
#include "pause_watch.hpp"

namespace hft::bench {
namespace {

using bpf::Simulator;
using Output = Simulator::Options::Output;

Simulator make_simulator(const Setting& setting, Output output) {
  return Simulator(
      {.period = setting.period,
       .cpu = setting.producer_cpu,
       .output = output,
       .shape = {.slot_count = static_cast<std::uint32_t>(setting.capacity)}});
}

class EbpfPath : public Path {
 public:
  explicit EbpfPath(const Setting& setting)
      : simulator_(make_simulator(setting, Output::kRing)),
        watch_(setting.watch) {}

  void begin() override { simulator_.start(); }

  Seen next() override {
    const hft_record& record =
        watch_.enabled() ? read_watching(consumer_, watch_) : consumer_.read();
    const std::uint64_t now = clock_.now();
    Seen seen;
    take_market(record, seen);
    seen.now = now;
    seen.stamp = clock_.at(record.stamp);
    seen.stall = watch_.longest();
    consumer_.release();
    return seen;
  }

 private:
  MonotonicClock clock_;
  Simulator simulator_;
  bpf::Ring ring_ = simulator_.rings().attach(0, Role::kConsumer);
  Consumer<hft_record> consumer_ = ring_.consumer();
  PauseWatch watch_;
};

// Records come in batches, and next() gives one: so each call of libbpf's takes
// one, which is what it takes on its own at our rates.
class RingbufPath : public Path {
 public:
  RingbufPath(const Setting& setting, Output output)
      : simulator_(make_simulator(setting, output)),
        waits_(output == Output::kRingbuf),
        buffer_(ring_buffer__new(simulator_.ringbuf_fd(), take, this, nullptr)),
        watch_(setting.watch) {
    if (buffer_ == nullptr) {
      throw std::system_error(errno, std::generic_category(),
                              "attach to a BPF ring buffer");
    }
  }
  RingbufPath(const RingbufPath&) = delete;
  RingbufPath& operator=(const RingbufPath&) = delete;
  ~RingbufPath() override { ring_buffer__free(buffer_); }

  void begin() override { simulator_.start(); }

  Seen next() override {
    taken_ = false;
    if (waits_) {
      while (!taken_) {
        consume(ring_buffer__poll(buffer_, -1));
      }
    } else {
      spin_until(watch_, [this] {
        consume(ring_buffer__consume(buffer_));
        return taken_;
      });
    }
    seen_.stall = watch_.longest();
    return seen_;
  }

 private:
  static constexpr int kStop = -ECANCELED;  // no errno of libbpf's own here

  static int take(void* self, void* data, std::size_t /*bytes*/) {
    static_cast<RingbufPath*>(self)->take(*static_cast<hft_record*>(data));
    return kStop;
  }

  void take(const hft_record& record) {
    const std::uint64_t now = clock_.now();
    take_market(record, seen_);
    seen_.now = now;
    seen_.stamp = clock_.at(record.stamp);
    taken_ = true;
  }

  static void consume(int result) {
    if (result < 0 && result != kStop && result != -EINTR) {
      throw std::system_error(-result, std::generic_category(),
                              "consume a BPF ring buffer");
    }
  }

  MonotonicClock clock_;
  Simulator simulator_;
  bool waits_;
  bool taken_ = false;
  Seen seen_;
  ring_buffer* buffer_;
  PauseWatch watch_;
};

}  // namespace

std::unique_ptr<Path> attach_ebpf(const Setting& setting) {
  return std::make_unique<EbpfPath>(setting);
}

std::unique_ptr<Path> attach_ringbuf_poll(const Setting& setting) {
  return std::make_unique<RingbufPath>(setting, Output::kRingbuf);
}

std::unique_ptr<Path> attach_ringbuf_spin(const Setting& setting) {
  return std::make_unique<RingbufPath>(setting, Output::kRingbufSilent);
}

}  // namespace hft::bench
