// Updates of pods, bindings and evictions: the rarer half of pod_verbs.h.
#include <fmt/format.h>

#include <algorithm>

#include "backend/port/json_writer.h"
#include "fakeapi/pod_rules.h"
#include "fakeapi/pod_verbs.h"
#include "fakeapi/replies.h"

namespace podramp::fakeapi {
namespace {

// The pod with what is its own written into its template, as clients see it.
PodTemplate flattened(const Pod& pod) {
  PodTemplate tmpl = *pod.tmpl;
  for (const auto& [key, value] : pod.own_labels) tmpl.labels[key] = value;
  for (const auto& [key, value] : pod.own_annotations) tmpl.annotations[key] = value;
  if (!tmpl.containers.empty()) {
    std::vector<EnvVar>& env = tmpl.containers.at(spark_container_index(tmpl)).env;
    env.insert(env.end(), pod.own_env.begin(), pod.own_env.end());
  }
  for (const Volume& own : pod.own_volumes) {
    const auto same = std::ranges::find(tmpl.volumes, own.name, &Volume::name);
    if (same == tmpl.volumes.end()) {
      tmpl.volumes.push_back(own);
    } else {
      *same = own;
    }
  }
  return tmpl;
}

bool same_but_image(const std::vector<Container>& a, const std::vector<Container>& b) {
  return std::ranges::equal(a, b, [](const Container& x, const Container& y) {
    return x.name == y.name && x.command == y.command && x.args == y.args && x.requests == y.requests &&
           x.limits == y.limits && x.env == y.env;
  });
}

bool keeps_all(const std::vector<Toleration>& before, const std::vector<Toleration>& after) {
  return std::ranges::all_of(before, [&](const Toleration& t) { return std::ranges::find(after, t) != after.end(); });
}

// Of the spec only images, tolerations that are added, the grace period and scheduling gates that go may change.
std::vector<std::string> update_errors(const PodTemplate& before, const Pod& stored, const Pod& next) {
  const PodTemplate& after = *next.tmpl;
  std::vector<std::string> errors = label_errors(after.labels);
  const bool gated = !stored.gates.empty();
  const bool fine = same_but_image(before.containers, after.containers) &&
                    same_but_image(before.init_containers, after.init_containers) &&
                    before.restart_policy == after.restart_policy &&
                    (gated || before.node_selector == after.node_selector) &&
                    before.service_account == after.service_account && before.scheduler_name == after.scheduler_name &&
                    before.priority_class == after.priority_class && before.volumes.size() == after.volumes.size() &&
                    keeps_all(before.tolerations, after.tolerations) && (next.node.empty() || next.node == stored.node);
  if (!fine) {
    errors.emplace_back(
        "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
        "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)");
  }
  return errors;
}

void take_status(Pod& pod, const Pod& from) {
  pod.phase = from.phase;
  pod.reason = from.reason;
  pod.message = from.message;
  pod.conditions = from.conditions;
  pod.containers = from.containers;
  pod.pod_ip = from.pod_ip;
  pod.nominated_node = from.nominated_node;
}

}  // namespace

Answer PodVerbs::update(const ApiRequest& request, Seq cause) {
  const PodRecord* record = context_.state().find_pod(object_key(request));
  if (record == nullptr) return {replies::not_found(request.name), cause};
  if (request.body == nullptr) return {replies::bad_request("the request has no body"), cause};
  const Pod& stored = *record->pod;
  const Pod& body = *request.body;
  const bool stale = body.resource_version != 0 && body.resource_version != stored.resource_version;
  if (stale || (!body.uid.empty() && body.uid != stored.uid)) {
    return {replies::conflict(Kind::pod, request.name,
                              "the object has been modified; please apply your changes to the latest version and try "
                              "again"),
            cause};
  }
  Pod next = stored;
  if (request.subresource == "status") {
    take_status(next, body);
  } else {
    const std::vector<std::string> errors = update_errors(flattened(stored), stored, body);
    if (!errors.empty()) return {replies::invalid(request.name, errors), cause};
    next.tmpl = share(PodTemplate(flattened(body)));
    next.own_labels.clear();
    next.own_annotations.clear();
    next.own_env.clear();
    next.own_volumes.clear();
    std::erase_if(next.gates,
                  [&](const std::string& gate) { return std::ranges::find(body.gates, gate) == body.gates.end(); });
  }
  if (request.dry_run) return {replies::success(200, std::make_shared<const Pod>(std::move(next))), cause};
  const std::string name = pod_key(stored);
  if (is_terminal(next) && !is_terminal(stored)) {  // somebody plays the kubelet
    const bool failed = next.phase == PodPhase::failed;
    const fact::PodFinished ended{
        name,        context_.next_rv(), next.phase, failed ? 1 : 0, failed ? "Error" : "Completed",
        next.reason, next.message};
    cause = context_.emit("apiserver", cause, ended);
  } else if (Pod flat = stored; !(flat == next)) {
    flat.tmpl = share(flattened(stored));
    flat.own_labels.clear();
    flat.own_annotations.clear();
    flat.own_env.clear();
    flat.own_volumes.clear();
    // An update that changes nothing writes nothing.
    if (!(flat == next)) {
      const std::uint64_t rv = context_.next_rv();
      next.resource_version = rv;
      cause =
          context_.emit("apiserver", cause, fact::PodEdited{name, rv, std::make_shared<const Pod>(std::move(next))});
    }
  }
  return {replies::success(200, context_.state().find_pod(name)->pod), cause};
}

Answer PodVerbs::bind(const ApiRequest& request, Seq cause) {
  const PodRecord* record = context_.state().find_pod(object_key(request));
  if (record == nullptr) return {replies::not_found(request.name), cause};
  if (request.body == nullptr || request.body->node.empty()) {
    return {replies::bad_request("the binding names no node"), cause};
  }
  if (!record->pod->node.empty()) {
    return {
        replies::conflict(Kind::pod, request.name,
                          fmt::format("pod {} is already assigned to node \"{}\"", request.name, record->pod->node)),
        cause};
  }
  if (context_.state().find_node(request.body->node) == nullptr) {
    return {replies::not_found(Kind::node, request.body->node), cause};
  }
  if (!request.dry_run) {
    cause = context_.emit("apiserver", cause,
                          fact::PodBound{pod_key(*record->pod), context_.next_rv(), request.body->node});
  }
  return {replies::success(201, PodPtr{}), cause};
}

Answer PodVerbs::evict(const ApiRequest& request, Seq cause) {
  const PodRecord* record = context_.state().find_pod(object_key(request));
  if (record == nullptr) return {replies::not_found(request.name), cause};
  if (!request.dry_run) cause = deletion_.evict(record->id, request.grace_s, cause);
  return {replies::success(201, PodPtr{}), cause};
}

}  // namespace podramp::fakeapi
