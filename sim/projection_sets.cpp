// The part of the projection (projection.h) that follows executors which StatefulSets and Deployments make: the driver
// asks for a number of them, the cluster's controllers make the pods, and each asks the driver for its id
// (02 4.2, 4.4).
#include <algorithm>
#include <utility>

#include "backend/pod_labels.h"
#include "backend/port/json_writer.h"
#include "backend/snapshots.h"
#include "sim/projection.h"

namespace podramp::sim {
namespace {

bool is_set(Kind kind) { return kind == Kind::stateful_set || kind == Kind::deployment; }

}  // namespace

// --- the sets ------------------------------------------------------------------------------------------------------

// Who makes pods of this name ("namespace/name"): a set's own name with one part more, or two behind a ReplicaSet.
std::optional<Projection::Maker> Projection::maker_of(const std::string& pod) const {
  std::string name = pod;
  for (int parts = 0; parts < 2; ++parts) {
    const std::size_t dash = name.rfind('-');
    if (dash == std::string::npos) return std::nullopt;
    name.resize(dash);
    if (const auto it = set_names_.find(name); it != set_names_.end()) return it->second;
  }
  return std::nullopt;
}

// The set that a request of the driver makes or scales, now that it is sent; nullptr when it does neither.
SetView* Projection::ask_set(ApplicationView& app, const ApiRequest& request) {
  if (!is_set(request.kind)) return nullptr;
  const auto index = static_cast<std::uint32_t>(&app - applications_.data());
  if (request.verb == Verb::create) {
    const Pod& pod = *request.manifest->set->pod;
    const ProfileId profile = backend::profile_id(pod).value_or(kDefaultProfile);
    set_names_[request.ns + "/" + request.manifest->name] = {index, profile};
    SetView& set = app.sets[profile];
    set.ns = request.ns;
    set.replicas = request.manifest->set->replicas;
    hold(app, set, Wait::api);
    return &set;
  }
  const auto it = set_names_.find(request.ns + "/" + request.name);
  if (request.verb != Verb::patch || !request.replicas || it == set_names_.end()) return nullptr;
  SetView& set = app.sets.at(it->second.profile);
  set.replicas = *request.replicas;
  hold(app, set, Wait::api);
  return &set;
}

void Projection::answer_set(ApplicationView& app, SetView& set, const ApiReply& reply) {
  if (set.holds.back().wait != Wait::api) return;  // its controller has been quicker
  hold(app, set, reply.ok() ? Wait::controller : is_final_refusal(reply) ? Wait::refused : Wait::api_error);
}

// The API server turned a controller's create down.
void Projection::refused_by(const fact::RequestRefused& refused) {
  const auto maker = refused.verb == Verb::create && refused.resource.empty() ? maker_of(refused.name) : std::nullopt;
  if (!maker) return;
  ApplicationView& app = applications_[maker->application];
  SetView& set = app.sets.at(maker->profile);
  ++set.refused;
  hold(app, set, Wait::refused, refused.message.find("exceeded quota") != std::string::npos);
}

void Projection::hold(ApplicationView& app, SetView& set, Wait wait, bool by_quota) {
  balance(set);
  const bool same = !set.holds.empty() && set.holds.back().wait == wait && set.holds.back().by_quota == by_quota;
  if (!same) set.holds.push_back({now_, wait, by_quota});
  settle(app);
}

void Projection::balance(SetView& set) {
  const auto open = std::max<std::int64_t>(set.replicas - set.pods, 0);
  while (std::cmp_greater(set.lacking.size(), open)) set.lacking.pop_back();
  while (std::cmp_less(set.lacking.size(), open)) set.lacking.push_back(now_);
}

// --- their executors -----------------------------------------------------------------------------------------------

// The row of a pod that a set has just made; nullptr when it is nobody's executor.
ExecutorRow* Projection::row_of_set(const Pod& pod, ApplicationView** app) {
  const std::string* role = pod.label(backend::kRoleLabel);
  const auto maker = role != nullptr && *role == "executor" ? maker_of(pod_key(pod)) : std::nullopt;
  if (!maker) return nullptr;
  *app = &applications_[maker->application];
  SetView& set = (*app)->sets.at(maker->profile);
  ExecutorRow r;
  r.of_set = true;
  r.profile = maker->profile;
  r.pod = pod_key(pod);
  r.asked_us = set.lacking.empty() ? now_ : set.lacking.front();
  const Resources requests = pod_requests(*pod.tmpl);
  r.cpu_milli = requests.cpu_milli.value_or(0);
  r.memory_bytes = requests.memory_bytes.value_or(0);
  r.tmpl = pod.tmpl;
  if (!set.lacking.empty()) set.lacking.pop_front();
  ++set.pods;
  hold(**app, set, Wait::controller);
  return &add_row(**app, std::move(r));
}

// Its pod begins to go: the set lacks one, unless it has lost this pod before.
void Projection::leave_set(ApplicationView& app, const ExecutorRow& row) {
  if (!row.of_set || row.terminating_us || row.finished_us || row.gone_us) return;
  SetView& set = app.sets.at(row.profile);
  --set.pods;
  balance(set);
}

// The executor has ended, and its pod goes on with the next one, which has no id yet. A driver that stops wants none.
void Projection::on(const EventRef& e, const fact::ContainerExited& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* ended = row(data.pod, &app);
  if (ended == nullptr || !ended->of_set || app->stopped_us || app->exited_us) return;
  ended->finished_us = e.t;
  ended->exit_code = data.exit_code;
  ended->restarted = true;
  move(*app, *ended, Stage::ended);
  ExecutorRow next;
  next.of_set = true;
  next.pod_has_served = ended->registered_us || ended->pod_has_served;
  next.profile = ended->profile;
  next.pod = ended->pod;
  next.node = ended->node;
  next.stage = Stage::bound;
  next.asked_us = e.t;
  next.stored_us = next.bound_us = e.t;
  next.cpu_milli = ended->cpu_milli;
  next.memory_bytes = ended->memory_bytes;
  next.tmpl = ended->tmpl;
  const Place before = places_.at(data.pod);
  ++app->restarts;
  add_row(*app, std::move(next));
  for (Place& place : on_node_[app->executors.back().node]) {
    if (place.application == before.application && place.row == before.row) place.row = app->executors.size() - 1;
  }
}

// A log without facts shows an executor of a set for the first time here.
void Projection::on(const EventRef& e, const out::ExecutorIdGiven& data) {
  ApplicationView* app = by_name(e.by);
  if (app == nullptr || app->sets.empty()) return;
  const std::string pod = app->sets.begin()->second.ns + "/" + data.pod;
  const auto place = places_.find(pod);
  if (place == places_.end() || !app->executors[place->second.row].stored_us) {
    const auto maker = maker_of(pod);
    ExecutorRow r;
    r.of_set = true;
    r.profile = maker ? maker->profile : kDefaultProfile;
    r.pod = pod;
    r.asked_us = e.t;
    add_row(*app, std::move(r));
  }
  const Place now = places_.at(pod);
  ExecutorRow& r = app->executors[now.row];
  if (r.id != 0) return;
  r.id = data.executor;
  given_[{now.application, data.executor}] = now.row;
}

}  // namespace podramp::sim
