// SPDX-License-Identifier: MIT
// boost::lockfree::spsc_queue.
#include <boost/lockfree/spsc_queue.hpp>

#include "contender.hpp"

namespace hft::peers {
namespace {

template <class T>
class Boost {
 public:
  using Record = T;
  explicit Boost(std::size_t capacity) : queue_(capacity) {}
  bool try_publish(const T& record) { return queue_.push(record); }
  bool try_read(T& out) { return queue_.pop(out); }
  template <class Handler>
  std::size_t read_all(Handler&& handler) {
    return queue_.consume_all(handler);
  }

 private:
  boost::lockfree::spsc_queue<T> queue_;
};

}  // namespace

Contenders peer_boost() {
  return {contender<Boost>("boost-spsc_queue", "boost::lockfree::spsc_queue")};
}

}  // namespace hft::peers
