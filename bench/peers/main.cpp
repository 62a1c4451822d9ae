// SPDX-License-Identifier: MIT
// `peers`: hft::Ring beside well-known rings, in one process.
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "help.hpp"
#include "lab/files.hpp"
#include "lab/machine.hpp"
#include "options.hpp"
#include "program.hpp"
#include "report.hpp"

namespace hft::peers {
namespace {

void list() {
  for (const Contender& contender : contenders()) {
    fmt::print("{:<18} {}\n", contender.name, contender.summary);
  }
  for (const Missing& peer : missing_peers()) {
    fmt::print("{:<18} not built in: {}, then configure again\n", peer.name,
               peer.how);
  }
}

// A line every two seconds, for whoever waits.
class Progress {
 public:
  explicit Progress(const Plan& plan) : plan_(plan) {}

  void operator()(std::size_t run, std::size_t round) {
    const auto now = Clock::now();
    if (now - last_ < std::chrono::seconds(2)) {
      return;
    }
    last_ = now;
    fmt::print(stderr, "run {} of {}, round {} of {}, {:.0f} s\n", run + 1,
               plan_.runs, round + 1, plan_.rounds,
               std::chrono::duration<double>(now - begin_).count());
  }

 private:
  using Clock = std::chrono::steady_clock;
  const Plan& plan_;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
};

void run(const Options& options) {
  Setting setting;
  setting.plan = make_plan(options);
  setting.manifest = lab::describe_machine();
  std::vector<std::string> reasons;
  lab::try_lock_memory(reasons);
  const lab::NoiseWatch watch(setting.plan.there, std::move(reasons));
  // What malloc gives to a ring is a mapping of its own as well: fresh pages
  // each round, as for ours.
  mallopt(M_MMAP_THRESHOLD, 4096);
  Progress progress(setting.plan);
  const Summary summary =
      summarise(measure(setting.plan, std::ref(progress)), setting.plan.runs);
  setting.validity = watch.judge(setting.manifest);
  // The file last: by then nobody asks how far the table has come.
  fmt::print("{}", format_tables(setting, summary));
  if (!options.json.empty()) {
    lab::write_file(options.json, format_json(setting, summary));
  }
}

}  // namespace
}  // namespace hft::peers

int main(int argc, char** argv) {
  CLI::App app{
      "Measure hft::Ring beside well-known rings: round trips and streaming"};
  app.name("peers");
  app.formatter(std::make_shared<hft::tools::Help>());
  hft::peers::Options options;
  hft::peers::add_options(app, options);
  return hft::tools::run_program(app, argc, argv, [&] {
    options.list ? hft::peers::list() : hft::peers::run(options);
    return hft::tools::kOk;
  });
}
