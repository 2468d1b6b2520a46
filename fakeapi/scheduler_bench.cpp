// How long the scheduler itself takes to place 100,000 pods on 5,000 nodes: cycles, books and bindings, with the
// state's own upkeep, without log, kubelets or API server. Not a test: times are for people.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <queue>

#include "fakeapi/scheduler.h"

namespace podramp::fakeapi {
namespace {

class BenchContext : public Context {
 public:
  explicit BenchContext(ClusterConfig config) : config_(std::move(config)), scheduler_(*this) {}
  TimeUs now() const override { return now_; }
  std::uint64_t seed() const override { return 1; }
  const ClusterConfig& config() const override { return config_; }
  const ClusterState& state() const override { return state_; }
  std::string_view client_name(ClientId) const override { return ""; }
  std::uint64_t next_rv() override { return ++rv_; }
  Seq emit(std::string_view, Seq, const Fact& fact) override {
    state_.apply(fact);
    scheduler_.on_fact(fact, ++seq_);
    bound += std::holds_alternative<fact::PodBound>(fact) ? 1 : 0;
    return seq_;
  }
  Seq fault(Seq, std::string_view, std::string_view) override { return 0; }
  void send(TimeUs at, Seq, FromCluster message) override {
    queue_.push({at, ++order_, std::get<from::SetTimer>(message).timer});
  }
  void run(TimeUs until = kNever) {
    while (!queue_.empty() && queue_.top().at <= until) {
      const Item item = queue_.top();
      queue_.pop();
      now_ = item.at;
      scheduler_.on_timer(item.timer, 0);
    }
  }
  std::int64_t bound = 0;

 private:
  struct Item {
    TimeUs at = 0;
    std::uint64_t order = 0;
    ClusterTimer timer;
    bool operator<(const Item& o) const { return std::tie(o.at, o.order) < std::tie(at, order); }
  };
  ClusterConfig config_;
  ClusterState state_;
  std::priority_queue<Item> queue_;
  TimeUs now_ = 0;
  std::uint64_t rv_ = 0;
  Seq seq_ = 0;
  std::uint64_t order_ = 0;
  Scheduler scheduler_;
};

PodPtr make_pod(std::int64_t i, const TemplatePtr& tmpl) {
  auto pod = std::make_shared<Pod>();
  pod->ns = "bench";
  pod->name = fmt::format("app-exec-{}", i);
  pod->uid = uid_text(static_cast<PodId>(i));
  pod->tmpl = tmpl;
  return pod;
}

// range(0) pods, range(1) nodes, range(2) shapes of pods.
void place_all(benchmark::State& bench) {
  std::vector<TemplatePtr> templates;
  for (std::int64_t s = 0; s < bench.range(2); ++s) {
    PodTemplate tmpl;
    tmpl.containers.push_back({});
    tmpl.containers[0].requests = {1000 + s, 4LL << 30, {}};
    templates.push_back(share(tmpl));
  }
  for (auto _ : bench) {
    bench.PauseTiming();
    ClusterConfig config;
    config.profile.scheduler_qps = 5000;
    BenchContext context(config);
    for (std::int64_t n = 0; n < bench.range(1); ++n) {
      Node node;
      node.name = fmt::format("node-{:05}", n);
      node.labels[std::string(kZoneLabel)] = fmt::format("zone-{}", n % 3);
      node.allocatable = {32'000, 128LL << 30, {}};
      context.emit("bench", 0, fact::NodeAdded{node});
    }
    std::vector<PodPtr> pods;
    for (std::int64_t i = 1; i <= bench.range(0); ++i) {
      pods.push_back(make_pod(i, templates[static_cast<std::size_t>(i % bench.range(2))]));
    }
    bench.ResumeTiming();
    for (const PodPtr& pod : pods) context.emit("bench", 0, fact::PodCreated{pod});
    context.run();
    CHECK(context.bound == bench.range(0));
    bench.PauseTiming();
    pods.clear();
    bench.ResumeTiming();
  }
  bench.counters["pods_per_s"] =
      benchmark::Counter(static_cast<double>(bench.range(0)), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(place_all)
    ->Args({100'000, 5'000, 1})
    ->Args({100'000, 5'000, 20})
    ->Args({100'000, 5'000, 500})
    ->Args({10'000, 500, 1})
    ->Unit(benchmark::kMillisecond);

// 10,000 pods that fit nowhere are each told so once.
void refuse_all(benchmark::State& bench) {
  PodTemplate tmpl;
  tmpl.containers.push_back({});
  tmpl.containers[0].requests = {64'000, 4LL << 30, {}};
  const TemplatePtr shared = share(tmpl);
  for (auto _ : bench) {
    ClusterConfig config;
    config.profile.scheduler_qps = 5000;
    config.profile.unschedulable_timeout_us = kHourUs;
    BenchContext context(config);
    for (int n = 0; n < 5'000; ++n) {
      Node node;
      node.name = fmt::format("node-{:05}", n);
      node.allocatable = {32'000, 128LL << 30, {}};
      context.emit("bench", 0, fact::NodeAdded{node});
    }
    for (std::int64_t i = 1; i <= 10'000; ++i) context.emit("bench", 0, fact::PodCreated{make_pod(i, shared)});
    context.run(50 * kMinuteUs);
    benchmark::DoNotOptimize(context.state().resource_version());
  }
}
BENCHMARK(refuse_all)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace podramp::fakeapi
