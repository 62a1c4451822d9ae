// SPDX-License-Identifier: MIT
// moodycamel::ReaderWriterQueue, used as a bounded queue.
#include <readerwriterqueue/readerwriterqueue.h>

#include "contender.hpp"

namespace hft::peers {
namespace {

template <class T>
class ReaderWriter {
 public:
  using Record = T;
  explicit ReaderWriter(std::size_t capacity) : queue_(capacity) {}
  bool try_publish(const T& record) { return queue_.try_enqueue(record); }
  bool try_read(T& out) { return queue_.try_dequeue(out); }

 private:
  moodycamel::ReaderWriterQueue<T> queue_;
};

}  // namespace

Contenders peer_readerwriterqueue() {
  return {contender<ReaderWriter>("readerwriterqueue",
                                  "moodycamel::ReaderWriterQueue")};
}

}  // namespace hft::peers
