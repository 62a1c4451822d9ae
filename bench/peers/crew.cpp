// SPDX-License-Identifier: MIT
#include "crew.hpp"

#include "hft/affinity.hpp"

namespace hft::peers {

// A thread begins with its parent's CPU, and an exception here is the caller's.
Crew::Crew(int here, int there) {
  pin_to_cpu(there);
  helper_ = std::thread([this] { work(); });
  try {
    pin_to_cpu(here);
  } catch (...) {
    ordered_.store(1);
    helper_.join();
    throw;
  }
}

Crew::~Crew() {
  job_ = nullptr;
  // Release pairs with the acquire load in work().
  ordered_.fetch_add(1, std::memory_order_release);
  helper_.join();
}

void Crew::run(const std::function<void()>& there,
               const std::function<void()>& here) {
  job_ = &there;
  // Release pairs with the acquire load in work(): the job is there.
  const std::uint64_t order =
      ordered_.fetch_add(1, std::memory_order_release) + 1;
  here();
  // Acquire pairs with the release store in work(): the job's results are.
  while (done_.load(std::memory_order_acquire) != order) {
  }
}

void Crew::work() {
  for (std::uint64_t order = 1;; ++order) {
    while (ordered_.load(std::memory_order_acquire) != order) {
    }
    if (job_ == nullptr) {
      return;
    }
    (*job_)();
    done_.store(order, std::memory_order_release);
  }
}

}  // namespace hft::peers
