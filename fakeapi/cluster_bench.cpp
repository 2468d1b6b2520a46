// How fast the fake cluster is without a kernel: creates, a list, fan-out to many watches, pods to running.
#include <benchmark/benchmark.h>

#include <queue>

#include "backend/port/status.h"
#include "fakeapi/cluster.h"

namespace podramp::fakeapi {
namespace {

struct Later {
  bool operator()(const std::pair<std::pair<TimeUs, std::uint64_t>, Outgoing>& a,
                  const std::pair<std::pair<TimeUs, std::uint64_t>, Outgoing>& b) const {
    return a.first > b.first;
  }
};

// Delivers the cluster's own messages by (time, insertion) and counts what clients get.
class Loop {
 public:
  explicit Loop(ClusterConfig config) : ledger_({}), cluster(std::move(config), 1, ledger_) { take(cluster.start()); }
  void step(const ToCluster& message) { take(cluster.step(message, 0)); }
  void call(ClientId client, ApiRequest request) { step(to::Request{client, {++calls_}, std::move(request)}); }
  // Clients that send as much as the server takes: above that it answers 429 (K91).
  void pace() {
    if (calls_ % kBurst == 0) run_until(now_ + kPauseUs);
  }
  void run_until(TimeUs end) {
    while (!queue_.empty() && queue_.top().first.first <= end) {
      const TimeUs at = queue_.top().first.first;
      const Outgoing outgoing = queue_.top().second;
      queue_.pop();
      ledger_.set_now(at);
      if (const auto* timer = std::get_if<from::SetTimer>(&outgoing.message)) {
        take(cluster.step(to::Timer{timer->timer}, outgoing.cause));
      } else if (const auto* pull = std::get_if<from::StartPull>(&outgoing.message)) {
        take(cluster.step(to::PullEnded{pull->pull, true}, outgoing.cause));
      } else if (const auto* watched = std::get_if<from::WatchEvents>(&outgoing.message)) {
        events += watched->events.size();
      } else if (const auto* reply = std::get_if<from::Reply>(&outgoing.message)) {
        if (reply->reply.list) listed = reply->reply.list->items.size();
      }
    }
    ledger_.set_now(end);
    now_ = end;
  }

 private:
  static constexpr std::uint64_t kBurst = 20;
  static constexpr DurationUs kPauseUs = 50'000;

  void take(std::vector<Outgoing> outgoing) {
    for (Outgoing& o : outgoing) queue_.emplace(std::pair(o.at, ++sent_), std::move(o));
  }
  using Item = std::pair<std::pair<TimeUs, std::uint64_t>, Outgoing>;
  Ledger ledger_;
  std::priority_queue<Item, std::vector<Item>, Later> queue_;
  std::uint64_t sent_ = 0;
  std::uint64_t calls_ = 0;
  TimeUs now_ = 0;

 public:
  Cluster cluster;
  std::size_t events = 0;
  std::size_t listed = 0;
};

TemplatePtr executor(const std::string& app) {
  PodTemplate tmpl;
  tmpl.labels = {{"spark-app-selector", app}, {"spark-role", "executor"}};
  Container c;
  c.name = "spark";
  c.image = "spark:4.0";
  c.requests = {1000, 1 << 30, {}};
  tmpl.containers.push_back(c);
  tmpl.restart_policy = "Never";
  return share(tmpl);
}

void create_pods(Loop& loop, ClientId client, int apps, int each) {
  for (int a = 0; a < apps; ++a) {
    const std::string app = "app-" + std::to_string(a);
    const TemplatePtr tmpl = executor(app);
    for (int i = 0; i < each; ++i) {
      auto pod = std::make_shared<Pod>();
      pod->name = app + "-exec-" + std::to_string(i);
      pod->tmpl = tmpl;
      ApiRequest request;
      request.verb = Verb::create;
      request.ns = "ns";
      request.body = std::move(pod);
      loop.call(client, std::move(request));
      loop.pace();
    }
  }
}

// 100,000 pods of 1,000 applications, each with a watch, from create to running on `nodes` nodes; then one list.
void BM_CreateToRunning(benchmark::State& bench) {
  const int apps = static_cast<int>(bench.range(0));
  const int each = static_cast<int>(bench.range(1));
  const int nodes = apps * each / 20;
  for (auto _ : bench) {
    ClusterConfig config;
    config.profile.scheduler_qps = 100'000;
    config.profile.scheduler_burst = 100'000;
    config.latency.schedule = LatencyModel::constant(100);
    config.quotas.push_back({"ns", "q", {{"pods", 1'000'000}, {"requests.cpu", 1'000'000'000}}});
    for (int i = 0; i < nodes; ++i) {
      NodeSpec spec;
      spec.node.name = "node-" + std::to_string(i);
      spec.node.allocatable = {32'000, std::int64_t{64} << 30, {}};
      config.nodes.push_back(spec);
    }
    Loop loop(config);
    const ClientId client = loop.cluster.add_client("bench");
    for (int a = 0; a < apps; ++a) {
      ApiRequest request;
      request.verb = Verb::watch;
      request.ns = "ns";
      request.label_selector = *parse_label_selector("spark-role=executor,spark-app-selector=app-" + std::to_string(a));
      loop.call(client, std::move(request));
      loop.pace();
    }
    loop.run_until(5 * kSecondUs);
    create_pods(loop, client, apps, each);
    loop.run_until(10 * kMinuteUs);
    ApiRequest list;
    list.verb = Verb::list;
    list.ns = "ns";
    loop.call(client, std::move(list));
    loop.run_until(11 * kMinuteUs);
    CHECK(loop.listed == static_cast<std::size_t>(apps) * static_cast<std::size_t>(each));
    bench.counters["events"] = static_cast<double>(loop.events);
  }
  bench.SetItemsProcessed(bench.iterations() * apps * each);
}
BENCHMARK(BM_CreateToRunning)->Args({100, 100})->Args({1000, 100})->Unit(benchmark::kMillisecond)->Iterations(1);

// Creates alone: a cluster without nodes, so that only API server, quota and scheduler's first look are paid.
void BM_Create(benchmark::State& bench) {
  const int pods = static_cast<int>(bench.range(0));
  for (auto _ : bench) {
    Loop loop({});
    const ClientId client = loop.cluster.add_client("bench");
    create_pods(loop, client, 1, pods);
    loop.run_until(3 * kMinuteUs);
  }
  bench.SetItemsProcessed(bench.iterations() * pods);
}
BENCHMARK(BM_Create)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace podramp::fakeapi
