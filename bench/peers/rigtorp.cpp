// SPDX-License-Identifier: MIT
// rigtorp::SPSCQueue, from HFT_PEERS_DIR.
#include <rigtorp/SPSCQueue.h>

#include "contender.hpp"

namespace hft::peers {
namespace {

template <class T>
class Rigtorp {
 public:
  using Record = T;
  explicit Rigtorp(std::size_t capacity) : queue_(capacity) {}
  bool try_publish(const T& record) { return queue_.try_push(record); }
  bool try_read(T& out) {
    const T* record = queue_.front();
    if (record == nullptr) {
      return false;
    }
    out = *record;
    queue_.pop();
    return true;
  }

 private:
  rigtorp::SPSCQueue<T> queue_;
};

}  // namespace

Contenders peer_rigtorp() {
  return {contender<Rigtorp>("rigtorp-SPSCQueue", "rigtorp::SPSCQueue")};
}

}  // namespace hft::peers
