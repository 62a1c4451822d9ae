// SPDX-License-Identifier: MIT
// The standard to beat: sleep in read() until the driver wakes us.
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "bench/path.hpp"
#include "bench/paths/market.hpp"
#include "hft/clock.hpp"
#include "hft/device.hpp"

namespace hft::bench {
namespace {

class ReadPath : public Path {
 public:
  explicit ReadPath(const Setting& /*setting*/) {}

  Arrival next() override {
    hft_record record;
    const ssize_t bytes = read(device_.fd(), &record, sizeof(record));
    Arrival arrival;
    arrival.now = tsc_now();
    if (bytes != sizeof(record)) {
      throw std::system_error(bytes < 0 ? errno : EPROTO,
                              std::generic_category(), "read /dev/hft");
    }
    take_market(record, arrival);
    return arrival;
  }

 private:
  Device device_ = Device::open();
};

}  // namespace

extern const PathKind kRead = {
    .name = "read",
    .summary = "blocking read() of /dev/hft",
    .driver = true,
    .standard = true,
    .unavailable = driver_unavailable,
    .attach = attach_as<ReadPath>,
};

}  // namespace hft::bench
