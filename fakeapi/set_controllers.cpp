#include "fakeapi/set_controllers.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/json_writer.h"
#include "fakeapi/manifest_rules.h"

namespace podramp::fakeapi {
namespace {

constexpr DurationUs kRetryFirstUs = 5'000;            // client-go's rate limiter of work queues (K87)
constexpr DurationUs kRetryMaxUs = 1'000 * kSecondUs;  // K87

struct Words {
  Kind kind;
  std::string_view text;        // as owner references name it
  std::string_view controller;  // of the client that acts for it
};
constexpr std::array<Words, 4> kSets{{{Kind::stateful_set, "StatefulSet", "statefulset-controller"},
                                      {Kind::deployment, "Deployment", "deployment-controller"},
                                      {Kind::replica_set, "ReplicaSet", "replicaset-controller"},
                                      {Kind::daemon_set, "DaemonSet", "daemonset-controller"}}};

bool is_set(Kind kind) { return std::ranges::find(kSets, kind, &Words::kind) != kSets.end(); }
std::size_t place_of(Kind kind) {
  return static_cast<std::size_t>(std::ranges::find(kSets, kind, &Words::kind) - kSets.begin());
}
std::string_view kind_text(Kind kind) { return kSets.at(place_of(kind)).text; }
std::string_view controller_name(Kind kind) { return kSets.at(place_of(kind)).controller; }

TokenBucket client_of(const Context& context) {
  return TokenBucket(context.config().profile.controller_qps, context.config().profile.controller_burst);
}

const OwnerReference* controller_of(const std::vector<OwnerReference>& owners) {
  const auto it = std::ranges::find_if(owners, &OwnerReference::controller);
  return it == owners.end() ? nullptr : &*it;
}

}  // namespace

std::string template_hash(const SetSpec& set) {
  static constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string text = std::to_string(static_cast<std::uint32_t>(set.pod->tmpl->hash));
  for (char& c : text) c = kLetters[static_cast<std::size_t>(c) % kLetters.size()];
  return text;
}

SetControllers::SetControllers(Context& context, PodVerbs& verbs, ObjectStore& store, Deletion& deletion)
    : context_(context),
      verbs_(verbs),
      store_(store),
      deletion_(deletion),
      clients_{client_of(context), client_of(context), client_of(context), client_of(context)} {}

void SetControllers::start() {
  const std::vector<DaemonSetSpec>& daemons = context_.config().daemon_sets;
  for (std::size_t i = 0; i < daemons.size(); ++i) {
    const auto index = static_cast<std::uint32_t>(i);
    context_.timer(daemons[i].starts_us, 0, {Part::set_controllers, kStore, index, 0});
  }
}

void SetControllers::store_configured(std::uint32_t index, Seq cause) {
  Manifest object = daemon_set_of(context_.config().daemon_sets.at(index));
  PODRAMP_CHECK(manifest_errors(object).empty(), "the configuration has an invalid DaemonSet " + object.name);
  store_.create(std::move(object), "apiserver", cause);
}

SetControllers::Set* SetControllers::find(SetId id) {
  const auto it = sets_.find(id);
  return it == sets_.end() ? nullptr : &it->second;
}

SetControllers::Set* SetControllers::owner_of(const Pod& pod) {
  const OwnerReference* owner = controller_of(pod.tmpl->owners);
  if (owner == nullptr) return nullptr;
  const auto it = by_uid_.find(owner->uid);
  return it == by_uid_.end() ? nullptr : &sets_.at(it->second);
}

TokenBucket& SetControllers::client(podramp::Kind kind) { return clients_.at(place_of(kind)); }

// --- facts -----------------------------------------------------------------------------------------------------

void SetControllers::on_fact(const Fact& fact, Seq seq) {
  if (std::holds_alternative<fact::ObjectCreated>(fact) || std::holds_alternative<fact::ObjectChanged>(fact) ||
      std::holds_alternative<fact::ObjectGone>(fact)) {
    set_changed(context_.state().last_object_change(), seq);
    return;
  }
  if (sets_.empty()) return;
  if (std::holds_alternative<fact::NodeAdded>(fact) || std::holds_alternative<fact::NodeTainted>(fact) ||
      std::holds_alternative<fact::NodeEdited>(fact)) {
    touch_daemons(seq);
    return;
  }
  const bool matters =
      std::holds_alternative<fact::PodCreated>(fact) || std::holds_alternative<fact::PodRunning>(fact) ||
      std::holds_alternative<fact::PodFinished>(fact) || std::holds_alternative<fact::PodConditionSet>(fact) ||
      std::holds_alternative<fact::PodTerminating>(fact) || std::holds_alternative<fact::PodGraceOver>(fact) ||
      std::holds_alternative<fact::PodGone>(fact);
  if (matters) pod_changed(fact, context_.state().last_change(), seq);
}

void SetControllers::set_changed(const ClusterState::ObjectChange& change, Seq seq) {
  const Manifest& one = change.after != nullptr ? *change.after : *change.before;
  if (!is_set(one.kind)) return;
  if (change.after == nullptr) {
    const auto it = by_uid_.find(one.uid);
    if (it != by_uid_.end()) {
      sets_.erase(it->second);
      by_uid_.erase(it);
    }
  } else {
    const auto [it, fresh] = by_uid_.try_emplace(one.uid, last_set_ + 1);
    if (fresh) ++last_set_;
    Set& set = sets_[it->second];
    set.kind = one.kind;
    set.name = object_key(one);
    set.uid = one.uid;
    touch(set, seq);
  }
  // A deployment looks after its replica sets.
  if (const OwnerReference* owner = controller_of(one.owners)) {
    const auto it = by_uid_.find(owner->uid);
    if (it != by_uid_.end()) touch(sets_.at(it->second), seq);
  }
}

void SetControllers::pod_changed(const Fact& fact, const ClusterState::Change& change, Seq seq) {
  const Pod& pod = change.after != nullptr ? *change.after : *change.before;
  Set* set = owner_of(pod);
  if (set == nullptr) return;
  if (change.before == nullptr) set->pods.insert(change.id);
  if (change.after == nullptr) {
    set->pods.erase(change.id);
    ready_us_.erase(change.id);
  }
  const bool shows_readiness =
      std::holds_alternative<fact::PodRunning>(fact) || std::holds_alternative<fact::PodConditionSet>(fact);
  if (shows_readiness) ready_us_[change.id] = context_.now();
  // Readiness lets only an ordered set go on; a pod that has been made was asked for.
  const bool ordered = set->kind == podramp::Kind::stateful_set;
  if (change.before != nullptr && (!shows_readiness || ordered)) touch(*set, seq);
}

void SetControllers::touch(Set& set, Seq cause) {
  if (set.armed || set.run) return;
  set.armed = true;
  const DurationUs lag =
      context_.sample(context_.config().latency.watch, "cluster.controller_watch", set.name, set.syncs);
  context_.timer(context_.now() + lag, cause, {Part::set_controllers, kSync, 0, by_uid_.at(set.uid)});
}

// Nodes that come, or whose taints change, may need a pod more or a pod less.
void SetControllers::touch_daemons(Seq cause) {
  for (auto& [id, set] : sets_) {
    if (set.kind == podramp::Kind::daemon_set) touch(set, cause);
  }
}

// --- syncs -----------------------------------------------------------------------------------------------------

void SetControllers::on_timer(const ClusterTimer& timer, Seq cause) {
  if (timer.kind == kStore) return store_configured(timer.index, cause);
  Set* set = find(timer.arg);
  if (set == nullptr) return;
  if (timer.kind == kAct) return act(timer.arg, *set, timer.index, cause);
  set->armed = false;
  if (!set->run) sync(timer.arg, *set, cause);
}

std::vector<OwnedPod> SetControllers::owned(const Set& set) const {
  std::vector<OwnedPod> pods;
  for (const PodId id : set.pods) {
    const PodRecord* record = context_.state().find_pod(id);
    if (record == nullptr) continue;
    const auto ready = ready_us_.find(id);
    Draw uid(context_.seed(), "cluster.uid_order", pod_key(*record->pod));
    pods.push_back({id, record->pod, ready == ready_us_.end() ? record->pod->created_us : ready->second, 0,
                    static_cast<std::uint64_t>(uid.uniform(0, INT64_MAX - 1))});
  }
  return pods;
}

std::vector<SetStage> SetControllers::plan(SetId id, Set& set, const Manifest& object, Seq cause) {
  if (set.kind == podramp::Kind::stateful_set) return plan_stateful(object.name, *object.set, owned(set));
  if (set.kind == podramp::Kind::replica_set) return plan_replicas(*object.set, owned(set), context_.now());
  if (set.kind == podramp::Kind::daemon_set) {
    DaemonPlan plan = plan_daemons(*pod_template(set, object, 0), owned(set), context_.state().nodes(),
                                   set.failed_daemons, context_.now());
    if (plan.look_again_us > 0) {
      context_.timer(context_.now() + plan.look_again_us, cause, {Part::set_controllers, kSync, 0, id});
    }
    return std::move(plan.stages);
  }
  const ManifestPtr child =
      context_.state().find_object(podramp::Kind::replica_set, set.name + "-" + template_hash(*object.set));
  if (child != nullptr && child->set->replicas == object.set->replicas) return {};
  return {{{SetAction{}}, false}};
}

void SetControllers::sync(SetId id, Set& set, Seq cause) {
  ++set.syncs;
  std::vector<SetStage> stages = plan(id, set, *context_.state().find_object(set.kind, set.name), cause);
  if (stages.empty()) {
    set.failures = 0;
    return;
  }
  set.run = Run{std::move(stages), 0, 0, 1, 0, false};
  send_batch(id, set, cause);
}

// The next calls go out, as the client's rate limit lets them.
void SetControllers::send_batch(SetId id, Set& set, Seq cause) {
  Run& run = *set.run;
  const SetStage& stage = run.stages[run.stage];
  const std::size_t left = stage.actions.size() - run.next;
  const std::size_t count = stage.slow_start ? std::min(run.batch, left) : left;
  const ManifestPtr object = context_.state().find_object(set.kind, set.name);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t action = run.next++;
    const std::size_t calls = 1 + (stage.actions[action].create ? object->set->claims.size() : 0);
    TimeUs at = context_.now();
    for (std::size_t call = 0; call < calls; ++call) {
      at = std::max(at, client(set.kind).reserve(context_.now()));
      at += context_.sample(context_.config().latency.write, "cluster.controller_write", set.name, ++set.acts);
    }
    context_.timer(at, cause, {Part::set_controllers, kAct, static_cast<std::uint32_t>(action), id});
  }
  run.in_flight = count;
}

void SetControllers::act(SetId id, Set& set, std::size_t action, Seq cause) {
  Run& run = *set.run;
  const ManifestPtr object = context_.state().find_object(set.kind, set.name);
  if (!perform(set, *object, run.stages[run.stage].actions[action], cause)) run.failed = true;
  if (--run.in_flight > 0) return;
  // A batch with a failure is the last one of its sync.
  if (run.failed) return end_run(id, set, cause);
  run.batch *= 2;
  if (run.next == run.stages[run.stage].actions.size()) {
    ++run.stage;
    run.next = 0;
    run.batch = 1;
  }
  if (run.stage == run.stages.size()) return end_run(id, set, cause);
  send_batch(id, set, cause);
}

void SetControllers::end_run(SetId id, Set& set, Seq cause) {
  const bool failed = set.run->failed;
  set.run.reset();
  if (!failed) {
    set.failures = 0;
    // More than one burst, or news meanwhile: look again.
    return touch(set, cause);
  }
  DurationUs wait = kRetryFirstUs;
  for (std::uint32_t i = 0; i < set.failures && wait < kRetryMaxUs; ++i) wait *= 2;
  ++set.failures;
  set.armed = true;
  context_.timer(context_.now() + std::min(wait, kRetryMaxUs), cause, {Part::set_controllers, kSync, 0, id});
}

// --- actions ---------------------------------------------------------------------------------------------------

bool SetControllers::perform(Set& set, const Manifest& object, const SetAction& action, Seq cause) {
  if (set.kind == podramp::Kind::deployment) return apply_deployment(set, object, cause);
  if (action.create) return create_pod(set, object, action, cause);
  deletion_.remove(action.pod, std::nullopt, "api", controller_name(set.kind), cause);
  return true;
}

// A set's pods share one template, unless each has claims of its own.
TemplatePtr SetControllers::pod_template(Set& set, const Manifest& object, std::int64_t ordinal) {
  const std::vector<ClaimSpec>& claims = object.set->claims;
  if (set.tmpl != nullptr && claims.empty()) return set.tmpl;
  PodTemplate tmpl = *object.set->pod->tmpl;
  // Of a template's metadata only labels, annotations and finalizers reach its pods.
  tmpl.owners = {{std::string(kind_text(set.kind)), object.name, object.uid, true}};
  for (const ClaimSpec& claim : claims) {
    std::erase_if(tmpl.volumes, [&](const Volume& v) { return v.name == claim.name; });
    const std::string source = fmt::format("{}-{}-{}", claim.name, object.name, ordinal);
    tmpl.volumes.push_back({claim.name, "persistentVolumeClaim", source, {}});
  }
  if (set.kind == podramp::Kind::daemon_set) {
    tmpl.labels["controller-revision-hash"] = template_hash(*object.set);
    tmpl.labels["pod-template-generation"] = "1";
    add_daemon_tolerations(tmpl);
  }
  set.tmpl = share(std::move(tmpl));
  return set.tmpl;
}

// A StatefulSet's pod has a name of its own, and claims by that name.
void SetControllers::name_stateful(Pod& pod, const Manifest& object, std::int64_t ordinal, Seq cause) {
  pod.name = fmt::format("{}-{}", object.name, ordinal);
  pod.hostname = pod.name;
  pod.own_labels["statefulset.kubernetes.io/pod-name"] = pod.name;
  pod.own_labels["apps.kubernetes.io/pod-index"] = std::to_string(ordinal);
  pod.own_labels["controller-revision-hash"] = fmt::format("{}-{}", object.name, template_hash(*object.set));
  for (const ClaimSpec& spec : object.set->claims) {
    Manifest claim;
    claim.kind = podramp::Kind::persistent_volume_claim;
    claim.ns = object.ns;
    claim.name = fmt::format("{}-{}", spec.name, pod.name);
    claim.labels = object.set->selector;
    claim.claim = spec;
    claim.claim->name.clear();
    if (context_.state().find_object(claim.kind, object_key(claim)) != nullptr) continue;
    store_.create(std::move(claim), "apiserver", cause);
  }
}

bool SetControllers::create_pod(Set& set, const Manifest& object, const SetAction& action, Seq cause) {
  ApiRequest request;
  request.verb = Verb::create;
  request.ns = object.ns;
  auto pod = std::make_shared<Pod>(*object.set->pod);
  pod->ns = object.ns;
  pod->tmpl = pod_template(set, object, action.ordinal);
  pod->affinity_node = action.node;
  if (set.kind == podramp::Kind::stateful_set) {
    name_stateful(*pod, object, action.ordinal, cause);
  } else {
    pod->generate_name = object.name + "-";
  }
  const std::string name = object.ns + "/" + (pod->name.empty() ? pod->generate_name : pod->name);
  request.body = std::move(pod);
  const Answer answer = verbs_.create(request, cause);
  set.last_error = answer.reply.ok() ? "" : answer.reply.message;
  if (answer.reply.ok()) return true;
  fact::RequestRefused refused;
  refused.client = std::string(controller_name(set.kind));
  refused.verb = Verb::create;
  refused.name = name;
  refused.code = answer.reply.code;
  refused.reason = answer.reply.reason;
  refused.message = answer.reply.message;
  context_.emit("apiserver", cause, refused);
  return false;
}

// Its one ReplicaSet comes to be, or gets the deployment's number.
bool SetControllers::apply_deployment(Set& set, const Manifest& object, Seq cause) {
  const std::string hash = template_hash(*object.set);
  const ManifestPtr child = context_.state().find_object(podramp::Kind::replica_set, set.name + "-" + hash);
  if (child != nullptr) {
    Manifest next = *child;
    next.set->replicas = object.set->replicas;
    store_.change(std::move(next), controller_name(set.kind), cause);
    return true;
  }
  Manifest made;
  made.kind = podramp::Kind::replica_set;
  made.ns = object.ns;
  made.name = object.name + "-" + hash;
  made.owners = {{"Deployment", object.name, object.uid, true}};
  made.set = *object.set;
  made.set->selector["pod-template-hash"] = hash;
  PodTemplate tmpl = *object.set->pod->tmpl;
  tmpl.labels["pod-template-hash"] = hash;
  auto pod = std::make_shared<Pod>(*object.set->pod);
  pod->tmpl = share(std::move(tmpl));
  made.labels = pod->tmpl->labels;
  made.set->pod = std::move(pod);
  store_.create(std::move(made), "apiserver", cause);
  return true;
}

std::vector<PodId> SetControllers::pods_of(podramp::Kind kind, std::string_view full_name) const {
  const ManifestPtr object = context_.state().find_object(kind, full_name);
  const auto id = object == nullptr ? by_uid_.end() : by_uid_.find(object->uid);
  if (id == by_uid_.end()) return {};
  const std::set<PodId>& pods = sets_.at(id->second).pods;
  return {pods.begin(), pods.end()};
}

void SetControllers::waiting(std::vector<std::string>& lines) const {
  for (const auto& [id, set] : sets_) {
    if (set.failures == 0) continue;
    lines.push_back(
        fmt::format("{} {} waits for: {} (tried {} times)", to_text(set.kind), set.name, set.last_error, set.failures));
  }
}

}  // namespace podramp::fakeapi
