// SPDX-License-Identifier: MIT
// Our ring between two processes, polled: one of them, or many through a
// Poller.
#include "bench/paths/pause_watch.hpp"
#include "bench/paths/poller.hpp"
#include "bench/paths/process_path.hpp"
#include "bench/paths/unavailable.hpp"

namespace hft::bench {
namespace {

class Spin {
 public:
  explicit Spin(bool watch) : watch_(watch) {}

  void notify() const {}
  const hft_record& wait(Consumer<hft_record>& consumer) {
    return watch_.enabled() ? read_watching(consumer, watch_) : consumer.read();
  }
  [[nodiscard]] std::uint64_t stall_cycles() const { return watch_.longest(); }

 private:
  PauseWatch watch_;
};

std::unique_ptr<Path> attach_process(const Setting& setting) {
  return setting.rings > 0 ? attach_poller(setting)
                           : attach_as<ProcessPath<Spin>>(setting);
}

}  // namespace

extern const PathKind kProcess = {
    .name = "process",
    .summary = "our ring between two processes, polled",
    .standard = true,
    .adapts = Adapts::kToRings,
    .unavailable = process_unavailable,
    .attach = attach_process,
};

}  // namespace hft::bench
