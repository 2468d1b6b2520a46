#include "fakeapi/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "fakeapi/admission.h"
#include "fakeapi/admission_queues.h"
#include "fakeapi/api_server.h"
#include "fakeapi/autoscaler.h"
#include "fakeapi/background_load.h"
#include "fakeapi/claims.h"
#include "fakeapi/context.h"
#include "fakeapi/deletion.h"
#include "fakeapi/event_recorder.h"
#include "fakeapi/faults.h"
#include "fakeapi/image_gc.h"
#include "fakeapi/image_pulls.h"
#include "fakeapi/init_downloads.h"
#include "fakeapi/kubelet.h"
#include "fakeapi/label_index.h"
#include "fakeapi/manifest_verbs.h"
#include "fakeapi/namespaces.h"
#include "fakeapi/node_lifecycle.h"
#include "fakeapi/node_pressure.h"
#include "fakeapi/node_shutdown.h"
#include "fakeapi/node_taints.h"
#include "fakeapi/node_verbs.h"
#include "fakeapi/object_store.h"
#include "fakeapi/owner_gc.h"
#include "fakeapi/pod_verbs.h"
#include "fakeapi/scheduler.h"
#include "fakeapi/set_controllers.h"
#include "fakeapi/set_status.h"
#include "fakeapi/watch_hub.h"

namespace podramp::fakeapi {
namespace {

constexpr std::uint8_t kExistingPodEnds = 0;  // timers of Part::cluster

// What a fact is about, as it stands in the log.
std::string key_of(const Fact& fact) {
  return std::visit(
      [](const auto& f) -> std::string {
        using T = std::remove_cvref_t<decltype(f)>;
        if constexpr (std::is_same_v<T, fact::PodCreated>) {
          return "pods/" + pod_key(*f.pod);
        } else if constexpr (std::is_same_v<T, fact::NodeAdded>) {
          return "nodes/" + f.node.name;
        } else if constexpr (std::is_same_v<T, fact::RequestRefused> || std::is_same_v<T, fact::RequestQueued>) {
          return (f.resource.empty() ? "pods" : f.resource) + "/" + f.name;
        } else if constexpr (std::is_same_v<T, fact::ObjectGone>) {
          return fmt::format("{}/{}", to_text(f.kind), f.object);
        } else if constexpr (requires { f.object->kind; }) {
          return fmt::format("{}/{}", to_text(f.object->kind), object_key(*f.object));
        } else if constexpr (requires { f.quota; }) {
          return "resourcequotas/" + f.quota;
        } else if constexpr (requires { f.pod, f.rv; }) {
          return "pods/" + f.pod;
        } else if constexpr (requires { f.node; }) {
          return "nodes/" + f.node;
        } else if constexpr (requires { f.group; }) {
          return "nodegroups/" + f.group;
        } else {
          return "";
        }
      },
      fact);
}

// A pod that is there from the start, as a cluster that has run for a while would show it.
void fill_status(Pod& pod) {
  if (pod.node.empty()) return;
  if (pod.phase == PodPhase::pending) pod.phase = PodPhase::running;
  if (pod.condition("PodScheduled") == nullptr) pod.conditions.push_back({"PodScheduled", Truth::yes, "", "", 0});
  if (pod.phase != PodPhase::running) return;
  if (pod.condition("Ready") == nullptr) pod.conditions.push_back({"Ready", Truth::yes, "", "", 0});
  if (!pod.containers.empty()) return;
  for (const Container& c : pod.tmpl->containers) {
    pod.containers.push_back({c.name, ContainerStateKind::running, "", "", 0});
  }
}

}  // namespace

class Cluster::Impl final : public Context {
 public:
  Impl(ClusterConfig config, std::uint64_t seed, Ledger& ledger)
      : config_(std::move(config)),
        seed_(seed),
        ledger_(ledger),
        faults_(*this),
        admission_(*this),
        watches_(*this, faults_, labels_),
        deletion_(*this),
        verbs_(*this, admission_, deletion_, labels_),
        claims_(*this),
        store_(*this, claims_),
        manifests_(*this, store_),
        api_(*this, faults_, verbs_, manifests_, watches_, deletion_, admission_),
        queues_(*this),
        pulls_(*this),
        image_gc_(*this),
        downloads_(*this),
        kubelets_(*this, pulls_, deletion_),
        node_lifecycle_(*this, deletion_),
        taints_(*this, deletion_),
        pressure_(*this, kubelets_),
        shutdowns_(*this, kubelets_),
        sets_(*this, verbs_, store_, deletion_),
        owner_gc_(*this, store_, deletion_),
        loads_(*this, verbs_, kubelets_, deletion_),
        node_verbs_(*this, taints_, node_lifecycle_),
        namespaces_(*this, store_, deletion_),
        autoscaler_(make_autoscaler(*this, deletion_, node_lifecycle_)) {
    api_.set_nodes(node_verbs_);
    manifests_.set_namespaces(namespaces_);
    if (config_.records_events) {
      events_ = std::make_unique<EventRecorder>(*this, store_);
      statuses_ = std::make_unique<SetStatus>(*this, store_);
    }
    schedulers_.push_back(std::make_unique<Scheduler>(*this));
    for (const OtherScheduler& other : config_.schedulers) {
      schedulers_.push_back(std::make_unique<Scheduler>(*this, static_cast<std::uint32_t>(schedulers_.size()), &other));
    }
    for (const auto& scheduler : schedulers_) {
      scheduler->set_claims(claims_);
      scheduler->set_deletion(deletion_);
    }
    kubelets_.set_claims(claims_);
    kubelets_.set_downloads(downloads_);
    pulls_.set_fail_hook([this](std::string_view node, std::string_view image, int registry, int attempt) {
      return pull_fails(node, image, registry, static_cast<std::uint64_t>(attempt));
    });
    kubelets_.set_faults(faults_);
  }

  // --- Context ---
  TimeUs now() const override { return ledger_.now(); }
  TimeUs server_clock() const override { return now() + faults_.skew(); }
  std::uint64_t seed() const override { return seed_; }
  const ClusterConfig& config() const override { return config_; }
  const ClusterState& state() const override { return state_; }
  std::string_view client_name(ClientId client) const override { return clients_.at(client); }
  std::uint64_t next_rv() override { return ++rv_; }

  Seq emit(std::string_view by, Seq cause, const Fact& fact) override {
    PODRAMP_CHECK(!showing_, "a part emits from on_fact: " + key_of(fact));
    const Seq seq = ledger_.append(by, cause, key_of(fact), ref(fact), memory_);
    state_.apply(fact);
    showing_ = true;
    labels_.on_fact(fact, state_);
    admission_.on_fact(fact, seq);
    watches_.on_fact(fact, seq);
    claims_.on_fact(fact, seq);
    queues_.on_fact(fact, seq);
    for (const auto& scheduler : schedulers_) scheduler->on_fact(fact, seq);
    pulls_.on_fact(fact, seq);
    image_gc_.on_fact(fact, seq);
    kubelets_.on_fact(fact, seq);
    node_lifecycle_.on_fact(fact, seq);
    taints_.on_fact(fact, seq);
    pressure_.on_fact(fact, seq);
    shutdowns_.on_fact(fact, seq);
    sets_.on_fact(fact, seq);
    owner_gc_.on_fact(fact, seq);
    loads_.on_fact(fact, seq);
    namespaces_.on_fact(fact, seq);
    if (autoscaler_ != nullptr) autoscaler_->on_fact(fact, seq);
    if (events_ != nullptr) events_->on_fact(by, fact, seq);
    if (statuses_ != nullptr) statuses_->on_fact(fact, seq);
    showing_ = false;
    return seq;
  }

  Seq fault(Seq cause, std::string_view point, std::string_view target) override {
    const fault::Fired fired{std::string(point), std::string(target)};
    return ledger_.append("faults", cause, target, ref(fired), memory_);
  }

  void send(TimeUs at, Seq cause, FromCluster message) override {
    PODRAMP_CHECK(at >= now(), "a message is due in the past");
    out_.push_back({at, cause, std::move(message)});
  }

  // --- the facade's work ---
  ClientId add_client(std::string name, std::string_view user) {
    clients_.push_back(std::move(name));
    api_.add_client(user);
    return static_cast<ClientId>(clients_.size() - 1);
  }

  std::vector<Outgoing> start() {
    node_lifecycle_.start();
    admission_.start();
    store_.start();
    for (const ExistingPod& existing : config_.existing) store_existing(existing);
    admission_.count_all(0);
    sets_.start();
    loads_.start();
    faults_.start();
    return std::exchange(out_, {});
  }

  std::vector<Outgoing> step(const ToCluster& message, Seq cause) {
    step_cause_ = cause;
    std::visit([&](const auto& m) { take(m, cause); }, message);
    return std::exchange(out_, {});
  }

  std::vector<std::string> waiting() const {
    std::vector<std::string> lines;
    unscheduled(lines);
    queues_.waiting(lines);
    admission_.waiting(lines);
    kubelets_.waiting(lines);
    pulls_.waiting(lines);
    node_lifecycle_.waiting(lines);
    claims_.waiting(lines);
    sets_.waiting(lines);
    owner_gc_.waiting(lines);
    if (autoscaler_ != nullptr) autoscaler_->waiting(lines);
    return lines;
  }

  bool busy() const { return autoscaler_ != nullptr && autoscaler_->busy(); }

 private:
  bool pull_fails(std::string_view node, std::string_view image, int registry, std::uint64_t attempt) {
    const std::string& from = config_.registries.at(static_cast<std::size_t>(registry)).name;
    const std::string key = fmt::format("{}/{}", node, image);
    const std::array<std::pair<std::string_view, std::string_view>, 3> points{
        {{"pull.fail", image}, {"registry.outage", from}, {"image.not_found", image}}};
    for (const auto& [point, what] : points) {
      if (!faults_.find_target(point, node, what, key, attempt)) continue;
      fault(step_cause_, point, key);
      return true;
    }
    return false;
  }

  void take(const to::Request& m, Seq cause) { api_.receive(m, cause); }
  void take(const to::ReleaseWatch& m, Seq) { api_.release(m); }
  void take(const to::Timer& m, Seq cause) { take_timer(m.timer, cause); }
  void take(const to::PullEnded& m, Seq cause) {
    if (downloads_.ended(m.pull, m.ok, cause) || api_.reply_sent(m.pull)) return;
    pulls_.pull_ended(m.pull, m.ok, cause);
  }
  void take(const to::ProcessExited& m, Seq cause) { kubelets_.process_exited(m.pod, m.exit_code, cause, m.oom); }
  void take(const to::HookEnded& m, Seq cause) { kubelets_.hook_ended(m.pod, cause); }
  void take(const to::AddNodes& m, Seq cause) { node_lifecycle_.add_nodes(m.nodes, cause); }
  void take(const to::NodesDown& m, Seq cause) { node_lifecycle_.nodes_down(m, cause); }
  void take(const to::NodesUp& m, Seq cause) { node_lifecycle_.nodes_up(m, cause); }
  void take(const to::DeleteNodes& m, Seq cause) { node_lifecycle_.delete_nodes(m, cause); }
  void take(const to::TaintNodes& m, Seq cause) { taints_.taint(m, cause); }
  void take(const to::CordonNodes& m, Seq cause) { taints_.cordon(m, cause); }
  void take(const to::DrainNodes& m, Seq cause) { taints_.drain(m, cause); }
  void take(const to::ShutdownNodes& m, Seq cause) { shutdowns_.shut_down(m, cause); }
  void take(const to::NodePressure& m, Seq cause) { pressure_.press(m, cause); }
  void take(const to::OomKill& m, Seq cause) {
    for (const std::string& name : m.pods) {
      const PodRecord* record = state_.find_pod(name);
      if (record != nullptr) kubelets_.oom_kill(record->id, cause);
    }
  }
  void take(const to::SetQuota& m, Seq cause) { admission_.set_quota(m.quota, cause); }
  void take(const to::DeletePods& m, Seq cause) {
    for (const std::string& name : m.pods) {
      const PodRecord* record = state_.find_pod(name);
      if (record != nullptr) deletion_.remove(record->id, m.grace_s, "api", "apiserver", cause);
    }
  }
  void take(const to::DeleteDaemonPods& m, Seq cause) {
    for (const PodId id : sets_.pods_of(podramp::Kind::daemon_set, m.daemon_set)) {
      const Pod& pod = *state_.find_pod(id)->pod;
      const bool asked = std::ranges::find(m.nodes, daemon_node(pod)) != m.nodes.end();
      if (asked) deletion_.remove(id, m.grace_s, "api", "apiserver", cause);
    }
  }

  void take_timer(const ClusterTimer& timer, Seq cause) {
    switch (timer.part) {
      case Part::node_lifecycle: return node_lifecycle_.on_timer(timer, cause);
      case Part::api_server: return api_.on_timer(timer, cause);
      case Part::admission: return admission_.on_timer(timer, cause);
      case Part::watch_hub: return watches_.on_timer(timer, cause);
      case Part::scheduler: return schedulers_.at(timer.index)->on_timer(timer, cause);
      case Part::admission_queues: return queues_.on_timer(timer, cause);
      case Part::kubelet: return kubelets_.on_timer(timer, cause);
      case Part::image_pulls: return pulls_.on_timer(timer, cause);
      case Part::image_gc: return image_gc_.on_timer(timer, cause);
      case Part::deletion: return deletion_.on_timer(timer, cause);
      case Part::faults: return window_changed(timer, cause);
      case Part::owner_gc: return owner_gc_.on_timer(timer, cause);
      case Part::set_controllers: return sets_.on_timer(timer, cause);
      case Part::claims: return claims_.on_timer(timer, cause);
      case Part::background: return loads_.on_timer(timer, cause);
      case Part::node_taints: return taints_.on_timer(timer, cause);
      case Part::node_pressure: return pressure_.on_timer(timer, cause);
      case Part::node_shutdown: return shutdowns_.on_timer(timer, cause);
      case Part::autoscaler: return autoscaler_->on_timer(timer, cause);
      case Part::event_recorder: return events_->on_timer(timer, cause);
      case Part::set_status: return statuses_->on_timer(cause);
      case Part::namespaces: return namespaces_.on_timer(cause);
      case Part::cluster: return kubelets_.process_exited(timer.arg, 0, cause, false, true);
    }
  }

  void window_changed(const ClusterTimer& timer, Seq cause) {
    const Faults::Window window = faults_.window(timer);
    const std::string& point = window.spec->point;
    const Seq seq = window.opens ? ledger_.append("faults", cause, point, ref(fault::WindowOpened{point}), memory_)
                                 : ledger_.append("faults", cause, point, ref(fault::WindowClosed{point}), memory_);
    watches_.on_window(*window.spec, window.opens, seq);
  }

  void store_existing(const ExistingPod& existing) {
    auto pod = std::make_shared<Pod>(existing.pod);
    const PodId id = verbs_.next_id();
    pod->uid = uid_text(id);
    pod->resource_version = next_rv();
    pod->tmpl = admission_.prepare(pod->ns, pod->tmpl).tmpl;
    gate(*pod, config_);
    fill_status(*pod);
    const Seq seq = emit("apiserver", 0, fact::PodCreated{std::move(pod)});
    if (existing.ends_us) timer(std::max(*existing.ends_us, now()), seq, {Part::cluster, kExistingPodEnds, 0, id});
  }

  // Pods without a node, grouped by what the scheduler says about them.
  void unscheduled(std::vector<std::string>& lines) const {
    std::map<std::string, std::pair<std::string, std::int64_t>> groups;  // message -> first pod, how many
    for (const auto& [name, id] : state_.pods_by_name()) {
      const Pod& pod = *state_.find_pod(id)->pod;
      if (!pod.node.empty() || is_terminal(pod)) continue;
      const bool served = std::ranges::any_of(schedulers_, [&](const auto& s) { return s->serves(pod); });
      auto& [first, count] = groups[waits_for(pod, served)];
      if (count++ == 0) first = name;
    }
    for (const auto& [message, group] : groups) {
      const std::string others = group.second > 1 ? fmt::format(" and {} more wait", group.second - 1) : " waits";
      lines.push_back(fmt::format("pod {}{} for: {}", group.first, others, message));
    }
  }

  const ClusterConfig config_;
  const std::uint64_t seed_;
  Ledger& ledger_;
  ClusterState state_;
  PodMemory memory_{false};
  std::vector<std::string> clients_;
  std::vector<Outgoing> out_;
  std::uint64_t rv_ = 0;
  Seq step_cause_ = 0;
  bool showing_ = false;

  LabelIndex labels_;
  Faults faults_;
  Admission admission_;
  WatchHub watches_;
  Deletion deletion_;
  PodVerbs verbs_;
  Claims claims_;
  ObjectStore store_;
  ManifestVerbs manifests_;
  ApiServer api_;
  AdmissionQueues queues_;
  std::vector<std::unique_ptr<Scheduler>> schedulers_;  // the default one first
  ImagePulls pulls_;
  ImageGc image_gc_;
  InitDownloads downloads_;
  Kubelets kubelets_;
  NodeLifecycle node_lifecycle_;
  NodeTaints taints_;
  NodePressure pressure_;
  NodeShutdowns shutdowns_;
  SetControllers sets_;
  OwnerGc owner_gc_;
  BackgroundLoads loads_;
  NodeVerbs node_verbs_;
  Namespaces namespaces_;
  std::unique_ptr<Autoscaler> autoscaler_;
  std::unique_ptr<EventRecorder> events_;  // these two: null where nobody reads what they write
  std::unique_ptr<SetStatus> statuses_;
};

Cluster::Cluster(ClusterConfig config, std::uint64_t seed, Ledger& ledger)
    : impl_(std::make_unique<Impl>(std::move(config), seed, ledger)) {}
Cluster::~Cluster() = default;

ClientId Cluster::add_client(std::string name, std::string_view user) {
  return impl_->add_client(std::move(name), user);
}
std::vector<Outgoing> Cluster::start() { return impl_->start(); }
std::vector<Outgoing> Cluster::step(const ToCluster& message, Seq cause) { return impl_->step(message, cause); }
const ClusterState& Cluster::state() const { return impl_->state(); }
const ClusterConfig& Cluster::config() const { return impl_->config(); }
bool Cluster::busy() const { return impl_->busy(); }
std::vector<std::string> Cluster::waiting() const { return impl_->waiting(); }

}  // namespace podramp::fakeapi
