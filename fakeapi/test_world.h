// For tests only: the API server's parts without scheduler, kubelets and nodes, in virtual time, with constant
// latencies, so that tests can state instants to the microsecond. What other parts would do, a test emits itself.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "backend/port/json_writer.h"
#include "fakeapi/admission.h"
#include "fakeapi/api_server.h"
#include "fakeapi/claims.h"
#include "fakeapi/deletion.h"
#include "fakeapi/faults.h"
#include "fakeapi/manifest_verbs.h"
#include "fakeapi/object_store.h"
#include "fakeapi/pod_verbs.h"
#include "fakeapi/watch_hub.h"

namespace podramp::fakeapi {

inline constexpr DurationUs kReadUs = 5'000;
inline constexpr DurationUs kWriteUs = 10'000;
inline constexpr DurationUs kReplyUs = 1'000;
inline constexpr DurationUs kWatchUs = 2'000;
inline constexpr DurationUs kQuotaUs = 300'000;

inline ClusterConfig test_config() {
  ClusterConfig config;
  config.latency.read = LatencyModel::constant(kReadUs);
  config.latency.write = LatencyModel::constant(kWriteUs);
  config.latency.reply = LatencyModel::constant(kReplyUs);
  config.latency.watch = LatencyModel::constant(kWatchUs);
  config.latency.quota = LatencyModel::constant(kQuotaUs);
  return config;
}

inline PodTemplate small_template(std::int64_t cpu_milli = 1000, std::int64_t memory_bytes = 1 << 30) {
  PodTemplate tmpl;
  tmpl.labels = {{"app", "etl"}, {"role", "executor"}};
  Container c;
  c.name = "spark";
  c.image = "spark:4.0";
  c.requests = {cpu_milli, memory_bytes, {}};
  c.limits = {cpu_milli, memory_bytes, {}};
  tmpl.containers.push_back(c);
  tmpl.restart_policy = "Never";
  return tmpl;
}

inline PodPtr make_pod(const std::string& name, const TemplatePtr& tmpl, StringMap labels = {}) {
  auto pod = std::make_shared<Pod>();
  pod->name = name;
  pod->tmpl = tmpl;
  pod->own_labels = std::move(labels);
  return pod;
}

inline ApiRequest request_of(Verb verb, const std::string& name = "") {
  ApiRequest request;
  request.verb = verb;
  request.ns = "ns";
  request.name = name;
  return request;
}

inline ApiRequest create_of(const PodPtr& pod) {
  ApiRequest request = request_of(Verb::create);
  request.body = pod;
  return request;
}

class TestWorld final : public Context {
 public:
  struct Emitted {
    Seq seq = 0;
    TimeUs at = 0;
    std::string by;
    Seq cause = 0;
    Fact fact;
  };
  struct Answered {
    TimeUs at = 0;
    Seq cause = 0;
    ApiReply reply;
  };
  struct Delivered {
    TimeUs at = 0;
    std::uint64_t watch = 0;
    std::vector<WatchEvent> events;
  };
  struct Closed {
    TimeUs at = 0;
    std::uint64_t watch = 0;
    int code = 0;
    std::string reason;
  };

  explicit TestWorld(ClusterConfig config = test_config(), std::uint64_t seed = 1)
      : config_(std::move(config)),
        seed_(seed),
        faults(*this),
        admission(*this),
        watches(*this, faults, labels),
        deletion(*this),
        verbs(*this, admission, deletion, labels),
        claims(*this),
        store(*this, claims),
        manifests(*this, store),
        api(*this, faults, verbs, manifests, watches, deletion, admission) {
    api.add_client("system:serviceaccount:spark:etl");
    api.add_client("kubectl");
    admission.start();
    store.start();
    admission.count_all(0);
    faults.start();
  }

  TimeUs now() const override { return now_; }
  std::uint64_t seed() const override { return seed_; }
  const ClusterConfig& config() const override { return config_; }
  const ClusterState& state() const override { return state_; }
  std::string_view client_name(ClientId client) const override { return client == 0 ? "etl" : "kubectl"; }
  std::uint64_t next_rv() override { return ++rv_; }
  Seq emit(std::string_view by, Seq cause, const Fact& fact) override {
    PODRAMP_CHECK(!showing_, "emit from on_fact");
    state_.apply(fact);
    facts.push_back({++seq_, now_, std::string(by), cause, fact});
    const Seq seq = seq_;
    showing_ = true;
    labels.on_fact(fact, state_);
    admission.on_fact(fact, seq);
    watches.on_fact(fact, seq);
    claims.on_fact(fact, seq);
    showing_ = false;
    return seq;
  }
  Seq fault(Seq, std::string_view point, std::string_view target) override {
    fired.emplace_back(point, target);
    return ++seq_;
  }
  void send(TimeUs at, Seq cause, FromCluster message) override {
    PODRAMP_CHECK(at >= now_, "a message in the past");
    queue_.emplace(std::pair(at, ++sent_), std::pair(cause, std::move(message)));
  }

  // Sends a request that arrives now; returns its call number.
  std::uint64_t call(const ApiRequest& request, ClientId client = 0) {
    const std::uint64_t id = ++calls_;
    api.receive({client, {id}, request}, 0);
    return id;
  }
  // ... and runs until its answer is there.
  ApiReply ask(const ApiRequest& request, ClientId client = 0) {
    const std::uint64_t id = call(request, client);
    while (!answers.contains(id)) step();
    return answers.at(id).reply;
  }
  void run_until(TimeUs end) {
    while (!queue_.empty() && queue_.begin()->first.first <= end) step();
    now_ = end;
  }
  template <class T>
  std::vector<T> facts_of() const {
    std::vector<T> found;
    for (const Emitted& e : facts) {
      if (const T* fact = std::get_if<T>(&e.fact)) found.push_back(*fact);
    }
    return found;
  }
  // "ADDED a, MODIFIED b" of one watch, message by message separated by " | ".
  std::string seen(std::uint64_t watch) const {
    std::string text;
    for (const Delivered& d : delivered) {
      if (d.watch != watch) continue;
      if (!text.empty()) text += " | ";
      for (std::size_t i = 0; i < d.events.size(); ++i) {
        if (i > 0) text += ", ";
        text += std::string(to_text(d.events[i].type)) + " " + d.events[i].object->name;
      }
    }
    return text;
  }
  // What scheduler and kubelet would do.
  void bind(const std::string& name, const std::string& node) {
    emit("scheduler", 0, fact::PodBound{name, next_rv(), node});
  }
  void start_pod(const std::string& name) { emit("kubelet", 0, fact::PodRunning{name, next_rv(), "10.0.0.1"}); }
  void finish_pod(const std::string& name) {
    emit("kubelet", 0, fact::PodFinished{name, next_rv(), PodPhase::succeeded, 0, "Completed", "", ""});
  }
  bool idle() const { return queue_.empty(); }
  PodId id_of(const std::string& name) const { return state_.find_pod(name)->id; }

 private:
  void step() {
    PODRAMP_CHECK(!queue_.empty(), "nothing is under way");
    auto node = queue_.extract(queue_.begin());
    now_ = node.key().first;
    auto& [cause, message] = node.mapped();
    if (auto* timer = std::get_if<from::SetTimer>(&message)) {
      dispatch(timer->timer, cause);
    } else if (auto* reply = std::get_if<from::Reply>(&message)) {
      answers[reply->call.value] = {now_, cause, reply->reply};
    } else if (auto* events = std::get_if<from::WatchEvents>(&message)) {
      delivered.push_back({now_, events->watch.value, events->events});
    } else if (auto* end = std::get_if<from::WatchClosed>(&message)) {
      closed.push_back({now_, end->watch.value, end->code, end->reason});
    } else if (auto* sending = std::get_if<from::SendReply>(&message)) {
      sent.push_back(*sending);
    } else if (auto* cancel = std::get_if<from::CancelPull>(&message)) {
      cancelled.push_back(cancel->pull);
    }
  }
  void dispatch(const ClusterTimer& timer, Seq cause) {
    if (timer.part == Part::api_server) api.on_timer(timer, cause);
    if (timer.part == Part::admission) admission.on_timer(timer, cause);
    if (timer.part == Part::watch_hub) watches.on_timer(timer, cause);
    if (timer.part == Part::claims) claims.on_timer(timer, cause);
    if (timer.part == Part::faults) {
      const Faults::Window window = faults.window(timer);
      watches.on_window(*window.spec, window.opens, cause);
    }
  }

  ClusterConfig config_;
  std::uint64_t seed_;
  TimeUs now_ = 0;
  ClusterState state_;
  std::uint64_t rv_ = 0;
  Seq seq_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t calls_ = 0;
  bool showing_ = false;
  std::map<std::pair<TimeUs, std::uint64_t>, std::pair<Seq, FromCluster>> queue_;

 public:
  std::vector<Emitted> facts;
  std::vector<std::pair<std::string, std::string>> fired;
  std::map<std::uint64_t, Answered> answers;
  std::vector<Delivered> delivered;
  std::vector<Closed> closed;
  LabelIndex labels;
  std::vector<from::SendReply> sent;  // a test tells api when they have arrived
  std::vector<PullId> cancelled;
  Faults faults;
  Admission admission;
  WatchHub watches;
  Deletion deletion;
  PodVerbs verbs;
  Claims claims;
  ObjectStore store;
  ManifestVerbs manifests;
  ApiServer api;
};

}  // namespace podramp::fakeapi
