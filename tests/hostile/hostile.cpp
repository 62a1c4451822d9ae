// SPDX-License-Identifier: MIT
// The hostile consumer: threads of root and of nobody write at random all that
// they can write of /dev/hft, and call it in every way, while an honest ring is
// read and verified beside them.
//
//   hostile --operations 1000000 --seed 7
//
// Ends with 1 when the honest ring had a wrong record. What the kernel thinks
// of it is on its console.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <new>
#include <thread>
#include <vector>

#include "hft/affinity.hpp"
#include "honest.hpp"
#include "vm/driver_test.hpp"
#include "worker.hpp"

namespace hft::test {
namespace {

struct Options {
  std::uint64_t operations = 1'000'000;
  std::uint64_t seed = 1;
};

Shared& share() {
  void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return *new (memory) Shared{};
}

void tell(const Shared& shared) {
  fmt::print("{} operations, {} stores refused, {} honest records, {} wrong\n",
             shared.operations.load(), shared.faults.load(),
             shared.records.load(), shared.wrong.load());
  std::fflush(stdout);
}

// A process with files that root has opened and it could not.
pid_t start_nobody(Shared& shared, const Options& options) {
  constexpr uid_t kNobody = 65534;
  const pid_t child = fork();
  if (child == 0) {
    Worker::catch_faults();
    pin_to_cpu(1);
    Worker worker(shared, options.seed + 1000, Device::open(O_NONBLOCK));
    const bool dropped = setgid(kNobody) == 0 && setuid(kNobody) == 0;
    if (dropped) {
      worker.run(options.operations);
    }
    _exit(dropped ? 0 : 1);
  }
  return child;
}

bool succeeded(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int run(const Options& options) {
  bring_up();
  Shared& shared = share();
  const pid_t honest = start_honest(shared);
  const pid_t nobody = start_nobody(shared, options);
  Worker::catch_faults();
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < 3; ++i) {
      threads.emplace_back([&shared, &options, i] {
        // On both CPUs, of which one is isolated.
        pin_to_cpu(static_cast<int>((i + 1) % 2));
        Worker(shared, options.seed + i).run(options.operations);
      });
    }
    for (int second = 1; shared.operations < options.operations; ++second) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      if (second % 10 == 0) {
        tell(shared);
      }
    }
  }
  const bool nobody_ended = succeeded(nobody);
  shared.stop = true;
  const bool honest_ended = succeeded(honest);
  control(HFT_SYS_SIM_STOP);
  take_down();
  tell(shared);
  const bool intact =
      nobody_ended && honest_ended && shared.wrong == 0 && shared.records > 0;
  fmt::print("{}\n", intact ? "intact" : "not intact");
  return intact ? 0 : 1;
}

}  // namespace
}  // namespace hft::test

int main(int argc, char** argv) {
  CLI::App app("Misuse /dev/hft at random, and see that others do not notice");
  hft::test::Options options;
  app.add_option("--operations", options.operations, "of all threads together");
  app.add_option("--seed", options.seed, "of the random numbers");
  app.footer("Example: hostile --operations 1000000 --seed 7");
  CLI11_PARSE(app, argc, argv);
  return hft::test::run(options);
}
