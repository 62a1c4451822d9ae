// SPDX-License-Identifier: MIT
// Our ring between two processes: polled, slept on with a futex, or with an
// eventfd beside it.
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "bench/paths/pause_watch.hpp"
#include "bench/paths/process_ring.hpp"
#include "hft/descriptor.hpp"

namespace hft::bench {
namespace {

/// What the consumer does while the ring is empty, and the producer after each
/// record.
class Spin {
 public:
  explicit Spin(bool watch) : watch_(watch) {}

  void notify() const {}
  const hft_record& wait(Consumer<hft_record>& consumer) {
    return watch_.enabled() ? read_watching(consumer, watch_) : consumer.read();
  }
  [[nodiscard]] std::uint64_t stall() const { return watch_.longest(); }

 private:
  PauseWatch watch_;
};

class Sleep {
 public:
  explicit Sleep(bool /*watch*/) {}

  void notify() const {}
  const hft_record& wait(Consumer<hft_record>& consumer) {
    return consumer.read(wait_);
  }
  [[nodiscard]] std::uint64_t stall() const { return 0; }

 private:
  SpinThenSleep wait_{.spins = 0};
};

class Event {
 public:
  explicit Event(bool /*watch*/) : event_(eventfd(0, EFD_CLOEXEC)) {
    check(event_.get() >= 0, "eventfd");
  }

  void notify() const {
    const std::uint64_t one = 1;
    check(write(event_.get(), &one, sizeof(one)) == sizeof(one),
          "write to an eventfd");
  }
  const hft_record& wait(Consumer<hft_record>& consumer) const {
    for (;;) {
      if (const hft_record* record = consumer.try_read()) {
        return *record;
      }
      std::uint64_t count = 0;
      check(read(event_.get(), &count, sizeof(count)) == sizeof(count),
            "read an eventfd");
    }
  }
  [[nodiscard]] std::uint64_t stall() const { return 0; }

 private:
  static void check(bool done, const char* what) {
    if (!done) {
      throw std::system_error(errno, std::generic_category(), what);
    }
  }

  Descriptor event_;
};

template <typename Wait>
class ProcessPath : public Path {
 public:
  explicit ProcessPath(const Setting& setting)
      : region_(make_ring(setting)),
        reader_(setting, region_),
        wait_(setting.watch),
        consumer_(RecordRing(region_).consumer()),
        producer_(setting.path, setting.producer_cpu,
                  [&](const ProducerProcess::Ready& ready) {
                    produce(region_, setting, ready, [&] { wait_.notify(); });
                  }) {}

  void begin() override { producer_.start(); }

  Seen next() override {
    Seen seen = reader_.take(wait_.wait(consumer_));
    seen.stall = wait_.stall();
    consumer_.release();
    return seen;
  }

 private:
  Region region_;
  RecordReader reader_;
  Wait wait_;
  Consumer<hft_record> consumer_;
  ProducerProcess producer_;
};

}  // namespace

std::unique_ptr<Path> attach_process(const Setting& setting) {
  if (setting.rings > 0) {
    return attach_poller(setting);
  }
  return std::make_unique<ProcessPath<Spin>>(setting);
}

std::unique_ptr<Path> attach_futex(const Setting& setting) {
  return std::make_unique<ProcessPath<Sleep>>(setting);
}

std::unique_ptr<Path> attach_eventfd(const Setting& setting) {
  return std::make_unique<ProcessPath<Event>>(setting);
}

}  // namespace hft::bench
