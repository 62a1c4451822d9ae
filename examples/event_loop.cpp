// SPDX-License-Identifier: MIT
// One thread that waits for everything at once, in epoll: rings of a process,
// of a BPF program and of the driver, and a socket. It sleeps while nothing
// comes. Every kind of ring is waited for in the same way.
//
//   event_loop    as root for the BPF program; the driver where it is loaded
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <hft/bpf.hpp>
#include <hft/bpf_simulator.hpp>
#include <hft/descriptor.hpp>
#include <hft/device.hpp>
#include <hft/ring.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

struct Order {
  std::uint64_t number;
};
using Orders = hft::Ring<Order>;

constexpr std::uint64_t kOrders = 100;
constexpr std::chrono::milliseconds kBetweenOrders(5);

// What the loop needs from a ring; it is the same for every kind of producer.
struct Source {
  std::string name;
  int wake_fd;
  std::function<std::size_t()> take;  // all records that are there
  std::function<bool()> prepare_wait;
  std::function<void()> finish_wait;
  std::size_t taken = 0;
};

template <class Consumer>
Source source_of(const std::string& name, Consumer& consumer) {
  return {.name = name,
          .wake_fd = consumer.wake_fd(),
          .take = [&] { return consumer.for_each([](const auto&) {}); },
          .prepare_wait = [&] { return consumer.prepare_wait(); },
          .finish_wait = [&] { consumer.finish_wait(); }};
}

void watch(int events, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  if (epoll_ctl(events, EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

// Sleeps until a ring or the socket has something; true if it is the socket.
bool wait_for_any(int events, int socket, std::vector<Source>& sources) {
  epoll_event event{};
  // Where a record has come meanwhile nobody sleeps: the loop takes it first.
  if (std::ranges::all_of(sources,
                          [](Source& one) { return one.prepare_wait(); })) {
    epoll_wait(events, &event, 1, -1);
  }
  for (Source& one : sources) {
    one.finish_wait();
  }
  return event.data.fd == socket && event.events != 0;
}

// Orders, one by one, and then the word on the socket that all have come.
void send_orders(const hft::Attached& ring, int socket) {
  auto orders = Orders(ring).producer();
  for (std::uint64_t number = 0; number < kOrders; ++number) {
    orders.try_publish({number});
    std::this_thread::sleep_for(kBetweenOrders);
  }
  static_cast<void>(!write(socket, "done", 4));
}

}  // namespace

int main() {
  const hft::Descriptor events(epoll_create1(EPOLL_CLOEXEC));
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    return 1;
  }
  const hft::Descriptor socket(sockets[0]);
  const hft::Descriptor other_end(sockets[1]);
  watch(events.get(), socket.get());
  std::vector<Source> sources;

  const auto region = hft::Region::anonymous(Orders::geometry(1024));
  auto orders = Orders(region).consumer();
  sources.push_back(source_of("a process", orders));

  std::optional<hft::bpf::Simulator> market;
  std::optional<hft::Attached> ring;
  std::optional<hft::KernelConsumer> packets;
  if (const std::string why_not = hft::bpf::unavailable(); why_not.empty()) {
    market.emplace(hft::bpf::SimulatorOptions{});
    ring.emplace(market->rings().attach(0, hft::Role::kConsumer));
    packets.emplace(ring->consumer());
    sources.push_back(source_of("a BPF program", *packets));
    market->start();
  } else {
    std::cout << "without BPF: " << why_not << '\n';
  }

  std::optional<hft::Attached> attached;
  std::optional<hft::KernelConsumer> ticks;
  if (const std::string why_not = hft::driver_unavailable(); why_not.empty()) {
    hft::control(HFT_SYS_CREATE);
    hft::control(HFT_SYS_SIM_START);
    attached.emplace(
        hft::attach("/dev/hft", hft::Role::kConsumer, hft::WakeUp::kOnRequest));
    ticks.emplace(attached->consumer());
    sources.push_back(source_of("the driver", *ticks));
  } else {
    std::cout << "without the driver: " << why_not << '\n';
  }

  for (const Source& one : sources) {
    watch(events.get(), one.wake_fd);
  }
  std::jthread sender([&] { send_orders(region, other_end.get()); });
  std::uint64_t slept = 0;
  do {
    for (Source& one : sources) {
      one.taken += one.take();
    }
    ++slept;
  } while (!wait_for_any(events.get(), socket.get(), sources));

  bool all = true;
  for (Source& one : sources) {
    one.taken += one.take();
    all = all && one.taken >= kOrders;
    std::cout << one.taken << " records of " << one.name << '\n';
  }
  std::cout << "all came, and in between one thread slept for all of them, "
            << slept << " times\n";
  return all ? 0 : 1;
}
