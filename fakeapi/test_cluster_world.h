// For tests only: a whole fake cluster with the least of a kernel around it, and requests for other kinds of objects.
// Latencies are the configuration's; steady_cluster() has constant ones, so that instants can be added up by hand.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "backend/port/json_writer.h"
#include "fakeapi/cluster.h"
#include "fakeapi/test_world.h"

namespace podramp::fakeapi {

// Keeps every line, and folds the facts into a state of its own as a reader of the log would.
class FoldingSink final : public EventSink {
 public:
  void append(const EventRef& event, PodMemory& memory) override {
    lines.emplace_back();
    write_line(lines.back(), event, memory);
    std::visit(
        [&](const auto* data) {
          if constexpr (std::is_constructible_v<Fact, decltype(*data)>) {
            folded.apply(Fact(*data));
            facts.emplace_back(event.t, Fact(*data));
          }
        },
        event.data);
  }
  std::vector<std::string> lines;
  std::vector<std::pair<TimeUs, Fact>> facts;
  ClusterState folded;
};

// The least of a kernel: delivers messages by (time, insertion), ends pulls at once.
class World {
 public:
  explicit World(ClusterConfig config, std::uint64_t seed = 1)
      : ledger({&sink}), cluster(std::move(config), seed, ledger), client(cluster.add_client("etl")) {
    take(cluster.start());
  }
  void step(const ToCluster& message, Seq cause = 0) { take(cluster.step(message, cause)); }
  std::uint64_t call(ApiRequest request) {
    step(to::Request{client, {++calls_}, std::move(request)});
    return calls_;
  }
  ApiReply ask(ApiRequest request) {
    const std::uint64_t id = call(std::move(request));
    while (!replies.contains(id) && !queue_.empty()) next();
    return replies.at(id);
  }
  void run_until(TimeUs end) {
    while (!queue_.empty() && queue_.begin()->first.first <= end) next();
    ledger.set_now(end);
  }
  // When these facts came, and what they were.
  template <class F>
  std::vector<std::pair<TimeUs, F>> facts() const {
    std::vector<std::pair<TimeUs, F>> found;
    for (const auto& [t, fact] : sink.facts) {
      if (const F* one = std::get_if<F>(&fact)) found.emplace_back(t, *one);
    }
    return found;
  }
  template <class F>
  std::vector<TimeUs> times() const {
    std::vector<TimeUs> found;
    for (const auto& [t, fact] : facts<F>()) found.push_back(t);
    return found;
  }
  PodPtr pod(const std::string& name) const {
    const PodRecord* record = cluster.state().find_pod("ns/" + name);
    return record == nullptr ? nullptr : record->pod;
  }
  ManifestPtr object(Kind kind, const std::string& name) const {
    return cluster.state().find_object(kind, "ns/" + name);
  }
  // Names of the stored pods, in order.
  std::vector<std::string> pods() const {
    std::vector<std::string> names;
    for (const auto& [name, id] : cluster.state().pods_by_name()) names.push_back(name.substr(3));
    return names;
  }
  // What a reader of the log folds is what the cluster has.
  bool folds() const { return sink.folded.hash() == cluster.state().hash(); }
  TimeUs now() const { return ledger.now(); }
  std::size_t count(std::string_view text) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        sink.lines, [&](const std::string& line) { return line.find(text) != std::string::npos; }));
  }

  FoldingSink sink;
  Ledger ledger;
  Cluster cluster;
  ClientId client;
  std::map<std::uint64_t, ApiReply> replies;
  std::vector<WatchEvent> events;

 private:
  void take(std::vector<Outgoing> outgoing) {
    for (Outgoing& o : outgoing) queue_.emplace(std::pair(o.at, ++sent_), std::move(o));
  }
  void next() {
    auto node = queue_.extract(queue_.begin());
    ledger.set_now(node.key().first);
    const Seq cause = node.mapped().cause;
    FromCluster& message = node.mapped().message;
    if (auto* timer = std::get_if<from::SetTimer>(&message)) {
      step(to::Timer{timer->timer}, cause);
    } else if (auto* pull = std::get_if<from::StartPull>(&message)) {
      step(to::PullEnded{pull->pull, true}, cause);
    } else if (auto* reply = std::get_if<from::Reply>(&message)) {
      replies[reply->call.value] = reply->reply;
    } else if (auto* watched = std::get_if<from::WatchEvents>(&message)) {
      events.insert(events.end(), watched->events.begin(), watched->events.end());
    }
  }

  std::map<std::pair<TimeUs, std::uint64_t>, Outgoing> queue_;
  std::uint64_t sent_ = 0;
  std::uint64_t calls_ = 0;
};

inline ClusterConfig small_cluster(int nodes) {
  ClusterConfig config;
  for (int i = 0; i < nodes; ++i) {
    NodeSpec spec;
    spec.node.name = "n" + std::to_string(i);
    spec.node.allocatable = {4000, std::int64_t{16} << 30, {}};
    config.nodes.push_back(spec);
  }
  return config;
}

// n0, n1, ... of 4 cpu and 16 GiB.
inline ClusterConfig steady_cluster(int nodes) {
  ClusterConfig config = small_cluster(nodes);
  config.latency = test_config().latency;  // write 10 ms, read 5 ms, reply 1 ms, watch 2 ms, quota 300 ms
  config.latency.schedule = LatencyModel::constant(3'000);
  config.latency.bind = LatencyModel::constant(20'000);
  config.latency.kubelet = LatencyModel::constant(10'000);
  config.latency.start = LatencyModel::constant(1'000'000);
  config.latency.status = LatencyModel::constant(40'000);
  config.latency.stop = LatencyModel::constant(500'000);
  config.latency.provision = LatencyModel::constant(3'000'000);
  config.latency.attach = LatencyModel::constant(4'000'000);
  config.latency.reattach = LatencyModel::constant(180'000'000);
  return config;
}

inline ApiRequest request_of(Verb verb, Kind kind, const std::string& name = "") {
  ApiRequest request = request_of(verb, name);
  request.kind = kind;
  return request;
}

inline ApiRequest create_of(Manifest object) {
  ApiRequest request = request_of(Verb::create, object.kind);
  request.manifest = std::make_shared<const Manifest>(std::move(object));
  return request;
}

inline Manifest config_map(const std::string& name, StringMap labels = {}) {
  Manifest object;
  object.kind = Kind::config_map;
  object.name = name;
  object.labels = std::move(labels);
  object.data = {{"spark.properties", "a=b"}};
  return object;
}

inline Manifest claim(const std::string& name, const std::string& mode = "ReadWriteOnce", StringMap labels = {}) {
  Manifest object;
  object.kind = Kind::persistent_volume_claim;
  object.name = name;
  object.labels = std::move(labels);
  object.claim.emplace();
  object.claim->request_bytes = std::int64_t{1} << 30;
  object.claim->access_modes = {mode};
  return object;
}

// Pods of 1 cpu that restart.
inline Manifest set_of(Kind kind, const std::string& name, std::int64_t replicas) {
  Manifest object;
  object.kind = kind;
  object.name = name;
  PodTemplate tmpl = small_template();
  tmpl.restart_policy = "Always";
  auto pod = std::make_shared<Pod>();
  pod->tmpl = share(std::move(tmpl));
  object.set.emplace();
  object.set->replicas = replicas;
  object.set->selector = {{"app", "etl"}};
  object.set->pod = std::move(pod);
  return object;
}

inline PodTemplate claiming_template(const std::string& claim_name) {
  PodTemplate tmpl = small_template();
  tmpl.volumes.push_back({"spark-local-dir-1", "persistentVolumeClaim", claim_name, {}});
  return tmpl;
}

}  // namespace podramp::fakeapi
