// SPDX-License-Identifier: MIT
// Concurrency Kit's ck_ring, records by value.
#include <memory>
#include <new>
#include <vector>

#include "ck_shim.h"
#include "contender.hpp"

namespace hft::peers {
namespace {

template <std::size_t kBytes>
struct Calls;
template <>
struct Calls<8> {
  static constexpr auto kTryPublish = peer_ck_try_publish_8;
  static constexpr auto kTryRead = peer_ck_try_read_8;
};
template <>
struct Calls<16> {
  static constexpr auto kTryPublish = peer_ck_try_publish_16;
  static constexpr auto kTryRead = peer_ck_try_read_16;
};
template <>
struct Calls<64> {
  static constexpr auto kTryPublish = peer_ck_try_publish_64;
  static constexpr auto kTryRead = peer_ck_try_read_64;
};
template <>
struct Calls<256> {
  static constexpr auto kTryPublish = peer_ck_try_publish_256;
  static constexpr auto kTryRead = peer_ck_try_read_256;
};

template <class T>
class Ck {
 public:
  using Record = T;
  explicit Ck(std::size_t capacity)
      : ring_(peer_ck_new(static_cast<unsigned>(capacity)), peer_ck_delete),
        records_(capacity) {
    if (!ring_) {
      throw std::bad_alloc();
    }
  }
  bool try_publish(const T& record) {
    return Calls<sizeof(T)>::kTryPublish(ring_.get(), records_.data(), &record);
  }
  bool try_read(T& out) {
    return Calls<sizeof(T)>::kTryRead(ring_.get(), records_.data(), &out);
  }

 private:
  std::unique_ptr<ck_ring, void (*)(ck_ring*)> ring_;
  std::vector<T> records_;
};

}  // namespace

Contenders peer_ck() {
  return {contender<Ck>("ck_ring", "Concurrency Kit's ck_ring, spsc")};
}

}  // namespace hft::peers
