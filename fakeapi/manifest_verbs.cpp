#include "fakeapi/manifest_verbs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "backend/port/json_writer.h"
#include "backend/port/random.h"
#include "fakeapi/manifest_rules.h"
#include "fakeapi/pod_rules.h"
#include "fakeapi/replies.h"

namespace podramp::fakeapi {
namespace {

bool has_replicas(Kind kind) {
  return kind == Kind::stateful_set || kind == Kind::deployment || kind == Kind::replica_set;
}

// What field selectors may ask for beside name and namespace. K24
std::span<const std::string_view> fields_of(Kind kind) {
  static constexpr std::array<std::string_view, 10> kEvent{"involvedObject.kind",
                                                           "involvedObject.namespace",
                                                           "involvedObject.name",
                                                           "involvedObject.uid",
                                                           "involvedObject.apiVersion",
                                                           "involvedObject.resourceVersion",
                                                           "involvedObject.fieldPath",
                                                           "reason",
                                                           "type",
                                                           "source"};
  static constexpr std::array<std::string_view, 1> kNode{"spec.unschedulable"};
  static constexpr std::array<std::string_view, 1> kNamespace{"status.phase"};
  static constexpr std::array<std::string_view, 1> kSecret{"type"};
  switch (kind) {
    case Kind::event: return kEvent;
    case Kind::node: return kNode;
    case Kind::name_space: return kNamespace;
    case Kind::secret: return kSecret;
    default: return {};
  }
}

ApiReply modified(Kind kind, const std::string& name) {
  return replies::conflict(kind, name,
                           "the object has been modified; please apply your changes to the latest version and try "
                           "again");
}

std::string as_logged(const Manifest& object) {
  std::string text;
  PodMemory memory(false);
  JsonWriter(text, memory).value(object);
  return text;
}

// What of an update's object is the server's own to say.
void keep_server_part(Manifest& next, const Manifest& stored) {
  next.ns = stored.ns;
  next.uid = stored.uid;
  next.created_us = stored.created_us;
  next.deletion_us = stored.deletion_us;
  next.resource_version = stored.resource_version;
  if (next.set) next.data = stored.data;
  if (next.claim && stored.claim) {
    next.claim->phase = stored.claim->phase;
    next.claim->capacity_bytes = stored.claim->capacity_bytes;
  }
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
  if (object.name.empty() && !object.generate_name.empty()) object.name = generated_name(object);
  apply_manifest_defaults(object);
  std::vector<std::string> errors = manifest_errors(object);
  if (!errors.empty()) return {replies::invalid(object.kind, object.name, errors), cause};
  const std::string key = object_key(object);
  if (context_.state().find_object(object.kind, key) != nullptr) {
    return {replies::already_exists(object.kind, object.name), cause};
  }
  if (request.dry_run) return {replies::success(201, std::make_shared<const Manifest>(std::move(object))), cause};
  const Kind kind = object.kind;
  const Seq seq = store_.create(std::move(object), "apiserver", cause);
  return {replies::success(201, context_.state().find_object(kind, key)), seq};
}

// K5, as for pods.
std::string ManifestVerbs::generated_name(const Manifest& object) const {
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  for (std::uint64_t attempt = 0;; ++attempt) {
    Draw draw(context_.seed(), "api.generate_name", object.ns + "/" + object.generate_name,
              context_.state().resource_version() * 8 + attempt);
    std::string name = object.generate_name.substr(0, 58);
    for (int i = 0; i < 5; ++i) name += kAlphabet[static_cast<std::size_t>(draw.uniform(0, kAlphabet.size() - 1))];
    if (context_.state().find_object(object.kind, object.ns + "/" + name) == nullptr) return name;
  }
}

Answer ManifestVerbs::get(const ApiRequest& request, Seq cause) const {
  ManifestPtr object = context_.state().find_object(request.kind, object_key(request));
  if (object == nullptr) return {replies::not_found(request.kind, request.name), cause};
  return {replies::success(200, std::move(object)), cause};
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

Answer ManifestVerbs::update(const ApiRequest& request, Seq cause) {
  if (request.manifest == nullptr) return {replies::bad_request("the request has no body"), cause};
  const std::string key = object_key(request);
  const ManifestPtr stored = context_.state().find_object(request.kind, key);
  if (stored == nullptr) return {replies::not_found(request.kind, request.name), cause};
  Manifest next = *request.manifest;
  next.kind = request.kind;
  const bool stale = next.resource_version != 0 && next.resource_version != stored->resource_version;
  if (stale || (!next.uid.empty() && next.uid != stored->uid)) return {modified(request.kind, request.name), cause};
  keep_server_part(next, *stored);
  apply_manifest_defaults(next);
  std::vector<std::string> errors = manifest_errors(next);
  if (next.set && stored->set && next.set->selector != stored->set->selector) {
    errors.emplace_back("spec.selector: Invalid value: field is immutable");
  }
  if (stored->immutable && (!next.immutable || next.data != stored->data)) {
    errors.emplace_back("data: Forbidden: field is immutable when `immutable` is set");
  }
  if (!errors.empty()) return {replies::invalid(request.kind, request.name, errors), cause};
  if (next.claim && stored->claim && next.claim->request_bytes != stored->claim->request_bytes) {
    ApiRequest growth = request;
    growth.set_bytes = next.claim->request_bytes;
    ApiReply refused;
    if (!refuse_growth(growth, *stored->claim, refused).empty()) return {std::move(refused), cause};
  }
  if (request.dry_run || as_logged(next) == as_logged(*stored)) {
    return {replies::success(200, std::make_shared<const Manifest>(std::move(next))), cause};
  }
  const Seq seq = store_.change(std::move(next), "apiserver", cause);
  return {replies::success(200, context_.state().find_object(request.kind, key)), seq};
}

Answer ManifestVerbs::remove(const ApiRequest& request, Seq cause) {
  const ManifestPtr stored = context_.state().find_object(request.kind, object_key(request));
  if (stored == nullptr) return {replies::not_found(request.kind, request.name), cause};
  if (!request.uid_precondition.empty() && request.uid_precondition != stored->uid) {
    const std::string why = fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                                        request.uid_precondition, stored->uid);
    return {replies::conflict(request.kind, request.name, why), cause};
  }
  if (!request.version_precondition.empty() &&
      request.version_precondition != std::to_string(stored->resource_version)) {
    return {modified(request.kind, request.name), cause};
  }
  if (request.dry_run) return {replies::success(200, stored), cause};
  const bool by_controller = request.kind == Kind::name_space && namespaces_ != nullptr;
  const Seq seq = by_controller ? namespaces_->remove(request.name, cause)
                                : store_.remove(request.kind, object_key(request), "api", "apiserver", cause);
  const ManifestPtr after = context_.state().find_object(request.kind, object_key(request));
  return {replies::success(200, after == nullptr ? stored : after), seq};
}

bool ManifestVerbs::matches(const FieldSelector& selector, const Manifest& object) {
  return std::ranges::all_of(selector.all, [&](const FieldTerm& term) {
    if (term.field == "metadata.name") return (object.name == term.value) == term.equal;
    if (term.field == "metadata.namespace") return (object.ns == term.value) == term.equal;
    const auto it = object.selectable.find(term.field);
    return (it == object.selectable.end() ? term.value.empty() : it->second == term.value) == term.equal;
  });
}

std::string ManifestVerbs::unknown_field(Kind kind, const FieldSelector& selector) {
  for (const FieldTerm& term : selector.all) {
    if (term.field == "metadata.name" || term.field == "metadata.namespace") continue;
    if (std::ranges::find(fields_of(kind), term.field) != fields_of(kind).end()) continue;
    return fmt::format("\"{}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
                       term.field);
  }
  return "";
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
