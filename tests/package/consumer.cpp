// SPDX-License-Identifier: MIT
// A user's program: a ring, and one record through it.
#include <hft/ring.hpp>
#include <iostream>

int main() {
  using Ticks = hft::Ring<std::uint64_t>;
  const auto region = hft::Region::anonymous(Ticks::geometry(1024));
  auto producer = Ticks(region).producer();
  auto consumer = Ticks(region).consumer();
  producer.try_publish(42);
  std::cout << "read " << consumer.read() << '\n';
}
