// SPDX-License-Identifier: MIT
// What a ring has to offer to be measured, and how little a peer writes for it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "hft/wait.hpp"

namespace hft::peers {

/// Poll until `there()`. Every candidate waits here, for records and for room,
/// so that none is ahead by the way it is polled.
template <std::predicate There>
void wait_until(There&& there) {
  BusySpin wait;
  while (!there()) {
    wait.rest();
  }
}

/// A ring of Q::Record. Its ends are movable: the measuring loops hold them as
/// local values, so that what is hot in them can live in registers.
template <class Q>
concept Candidate = std::constructible_from<Q, std::size_t> &&
    requires(Q& ring, const typename Q::Record& record, typename Q::Record& out,
             void (&handler)(const typename Q::Record&),
             decltype(ring.producer())& producer,
             decltype(ring.consumer())& consumer) {
  // Publishes, waiting for room.
  producer.publish(record);
  // Takes the next record; false when there is none.
  { consumer.try_read(out) } -> std::same_as<bool>;
  // Gives every record that is there to the handler; how many there were.
  { consumer.read_all(handler) } -> std::convertible_to<std::size_t>;
};

/// Makes a Candidate of a queue with `bool try_publish(const Record&)` and
/// `bool try_read(Record&)`. A queue whose library has something better for
/// taking many offers `read_all(handler)` too.
template <class Queue>
class Ends : public Queue {
 public:
  using Record = typename Queue::Record;
  using Queue::Queue;

  struct Producer {
    Queue* queue;
    void publish(const Record& record) {
      wait_until([&] { return queue->try_publish(record); });
    }
  };

  struct Consumer {
    Queue* queue;
    bool try_read(Record& out) { return queue->try_read(out); }
    template <class Handler>
    std::size_t read_all(Handler&& handler) {
      if constexpr (requires { queue->read_all(handler); }) {
        return queue->read_all(handler);
      } else {
        std::size_t count = 0;
        for (Record record; queue->try_read(record); ++count) {
          handler(record);
        }
        return count;
      }
    }
  };

  Producer producer() { return {this}; }
  Consumer consumer() { return {this}; }
};

}  // namespace hft::peers
