#include "fakeapi/pod_verbs.h"

#include <fmt/format.h>

#include "backend/port/json_writer.h"
#include "fakeapi/admission_queues.h"
#include "fakeapi/pod_rules.h"
#include "fakeapi/replies.h"

namespace podramp::fakeapi {
namespace {

const std::string* annotation(const Pod& pod, const std::string& key) {
  if (const auto it = pod.own_annotations.find(key); it != pod.own_annotations.end()) return &it->second;
  const auto it = pod.tmpl->annotations.find(key);
  return it == pod.tmpl->annotations.end() ? nullptr : &it->second;
}

}  // namespace

void gate(Pod& pod, const ClusterConfig& config) {
  if (!pod.node.empty()) return;
  pod.gates = first_gates(pod, config);
  if (pod.gates.empty()) return;
  pod.conditions.push_back(
      {"PodScheduled", Truth::no, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", 0});
}

Answer PodVerbs::create(const ApiRequest& request, Seq cause) {
  if (request.body == nullptr) return {replies::bad_request("the request has no body"), cause};
  const Pod& body = *request.body;
  if (!body.ns.empty() && body.ns != request.ns) {
    return {
        replies::bad_request("the namespace of the provided object does not match the namespace sent on the request"),
        cause};
  }
  if (!body.name.empty() || body.generate_name.empty()) return store(request, body, cause);
  Pod named = body;
  named.name = generated_name(request.ns, body.generate_name);
  if (!named.name.empty()) return store(request, named, cause);
  ApiReply reply = replies::already_exists(body.generate_name);
  reply.retry_after_s = 1;
  return {std::move(reply), cause};
}

// K5: the base cut to 58 and five characters that spell no words; up to eight names are tried, "" when all are taken.
std::string PodVerbs::generated_name(const std::string& ns, const std::string& base) const {
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  for (std::uint64_t attempt = 0; attempt < 8; ++attempt) {
    Draw draw(context_.seed(), "api.generate_name", ns + "/" + base, last_id_ * 8 + attempt);
    std::string name = base.substr(0, 58);
    for (int i = 0; i < 5; ++i) name += kAlphabet[static_cast<std::size_t>(draw.uniform(0, kAlphabet.size() - 1))];
    if (context_.state().find_pod(ns + "/" + name) == nullptr) return name;
  }
  return "";
}

Answer PodVerbs::store(const ApiRequest& request, const Pod& body, Seq cause) {
  const PreparedTemplate& prepared = admission_.prepare(request.ns, body.tmpl);
  if (!prepared.no_priority.empty()) return {replies::forbidden(body.name, prepared.no_priority), cause};
  std::vector<std::string> errors = metadata_errors(body);
  errors.insert(errors.end(), prepared.spec_errors.begin(), prepared.spec_errors.end());
  const std::vector<std::string> hostname = hostname_errors(body);
  errors.insert(errors.end(), hostname.begin(), hostname.end());
  if (!errors.empty()) return {replies::invalid(body.name, errors), cause};
  if (!prepared.outside_limits.empty()) return {replies::forbidden(body.name, prepared.outside_limits), cause};

  const std::string name = request.ns + "/" + body.name;
  const std::string refused =
      request.dry_run ? admission_.refusal(request.ns, prepared) : admission_.charge(request.ns, name, prepared, cause);
  if (!refused.empty()) return {replies::forbidden(body.name, refused), cause};
  if (context_.state().find_pod(name) != nullptr) {
    if (!request.dry_run) admission_.leaked(request.ns, cause);
    return {replies::already_exists(body.name), cause};
  }

  auto stored = std::make_shared<Pod>();
  stored->name = body.name;
  stored->generate_name = body.generate_name;
  stored->ns = request.ns;
  if (!request.dry_run) {
    stored->uid = uid_text(next_id());
    stored->resource_version = context_.next_rv();
  }
  stored->tmpl = prepared.tmpl;
  stored->own_labels = body.own_labels;
  stored->own_annotations = body.own_annotations;
  stored->own_env = body.own_env;
  stored->own_volumes = body.own_volumes;
  stored->hostname = body.hostname;
  stored->affinity_node = body.affinity_node;
  stored->node = body.node;
  stored->created_us = whole_second(context_.server_clock());  // K3
  gate(*stored, context_.config());
  if (request.dry_run) return {replies::success(201, std::move(stored)), cause};
  const Seq seq = context_.emit("apiserver", cause, fact::PodCreated{stored});
  return {replies::success(201, std::move(stored)), seq};
}

Answer PodVerbs::get(const ApiRequest& request, Seq cause) const {
  const PodRecord* record = context_.state().find_pod(object_key(request));
  if (record == nullptr) return {replies::not_found(request.name), cause};
  return {replies::success(200, record->pod), cause};
}

Answer PodVerbs::patch(const ApiRequest& request, Seq cause) {
  const std::string name = object_key(request);
  const PodRecord* record = context_.state().find_pod(name);
  if (record == nullptr) return {replies::not_found(request.name), cause};
  if (request.set_bytes) return resize(*record, *request.set_bytes, cause);
  std::vector<std::string> errors = label_errors(request.set_labels);
  if (!errors.empty()) return {replies::invalid(request.name, errors), cause};
  StringMap labels;
  for (const auto& [key, value] : request.set_labels) {
    const std::string* old = record->pod->label(key);
    if (old == nullptr || *old != value) labels.emplace(key, value);
  }
  StringMap annotations;
  for (const auto& [key, value] : request.set_annotations) {
    const std::string* old = annotation(*record->pod, key);
    if (old == nullptr || *old != value) annotations.emplace(key, value);
  }
  Seq seq = cause;
  // A patch that changes nothing writes nothing.
  if (!labels.empty() || !annotations.empty()) {
    seq = context_.emit("apiserver", cause, fact::PodLabelled{name, context_.next_rv(), labels, annotations});
  }
  return {replies::success(200, context_.state().find_pod(name)->pod), seq};
}

// Subresource resize (02 4.5): the spec changes at once. Whether the node has room for it is not asked, where the real
// kubelet would say Deferred or Infeasible (docs/behaviour.md).
Answer PodVerbs::resize(const PodRecord& record, std::int64_t bytes, Seq cause) {
  const std::string name = pod_key(*record.pod);
  const Container& container = record.pod->tmpl->containers.at(spark_container_index(*record.pod->tmpl));
  if (bytes <= 0) {
    return {replies::invalid(record.pod->name, {"spec.containers[0].resources.limits[memory]: Invalid value: must be "
                                                "greater than zero"}),
            cause};
  }
  Seq seq = cause;
  if (container.requests.memory_bytes != bytes || container.limits.memory_bytes != bytes) {
    seq = context_.emit("apiserver", cause, fact::PodResized{name, context_.next_rv(), bytes});
  }
  return {replies::success(200, context_.state().find_pod(name)->pod), seq};
}

Answer PodVerbs::remove(const ApiRequest& request, Seq cause) {
  const PodRecord* record = context_.state().find_pod(object_key(request));
  if (record == nullptr) return {replies::not_found(request.name), cause};
  const PodPtr before = record->pod;
  const std::string version = std::to_string(before->resource_version);
  if (!request.version_precondition.empty() && request.version_precondition != version) {
    return {replies::conflict(request.name,
                              fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                                          "ResourceVersion in record ({}). The object might have been modified",
                                          request.version_precondition, version)),
            cause};
  }
  if (!request.uid_precondition.empty() && request.uid_precondition != before->uid) {
    return {replies::conflict(request.name,
                              fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The "
                                          "object might have been deleted and then recreated",
                                          request.uid_precondition, before->uid)),
            cause};
  }
  if (request.dry_run) return {replies::success(200, before), cause};
  const PodId id = record->id;
  const Seq seq = deletion_.remove(id, request.grace_s, "api", "apiserver", cause);
  const PodRecord* after = context_.state().find_pod(id);
  return {replies::success(200, after == nullptr ? before : after->pod), seq};
}

std::vector<const PodRecord*> PodVerbs::select(const ApiRequest& request) {
  std::vector<const PodRecord*> found;
  const auto& pods = index_.candidates(context_.state(), request.label_selector);
  const std::string prefix = request.ns.empty() ? "" : request.ns + "/";
  for (auto it = pods.lower_bound(prefix); it != pods.end() && it->first.starts_with(prefix); ++it) {
    const PodRecord* record = context_.state().find_pod(it->second);
    if (!request.label_selector.matches(*record->pod) || !request.field_selector.matches(*record->pod)) continue;
    found.push_back(record);
  }
  return found;
}

}  // namespace podramp::fakeapi
