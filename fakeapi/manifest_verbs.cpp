#include "fakeapi/manifest_verbs.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/json_writer.h"
#include "fakeapi/manifest_rules.h"
#include "fakeapi/pod_rules.h"
#include "fakeapi/replies.h"

namespace podramp::fakeapi {
namespace {

bool has_replicas(Kind kind) {
  return kind == Kind::stateful_set || kind == Kind::deployment || kind == Kind::replica_set;
}

const FieldTerm* unknown_field(const FieldSelector& selector) {
  const auto it = std::ranges::find_if(selector.all, [](const FieldTerm& term) {
    return term.field != "metadata.name" && term.field != "metadata.namespace";
  });
  return it == selector.all.end() ? nullptr : &*it;
}

bool matches(const FieldSelector& selector, const Manifest& object) {
  return std::ranges::all_of(selector.all, [&](const FieldTerm& term) {
    if (term.field == "metadata.name") return (object.name == term.value) == term.equal;
    return term.field == "metadata.namespace" && (object.ns == term.value) == term.equal;
  });
}

// Takes over what differs; whether anything did.
bool merge(StringMap& into, const StringMap& patch) {
  bool changed = false;
  for (const auto& [key, value] : patch) {
    const auto it = into.find(key);
    if (it != into.end() && it->second == value) continue;
    into[key] = value;
    changed = true;
  }
  return changed;
}

}  // namespace

Answer ManifestVerbs::create(const ApiRequest& request, Seq cause) {
  if (request.manifest == nullptr) return {replies::bad_request("the request has no body"), cause};
  Manifest object = *request.manifest;
  object.kind = request.kind;
  if (!object.ns.empty() && object.ns != request.ns) {
    return {
        replies::bad_request("the namespace of the provided object does not match the namespace sent on the request"),
        cause};
  }
  object.ns = request.ns;
  apply_manifest_defaults(object);
  std::vector<std::string> errors = manifest_errors(object);
  if (!errors.empty()) return {replies::invalid(object.kind, object.name, errors), cause};
  const std::string key = object_key(object);
  if (context_.state().find_object(object.kind, key) != nullptr) {
    return {replies::already_exists(object.kind, object.name), cause};
  }
  const Kind kind = object.kind;
  const Seq seq = store_.create(std::move(object), "apiserver", cause);
  return {replies::success(201, context_.state().find_object(kind, key)), seq};
}

Answer ManifestVerbs::get(const ApiRequest& request, Seq cause) const {
  ManifestPtr object = context_.state().find_object(request.kind, object_key(request));
  if (object == nullptr) return {replies::not_found(request.kind, request.name), cause};
  return {replies::success(200, std::move(object)), cause};
}

Answer ManifestVerbs::list(const ApiRequest& request, Seq cause) const {
  if (const FieldTerm* unknown = unknown_field(request.field_selector)) {
    return {replies::bad_request(fmt::format("\"{}\" is not a known field selector: only \"metadata.name\", "
                                             "\"metadata.namespace\"",
                                             unknown->field)),
            cause};
  }
  ApiReply reply = replies::success(200, ManifestPtr{});
  reply.resource_version = context_.state().resource_version();
  for (const std::string& name : select(request)) {
    reply.manifests.push_back(context_.state().find_object(request.kind, name));
  }
  return {std::move(reply), cause};
}

// What is wrong with growing the claim; the reply says it. Only bound claims of a class that lets them grow, and never
// below what they have.
std::string ManifestVerbs::refuse_growth(const ApiRequest& request, const ClaimSpec& claim, ApiReply& reply) const {
  std::string why;
  if (*request.set_bytes < claim.request_bytes) {
    why = "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity";
    if (claim.phase != "Bound") {
      why =
          "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName "
          "for bound claims";
    }
    reply = replies::invalid(request.kind, request.name, {why});
    return why;
  }
  bool expandable = !(claim.storage_class && claim.storage_class->empty());
  for (const StorageClassSpec& known : context_.config().storage_classes) {
    if (known.name == claim.storage_class.value_or("")) expandable = known.expandable && known.provisions;
  }
  if (claim.phase != "Bound") {
    why = "Only bound persistent volume claims can be expanded";
  } else if (!expandable) {
    why =
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support "
        "resize";
  }
  if (!why.empty()) reply = replies::forbidden(request.kind, request.name, why);
  return why;
}

Answer ManifestVerbs::patch(const ApiRequest& request, Seq cause) {
  const ManifestPtr stored = context_.state().find_object(request.kind, object_key(request));
  if (stored == nullptr) return {replies::not_found(request.kind, request.name), cause};
  std::vector<std::string> errors = label_errors(request.set_labels);
  if (request.replicas && *request.replicas < 0) {
    errors.push_back(
        fmt::format("spec.replicas: Invalid value: {}: must be greater than or equal to 0", *request.replicas));
  }
  if (!errors.empty()) return {replies::invalid(request.kind, request.name, errors), cause};
  Manifest next = *stored;
  bool changed = merge(next.labels, request.set_labels);
  changed = merge(next.annotations, request.set_annotations) || changed;
  if (request.replicas && has_replicas(request.kind) && next.set->replicas != *request.replicas) {
    next.set->replicas = *request.replicas;
    changed = true;
  }
  if (request.set_bytes && next.claim && next.claim->request_bytes != *request.set_bytes) {
    ApiReply refused;
    if (!refuse_growth(request, *next.claim, refused).empty()) return {std::move(refused), cause};
    next.claim->request_bytes = *request.set_bytes;
    changed = true;
  }
  // A patch that changes nothing writes nothing.
  const Seq seq = changed ? store_.change(std::move(next), "apiserver", cause) : cause;
  return {replies::success(200, context_.state().find_object(request.kind, object_key(request))), seq};
}

Answer ManifestVerbs::remove(const ApiRequest& request, Seq cause) {
  const ManifestPtr stored = context_.state().find_object(request.kind, object_key(request));
  if (stored == nullptr) return {replies::not_found(request.kind, request.name), cause};
  if (!request.uid_precondition.empty() && request.uid_precondition != stored->uid) {
    const std::string why = fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                                        request.uid_precondition, stored->uid);
    return {replies::conflict(request.kind, request.name, why), cause};
  }
  const Seq seq = store_.remove(request.kind, object_key(request), "api", "apiserver", cause);
  const ManifestPtr after = context_.state().find_object(request.kind, object_key(request));
  return {replies::success(200, after == nullptr ? stored : after), seq};
}

std::vector<std::string> ManifestVerbs::select(const ApiRequest& request) const {
  std::vector<std::string> found;
  const ClusterState::Objects& objects = context_.state().objects(request.kind);
  const std::string prefix = request.ns.empty() ? "" : request.ns + "/";
  for (auto it = objects.lower_bound(prefix); it != objects.end() && it->first.starts_with(prefix); ++it) {
    if (!request.label_selector.matches(it->second->labels)) continue;
    if (matches(request.field_selector, *it->second)) found.push_back(it->first);
  }
  return found;
}

}  // namespace podramp::fakeapi
