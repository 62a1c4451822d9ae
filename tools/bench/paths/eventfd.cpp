// SPDX-License-Identifier: MIT
// Our ring between two processes, and an eventfd that the consumer sleeps on.
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "bench/paths/process_path.hpp"
#include "bench/paths/unavailable.hpp"
#include "hft/descriptor.hpp"

namespace hft::bench {
namespace {

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
  [[nodiscard]] std::uint64_t stall_cycles() const { return 0; }

 private:
  static void check(bool done, const char* what) {
    if (!done) {
      throw std::system_error(errno, std::generic_category(), what);
    }
  }

  Descriptor event_;
};

std::string eventfd_unavailable() {
  std::string why_not = process_unavailable();
  if (why_not.empty() && !Descriptor(eventfd(0, EFD_CLOEXEC))) {
    why_not = "eventfd(2): " + errno_text();
  }
  return why_not;
}

}  // namespace

extern const PathKind kEventfd = {
    .name = "eventfd",
    .summary = "our ring, and an eventfd that the consumer sleeps on",
    .standard = true,
    .adapts = Adapts::kToPayload,
    .unavailable = eventfd_unavailable,
    .attach = attach_as<ProcessPath<Event>>,
};

}  // namespace hft::bench
