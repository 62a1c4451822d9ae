// SPDX-License-Identifier: MIT
// hft::Ring in both policies.
#include "contender.hpp"
#include "hft/ring.hpp"

namespace hft::peers {
namespace {

template <class T, class P>
class Ours {
 public:
  using Record = T;

  struct Producer {
    hft::Producer<T, P> end;
    void publish(const T& record) {
      BusySpin wait;
      end.publish_when_room(record, wait);
    }
  };

  struct Consumer {
    hft::Consumer<T, P> end;
    bool try_read(T& out) {
      const T* record = end.try_read();
      if (record == nullptr) {
        return false;
      }
      out = *record;
      end.release();
      return true;
    }
    template <class Handler>
    std::size_t read_all(Handler&& handler) {
      return end.for_each(handler);
    }
  };

  explicit Ours(std::size_t capacity)
      // Peers have no huge pages either.
      : region_(Region::anonymous(Ring<T, P>::geometry(capacity),
                                  {.huge_pages = Preference::kNever})) {}
  Producer producer() { return {Ring<T, P>(region_).producer()}; }
  Consumer consumer() { return {Ring<T, P>(region_).consumer()}; }

 private:
  Region region_;
};

template <class P>
std::unique_ptr<Rig> make(const std::string& name, std::size_t bytes,
                          std::size_t capacity) {
  return with_size(bytes, [&]<std::size_t kBytes>() -> std::unique_ptr<Rig> {
    return std::make_unique<RigOf<Ours<Words<kBytes, 8>, P>>>(name, capacity);
  });
}

}  // namespace

Contenders peer_hft() {
  return {{"hft-latency", "hft::Ring<T, Latency>", make<Latency>},
          {"hft-throughput", "hft::Ring<T, Throughput>", make<Throughput>}};
}

}  // namespace hft::peers
