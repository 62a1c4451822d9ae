// SPDX-License-Identifier: MIT
// Two rings of one candidate, one each way, and the loops that measure them.
//
// Each loop is compiled for its candidate; what is virtual is called once a
// block of hundreds of records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "candidate.hpp"
#include "hft/clock.hpp"
#include "hft/detail/mapping.hpp"
#include "record.hpp"

namespace hft::peers {

/// Something that can be sent there and back. ping() runs on one thread while
/// pong() runs on the other, for the same number of round trips.
class PingPong {
 public:
  PingPong() = default;
  PingPong(const PingPong&) = delete;
  PingPong& operator=(const PingPong&) = delete;
  virtual ~PingPong() = default;
  /// Cycles of each round trip, as many as there is room for.
  virtual void ping(std::span<std::uint64_t> cycles) = 0;
  virtual void pong(std::size_t trips) = 0;
};

class Rig : public PingPong {
 public:
  enum Way { kThere, kBack };
  /// One way, on two threads, for the same number of records.
  virtual void produce(Way way, std::uint64_t records) = 0;
  virtual void consume(Way way, std::uint64_t records) = 0;
};

/// An object in fresh pages of its own, so that where its lines lie is drawn
/// anew each time.
template <class T>
class InPages {
 public:
  explicit InPages(std::size_t capacity)
      : pages_(Mapping::anonymous(sizeof(T))),
        object_(std::construct_at(pages_.as<T>(), capacity)) {}
  InPages(const InPages&) = delete;
  InPages& operator=(const InPages&) = delete;
  ~InPages() { std::destroy_at(object_); }
  T* operator->() const { return object_; }

 private:
  Mapping pages_;
  T* object_;
};

template <Candidate Q>
class RigOf final : public Rig {
 public:
  RigOf(std::string name, std::size_t capacity)
      : name_(std::move(name)), lanes_{Lane(capacity), Lane(capacity)} {}

  void ping(std::span<std::uint64_t> cycles) override {
    auto producer = std::move(lanes_[kThere].producer);
    auto consumer = std::move(lanes_[kBack].consumer);
    for (std::uint64_t& trip : cycles) {
      const auto sent = make_record<Record>(asked_);
      Record answer;
      const std::uint64_t start = tsc_now();
      producer.publish(sent);
      wait_until([&] { return consumer.try_read(answer); });
      trip = tsc_now() - start;
      verify(answer, name_, asked_, asked_);
      ++asked_;
    }
    lanes_[kThere].producer = std::move(producer);
    lanes_[kBack].consumer = std::move(consumer);
  }

  void pong(std::size_t trips) override {
    auto consumer = std::move(lanes_[kThere].consumer);
    auto producer = std::move(lanes_[kBack].producer);
    for (std::size_t i = 0; i < trips; ++i) {
      Record question;
      wait_until([&] { return consumer.try_read(question); });
      producer.publish(question);
      verify(question, name_, answered_, answered_);
      ++answered_;
    }
    lanes_[kThere].consumer = std::move(consumer);
    lanes_[kBack].producer = std::move(producer);
  }

  void produce(Way way, std::uint64_t records) override {
    Lane& lane = lanes_[way];
    auto producer = std::move(lane.producer);
    const std::uint64_t begin = lane.published;
    for (std::uint64_t i = begin; i < begin + records; ++i) {
      producer.publish(make_record<Record>(i));
    }
    lane.published = begin + records;
    lane.producer = std::move(producer);
  }

  void consume(Way way, std::uint64_t records) override {
    Lane& lane = lanes_[way];
    auto consumer = std::move(lane.consumer);
    std::uint64_t next = lane.read;
    const std::uint64_t end = next + records;
    while (next < end) {
      wait_until([&] {
        return consumer.read_all([&](const Record& record) {
          verify(record, name_, next, next);
          ++next;
        }) > 0;
      });
    }
    lane.read = end;
    lane.consumer = std::move(consumer);
  }

 private:
  using Record = typename Q::Record;

  struct Lane {
    explicit Lane(std::size_t capacity)
        : ring(capacity),
          producer(ring->producer()),
          consumer(ring->consumer()) {}
    InPages<Q> ring;
    decltype(std::declval<Q&>().producer()) producer;
    decltype(std::declval<Q&>().consumer()) consumer;
    std::uint64_t published = 0;  // one way; round trips have their own count
    std::uint64_t read = 0;
  };

  std::string name_;
  Lane lanes_[2];
  std::uint64_t asked_ = 0;
  std::uint64_t answered_ = 0;
};

}  // namespace hft::peers
