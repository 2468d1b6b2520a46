// What a pull and an idle turn cost with each engine (design 5: a pull < 50 us with SimGrid, < 1 us with fluid).
// A process holds one SimGrid engine, so every measurement runs in a child of its own and reports its own time.
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>

#include "backend/port/random.h"
#include "sim/admission_queue.h"
#include "sim/engine.h"

namespace podramp::sim {
namespace {

constexpr std::int64_t kMB = 1'000'000;

// Seconds that `work` took in a child process; it returns what it measured itself.
double in_child(const std::function<double()>& work) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    const double seconds = work();
    const bool written = write(ends[1], &seconds, sizeof seconds) == sizeof seconds;
    _exit(written ? 0 : 1);
  }
  double seconds = 0;
  const bool complete = read(ends[0], &seconds, sizeof seconds) == sizeof seconds;
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  return complete ? seconds : 0;
}

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// `total` pulls of different sizes; each end starts the next one on the same node.
class PullChain : public Body {
 public:
  PullChain(Engine& engine, std::int32_t nodes, std::int32_t per_node, std::int32_t total)
      : engine_(engine), nodes_(nodes), per_node_(per_node), total_(total) {
    Draw draw(1, "bench.pull", "bytes");
    for (std::size_t i = 0; i < 4096; ++i) bytes_.push_back(draw.uniform(100 * kMB, 2000 * kMB));
  }
  std::optional<TimeUs> turn(TimeUs now, std::span<const TransferEnd> ended) override {
    if (now == 0) {
      for (std::int32_t i = 0; i < nodes_ * per_node_ && started_ < total_; ++i) start(i % nodes_);
    }
    for (const TransferEnd& end : ended) {
      if (started_ < total_) start(static_cast<std::int32_t>(end.id % static_cast<TransferId>(nodes_)));
    }
    return kNever;
  }

 private:
  void start(std::int32_t node) {
    const auto id = static_cast<TransferId>(started_) * static_cast<TransferId>(nodes_) + static_cast<TransferId>(node);
    engine_.start({id, 0, node, bytes_[static_cast<std::size_t>(started_) % bytes_.size()]});
    ++started_;
  }

  Engine& engine_;
  std::int32_t nodes_;
  std::int32_t per_node_;
  std::int32_t total_;
  std::int32_t started_ = 0;
  std::vector<std::int64_t> bytes_;
};

// Args: kind, nodes, pulls alive per node, pulls in all, admission limit.
void pull(benchmark::State& state) {
  const auto kind = static_cast<EngineKind>(state.range(0));
  const auto nodes = static_cast<std::int32_t>(state.range(1));
  const auto total = static_cast<std::int32_t>(state.range(3));
  for (auto _ : state) {
    state.SetIterationTime(in_child([&] {
      const EnginePlatform platform{{1250 * kMB},
                                    std::vector<std::int64_t>(static_cast<std::size_t>(nodes), 125 * kMB)};
      const auto engine = make_engine(kind, platform);
      AdmissionQueue queue(*engine, {static_cast<std::int32_t>(state.range(4))});
      PullChain chain(queue, nodes, static_cast<std::int32_t>(state.range(2)), total);
      return seconds_of([&] { queue.run(chain); });
    }));
  }
  state.counters["per_pull"] = benchmark::Counter(static_cast<double>(state.iterations()) * total,
                                                  benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(pull)
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond)
    ->ArgNames({"fluid", "nodes", "per_node", "pulls", "limit"})
    ->Args({1, 1, 1, 100'000, 64})  // one at a time
    ->Args({1, 1000, 1, 200'000, 64})
    ->Args({1, 20'000, 1, 200'000, 0})  // 20,000 alive
    ->Args({1, 1000, 3, 20'000, 64})    // nodes with several pulls: general max-min
    ->Args({1, 1000, 3, 2'000, 0})
    ->Args({0, 1, 1, 20'000, 64})
    ->Args({0, 1000, 1, 20'000, 16})
    ->Args({0, 1000, 1, 20'000, 64})
    ->Args({0, 1000, 3, 20'000, 64});

// Turns a microsecond apart.
class Ticker : public Body {
 public:
  Ticker(Engine& engine, std::int32_t pulls, TimeUs turns) : engine_(engine), pulls_(pulls), turns_(turns) {}
  std::optional<TimeUs> turn(TimeUs now, std::span<const TransferEnd>) override {
    if (now == 0) {
      for (std::int32_t i = 0; i < pulls_; ++i) engine_.start({static_cast<TransferId>(i), 0, i, 1'000'000 * kMB});
    }
    if (now >= turns_) return std::nullopt;
    return now + 1;
  }

 private:
  Engine& engine_;
  std::int32_t pulls_;
  TimeUs turns_;
};

// Args: kind, pulls alive all the time.
void idle_turn(benchmark::State& state) {
  constexpr TimeUs kTurns = 1'000'000;
  for (auto _ : state) {
    state.SetIterationTime(in_child([&] {
      const EnginePlatform platform{{1250 * kMB}, std::vector<std::int64_t>(100, 125 * kMB)};
      const auto engine = make_engine(static_cast<EngineKind>(state.range(0)), platform);
      AdmissionQueue queue(*engine, {kDefaultAdmissionLimit});
      Ticker ticker(queue, static_cast<std::int32_t>(state.range(1)), kTurns);
      return seconds_of([&] { queue.run(ticker); });
    }));
  }
  state.counters["per_turn"] = benchmark::Counter(static_cast<double>(state.iterations() * kTurns),
                                                  benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(idle_turn)
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond)
    ->ArgNames({"fluid", "alive"})
    ->ArgsProduct({{1, 0}, {0, 1, 64}});

// Args: kind, nodes.
void build_platform(benchmark::State& state) {
  for (auto _ : state) {
    state.SetIterationTime(in_child([&] {
      const EnginePlatform platform{{1250 * kMB},
                                    std::vector<std::int64_t>(static_cast<std::size_t>(state.range(1)), 125 * kMB)};
      return seconds_of(
          [&] { benchmark::DoNotOptimize(make_engine(static_cast<EngineKind>(state.range(0)), platform)); });
    }));
  }
}
BENCHMARK(build_platform)
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond)
    ->ArgNames({"fluid", "nodes"})
    ->ArgsProduct({{1, 0}, {100, 15'000}});

}  // namespace
}  // namespace podramp::sim
