// For tests only: the machine-room parts of the cluster (scheduler, kubelets, image pulls, node lifecycle, deletion)
// around one ClusterState, with a queue of their messages, a log of their facts and a world that pulls at a fixed
// rate. No API server. Latencies are constant and all different, so that instants in tests can be added up by hand.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "backend/port/json_writer.h"
#include "fakeapi/context.h"
#include "fakeapi/deletion.h"
#include "fakeapi/image_pulls.h"
#include "fakeapi/init_downloads.h"
#include "fakeapi/kubelet.h"
#include "fakeapi/node_lifecycle.h"
#include "fakeapi/scheduler.h"

namespace podramp::fakeapi::parts {

inline constexpr DurationUs kScheduleUs = 3'000;
inline constexpr DurationUs kBindUs = 20'000;
inline constexpr DurationUs kKubeletUs = 10'000;
inline constexpr DurationUs kStartUs = 1'000'000;
inline constexpr DurationUs kStatusUs = 40'000;
inline constexpr DurationUs kStopUs = 500'000;
inline constexpr DurationUs kLookUs = 5'000;
// From PodCreated to PodRunning when nothing is in the way.
inline constexpr DurationUs kToRunningUs = kScheduleUs + kBindUs + kKubeletUs + kStartUs + kStatusUs;
inline constexpr std::int64_t kGi = 1LL << 30;

inline Latencies constant_latencies() {
  Latencies l;
  l.schedule = LatencyModel::constant(kScheduleUs);
  l.bind = LatencyModel::constant(kBindUs);
  l.kubelet = LatencyModel::constant(kKubeletUs);
  l.start = LatencyModel::constant(kStartUs);
  l.status = LatencyModel::constant(kStatusUs);
  l.stop = LatencyModel::constant(kStopUs);
  l.read = LatencyModel::constant(kLookUs);
  return l;
}

inline NodeSpec make_node(const std::string& name, std::int64_t cpu_milli, std::int64_t memory_gi,
                          const std::string& zone = "") {
  NodeSpec spec;
  spec.node.name = name;
  spec.node.allocatable = {cpu_milli, memory_gi * kGi, {}};
  if (!zone.empty()) spec.node.labels[std::string(kZoneLabel)] = zone;
  return spec;
}

inline PodTemplate make_template(std::int64_t cpu_milli, std::int64_t memory_gi, const std::string& image = "spark:4") {
  PodTemplate tmpl;
  Container container;
  container.name = "executor";
  container.image = image;
  container.requests = {cpu_milli, memory_gi * kGi, {}};
  tmpl.containers.push_back(container);
  tmpl.restart_policy = "Never";
  return tmpl;
}

class TestCluster : public Context {
 public:
  struct Logged {
    TimeUs t = 0;
    std::string by;
    Seq cause = 0;
    Fact fact;
  };

  explicit TestCluster(ClusterConfig config, std::uint64_t seed = 1) : config_(std::move(config)), seed_(seed) {
    deletion = std::make_unique<Deletion>(*this);
    scheduler = std::make_unique<Scheduler>(*this);
    scheduler->set_deletion(*deletion);
    pulls = std::make_unique<ImagePulls>(*this);
    downloads = std::make_unique<InitDownloads>(*this);
    kubelets = std::make_unique<Kubelets>(*this, *pulls, *deletion);
    kubelets->set_downloads(*downloads);
    lifecycle = std::make_unique<NodeLifecycle>(*this, *deletion);
  }

  TimeUs now() const override { return now_; }
  std::uint64_t seed() const override { return seed_; }
  const ClusterConfig& config() const override { return config_; }
  const ClusterState& state() const override { return state_; }
  std::string_view client_name(ClientId) const override { return "test"; }
  std::uint64_t next_rv() override { return ++rv_; }
  Seq emit(std::string_view by, Seq cause, const Fact& fact) override {
    if (keep_log) log.push_back({now_, std::string(by), cause, fact});
    const Seq seq = ++seq_;
    state_.apply(fact);
    scheduler->on_fact(fact, seq);
    pulls->on_fact(fact, seq);
    kubelets->on_fact(fact, seq);
    lifecycle->on_fact(fact, seq);
    if (on_fact) on_fact(fact);
    return seq;
  }
  Seq fault(Seq, std::string_view, std::string_view) override { return ++seq_; }
  void send(TimeUs at, Seq cause, FromCluster message) override {
    CHECK(at >= now_);
    queue_.emplace(std::pair{at, ++order_}, std::pair{cause, std::move(message)});
  }

  // Handles everything that is due up to and including t, then stands at t.
  void run_until(TimeUs t) {
    while (!queue_.empty() && queue_.begin()->first.first <= t) step();
    now_ = t;
  }
  // Runs until nothing is left to do; false when that is not so at the limit.
  bool run_until_quiet(TimeUs limit) {
    while (!queue_.empty() && queue_.begin()->first.first <= limit) step();
    return queue_.empty();
  }
  bool quiet() const { return queue_.empty(); }

  PodId create(const std::string& name, const TemplatePtr& tmpl, const std::string& node = "",
               PodPhase phase = PodPhase::pending) {
    auto pod = std::make_shared<Pod>();
    pod->ns = "ns";
    pod->name = name;
    pod->uid = uid_text(++pods_);
    pod->resource_version = next_rv();
    pod->tmpl = tmpl;
    pod->node = node;
    pod->phase = phase;
    pod->created_us = whole_second(now_);
    if (phase == PodPhase::running) pod->conditions.push_back({"Ready", Truth::yes, "", "", 0});
    emit("apiserver", 0, fact::PodCreated{pod});
    return pods_;
  }
  PodId create(const std::string& name, const PodTemplate& tmpl) { return create(name, share(tmpl)); }
  const Pod* pod(const std::string& name) const {
    const PodRecord* record = state_.find_pod("ns/" + name);
    return record == nullptr ? nullptr : record->pod.get();
  }
  std::string waiting_reason(const std::string& name) const {
    return pod(name)->containers.empty() ? "" : pod(name)->containers.front().reason;
  }

  // All facts of a type, with their times.
  template <class F>
  std::vector<std::pair<TimeUs, F>> facts() const {
    std::vector<std::pair<TimeUs, F>> found;
    for (const Logged& l : log) {
      if (const F* f = std::get_if<F>(&l.fact)) found.emplace_back(l.t, *f);
    }
    return found;
  }
  template <class F>
  std::vector<TimeUs> times() const {
    std::vector<TimeUs> found;
    for (const auto& [t, f] : facts<F>()) found.push_back(t);
    return found;
  }
  // Messages to the world (not timers), with the times at which they were due.
  template <class M>
  std::vector<std::pair<TimeUs, M>> messages() const {
    std::vector<std::pair<TimeUs, M>> found;
    for (const auto& [t, m] : sent) {
      if (const M* one = std::get_if<M>(&m)) found.emplace_back(t, *one);
    }
    return found;
  }

  std::unique_ptr<Deletion> deletion;
  std::unique_ptr<Scheduler> scheduler;
  std::unique_ptr<ImagePulls> pulls;
  std::unique_ptr<InitDownloads> downloads;
  std::unique_ptr<Kubelets> kubelets;
  std::unique_ptr<NodeLifecycle> lifecycle;
  std::vector<Logged> log;
  std::vector<std::pair<TimeUs, FromCluster>> sent;
  std::function<void(const Fact&)> on_fact;
  std::int64_t pull_bytes_per_s = 100'000'000;  // of every transfer by itself
  bool keep_log = true;

 private:
  struct Moving {
    TimeUs done_us = 0;
    std::uint32_t node = 0;
  };

  void step() {
    const auto first = queue_.begin();
    now_ = first->first.first;
    const auto [cause, message] = std::move(first->second);
    queue_.erase(first);
    if (const auto* set = std::get_if<from::SetTimer>(&message)) {
      deliver(set->timer, cause);
    } else {
      sent.emplace_back(now_, message);
      world(message, cause);
    }
  }

  void deliver(const ClusterTimer& timer, Seq cause) {
    switch (timer.part) {
      case Part::scheduler: scheduler->on_timer(timer, cause); break;
      case Part::image_pulls: pulls->on_timer(timer, cause); break;
      case Part::kubelet: kubelets->on_timer(timer, cause); break;
      case Part::node_lifecycle: lifecycle->on_timer(timer, cause); break;
      case Part::faults: transfer_done(timer.arg, cause); break;  // borrowed: the end of a transfer
      default: CHECK(false);
    }
  }

  void world(const FromCluster& message, Seq cause) {
    if (const auto* start = std::get_if<from::StartPull>(&message)) {
      const TimeUs done = now_ + start->bytes * kSecondUs / pull_bytes_per_s;
      moving_[start->pull] = {done, start->node};
      timer(done, cause, {Part::faults, 0, 0, start->pull});
    } else if (const auto* cancel = std::get_if<from::CancelPull>(&message)) {
      moving_.erase(cancel->pull);
    } else if (const auto* power = std::get_if<from::NodePower>(&message); power != nullptr && !power->on) {
      std::vector<PullId> dead;
      for (const auto& [pull, m] : moving_) {
        if (m.node == power->node) dead.push_back(pull);
      }
      for (const PullId pull : dead) {
        moving_.erase(pull);
        ended(pull, false, cause);
      }
    }
  }

  void transfer_done(PullId pull, Seq cause) {
    if (moving_.erase(pull) > 0) ended(pull, true, cause);
  }

  void ended(PullId pull, bool ok, Seq cause) {
    if (!downloads->ended(pull, ok, cause)) pulls->pull_ended(pull, ok, cause);
  }

  ClusterConfig config_;
  std::uint64_t seed_;
  ClusterState state_;
  TimeUs now_ = 0;
  std::uint64_t rv_ = 0;
  Seq seq_ = 0;
  std::uint64_t order_ = 0;
  PodId pods_ = 0;
  std::map<std::pair<TimeUs, std::uint64_t>, std::pair<Seq, FromCluster>> queue_;
  std::map<PullId, Moving> moving_;
};

inline ClusterConfig make_config(std::vector<NodeSpec> nodes) {
  ClusterConfig config;
  config.nodes = std::move(nodes);
  config.latency = constant_latencies();
  return config;
}

}  // namespace podramp::fakeapi::parts
