// SPDX-License-Identifier: MIT
// What the wait policies of a consumer cost while there is something to do:
// each beside BusySpin, in one process.
//
//   waits --rounds 200 --cpus 0,1
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "crew.hpp"
#include "help.hpp"
#include "hft/clock.hpp"
#include "hft/ring.hpp"
#include "lab/statistics.hpp"
#include "program.hpp"
#include "rig.hpp"
#include "summary.hpp"
#include "values.hpp"

namespace hft::peers {
namespace {

constexpr std::size_t kTrips = 2000;
constexpr std::uint64_t kStreamed = 200'000;

using Tick = Words<16, 8>;

class Waiting : public PingPong {
 public:
  virtual void produce(std::uint64_t records) = 0;
  virtual void consume(std::uint64_t records) = 0;
};

// Two rings, whose consumers wait by W.
template <WaitPolicy W>
class WaitingBy final : public Waiting {
 public:
  void ping(std::span<std::uint64_t> cycles) override {
    W wait;
    for (std::uint64_t& trip : cycles) {
      const std::uint64_t start = tsc_now();
      there_producer_.try_publish(make_record<Tick>(start));
      const Tick& answer = back_consumer_.read(wait);
      trip = tsc_now() - answer.words[0];
      back_consumer_.release();
    }
  }
  void pong(std::size_t trips) override {
    W wait;
    for (std::size_t i = 0; i < trips; ++i) {
      back_producer_.try_publish(there_consumer_.read(wait));
      there_consumer_.release();
    }
  }
  void produce(std::uint64_t records) override {
    BusySpin room;
    for (std::uint64_t i = 0; i < records; ++i) {
      there_producer_.publish_when_room(make_record<Tick>(i), room);
    }
  }
  void consume(std::uint64_t records) override {
    W wait;
    for (std::uint64_t i = 0; i < records; ++i) {
      verify(there_consumer_.read(wait), "hft::Ring", i, i);
      there_consumer_.release();
    }
  }

 private:
  using R = Ring<Tick>;
  Region there_ = Region::anonymous(R::geometry(1024));
  Region back_ = Region::anonymous(R::geometry(1024));
  // Apart: each is one thread's.
  alignas(128) Producer<Tick> there_producer_ = R(there_).producer();
  alignas(128) Consumer<Tick> there_consumer_ = R(there_).consumer();
  alignas(128) Producer<Tick> back_producer_ = R(back_).producer();
  alignas(128) Consumer<Tick> back_consumer_ = R(back_).consumer();
};

struct Figures {
  double mean = 0;  // finer than a counter that counts in steps
  double p50 = 0;
  double p99 = 0;
  double streaming = 0;  // cycles for all records
};

Figures measure(Crew& crew, Waiting& what) {
  std::vector<std::uint64_t> cycles(kTrips);
  crew.run([&] { what.pong(kTrips); }, [&] { what.ping(cycles); });
  const hft::lab::Summary trips = hft::lab::summarise(cycles);
  const std::uint64_t start = tsc_now();
  crew.run([&] { what.consume(kStreamed); }, [&] { what.produce(kStreamed); });
  return {trips.mean, static_cast<double>(trips.p50),
          static_cast<double>(trips.p99),
          static_cast<double>(tsc_now() - start)};
}

struct Candidate {
  std::string_view name;
  std::function<std::unique_ptr<Waiting>()> make;
};

template <class W>
Candidate candidate(std::string_view name) {
  return {name, [] { return std::make_unique<WaitingBy<W>>(); }};
}

// Over BusySpin, whose turn comes right before and right after: what the host
// does to a round it does to both.
void compare(Crew& crew, const Candidate& candidate, int rounds) {
  std::vector<double> means;
  std::vector<double> p50;
  std::vector<double> p99;
  std::vector<double> streaming;
  for (int round = 0; round < rounds; ++round) {
    // Made anew: how a ring lies in memory counts too.
    WaitingBy<BusySpin> busy;
    const auto what = candidate.make();
    measure(crew, busy);  // once around: no page is touched for the first time
    measure(crew, *what);
    const Figures before = measure(crew, busy);
    const Figures found = measure(crew, *what);
    const Figures after = measure(crew, busy);
    const auto over = [&](double Figures::*which) {
      return 2 * found.*which / (before.*which + after.*which);
    };
    means.push_back(over(&Figures::mean));
    p50.push_back(over(&Figures::p50));
    p99.push_back(over(&Figures::p99));
    streaming.push_back(over(&Figures::streaming));
  }
  fmt::print("{:<16}{:8.3f}{:8.3f}{:8.3f}{:12.3f}\n", candidate.name,
             median(means), median(p50), median(p99), median(streaming));
}

void run(int producer_cpu, int consumer_cpu, int rounds) {
  Crew crew(producer_cpu, consumer_cpu);
  fmt::print(
      "Time over BusySpin's, 16 B, Latency: medians of {} rounds\n"
      "{:<16}{:>8}{:>8}{:>8}{:>12}\n",
      rounds, "", "RTT", "P50", "P99", "a record");
  for (const Candidate& each :
       {candidate<BusySpin>("BusySpin"), candidate<Pause>("Pause"),
        candidate<Yield>("Yield"), candidate<SpinThenSleep>("SpinThenSleep")}) {
    compare(crew, each, rounds);
  }
}

}  // namespace
}  // namespace hft::peers

int main(int argc, char** argv) {
  CLI::App app{
      "Compare the wait policies of a consumer that has work with BusySpin"};
  app.name("waits");
  app.formatter(std::make_shared<hft::tools::Help>());
  int rounds = 200;
  std::vector<int> cpus = {0, 1};
  app.add_option("--rounds", rounds,
                 "Rounds; the figures are medians over them")
      ->check(hft::tools::whole_number(1, 100'000))
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--cpus", cpus, "CPUs of the producer and of the consumer")
      ->delimiter(',')
      ->expected(2)
      ->check(hft::tools::cpu())
      ->option_text("P,C")
      ->default_str("0,1");
  app.footer("Example: waits --rounds 50 --cpus 2,3");
  return hft::tools::run_program(app, argc, argv, [&] {
    hft::peers::run(cpus[0], cpus[1], rounds);
    return hft::tools::kOk;
  });
}
