// SPDX-License-Identifier: MIT
// Our ring between two processes, whose consumer always sleeps until it is
// woken through a futex.
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/paths/process_path.hpp"
#include "bench/paths/unavailable.hpp"

namespace hft::bench {
namespace {

class Sleep {
 public:
  explicit Sleep(bool /*watch*/) {}

  void notify() const {}
  const hft_record& wait(Consumer<hft_record>& consumer) {
    return consumer.read(wait_);
  }
  [[nodiscard]] std::uint64_t stall_cycles() const { return 0; }

 private:
  SpinThenSleep wait_{.spins = 0};
};

std::string futex_unavailable() {
  std::string why_not = process_unavailable();
  const long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  if (why_not.empty() && commands < 0) {
    why_not = "membarrier(2): " + errno_text() +
              ": a consumer cannot sleep on a ring without it";
  }
  return why_not;
}

}  // namespace

extern const PathKind kFutex = {
    .name = "futex",
    .summary = "our ring, whose consumer always sleeps until woken",
    .standard = true,
    .adapts = Adapts::kToPayload,
    .unavailable = futex_unavailable,
    .attach = attach_as<ProcessPath<Sleep>>,
};

}  // namespace hft::bench
