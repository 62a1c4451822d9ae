// SPDX-License-Identifier: MIT
// What one would use without a ring: a pipe, and a blocking read().
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "bench/paths/producer_process.hpp"
#include "bench/paths/schedule.hpp"
#include "bench/paths/unavailable.hpp"
#include "hft/descriptor.hpp"
#include "hft/record.hpp"

namespace hft::bench {
namespace {

// As on the ring: a header and a payload. Shorter than PIPE_BUF, so that a pipe
// takes it whole or not at all.
class Message {
 public:
  explicit Message(std::uint32_t payload)
      : bytes_(HFT_RECORD_HEADER + payload) {}

  [[nodiscard]] hft_record& record() {
    return *reinterpret_cast<hft_record*>(buffer_.data());
  }
  [[nodiscard]] std::byte* payload() {
    return buffer_.data() + HFT_RECORD_HEADER;
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  alignas(HFT_CACHE_LINE) std::array<std::byte, HFT_SLOT_SIZE_MAX> buffer_{};
  std::size_t bytes_;
};

class PipePath : public Path {
 public:
  explicit PipePath(const Setting& setting)
      : ticks_(setting.period_ns),
        message_(setting.payload),
        ends_(make_pipe(setting.capacity, message_.bytes())),
        producer_(
            setting.path, setting.producer_cpu,
            [this](const ProducerProcess::Ready& ready) { produce(ready); }) {}

  void begin() override { producer_.start(); }

  Arrival next() override {
    const ssize_t bytes =
        read(ends_[0].get(), &message_.record(), message_.bytes());
    Arrival arrival;
    arrival.now = tsc_now();
    if (bytes != static_cast<ssize_t>(message_.bytes())) {
      throw std::system_error(bytes < 0 ? errno : EPROTO,
                              std::generic_category(), "read a pipe");
    }
    ticks_.take(message_.record().stamp, message_.payload(), arrival);
    return arrival;
  }

 private:
  using Ends = std::array<Descriptor, 2>;

  static Ends make_pipe(std::uint64_t messages, std::uint64_t bytes) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    // No message lies across two pages of a pipe. Without privileges there is
    // less room than wished for: as much as there is.
    const std::uint64_t in_a_page = HFT_PAGE / bytes;
    std::uint64_t room = (messages + in_a_page - 1) / in_a_page * HFT_PAGE;
    while (room > HFT_PAGE &&
           fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(room)) < 0) {
      room /= 2;
    }
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
  }

  [[noreturn]] void produce(const ProducerProcess::Ready& ready) {
    ready();
    keep_schedule(
        ticks_.period_cycles(), [] {},
        [&](std::uint64_t stamp, const Tick& tick) {
          const std::uint64_t word = tick.pack();
          message_.record().stamp = stamp;
          std::memcpy(message_.payload(), &word, sizeof(word));
          const ssize_t bytes =
              write(ends_[1].get(), &message_.record(), message_.bytes());
          // A full pipe drops the record, as a full ring does.
          if (bytes < 0 && errno != EAGAIN) {
            throw std::system_error(errno, std::generic_category(),
                                    "write to a pipe");
          }
        });
  }

  TickReader ticks_;
  Message message_;
  Ends ends_;
  ProducerProcess producer_;
};

}  // namespace

extern const PathKind kPipe = {
    .name = "pipe",
    .summary = "write() and blocking read() of a pipe",
    .standard = true,
    .adapts = Adapts::kToPayload,
    .unavailable = process_unavailable,
    .attach = attach_as<PipePath>,
};

}  // namespace hft::bench
