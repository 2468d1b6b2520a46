// PATCH: the stored object, changed as the patch says, becomes an update of exactly the version that was read; when
// somebody else was faster, front_json.cpp reads the patch again. Part of RequestReader.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fakeapi/http/answers.h"
#include "fakeapi/http/field_validation.h"
#include "fakeapi/http/patches.h"
#include "fakeapi/http/request_reader.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

const json::json_pointer kVersion("/metadata/resourceVersion");
const json::json_pointer kManaged("/metadata/managedFields");

std::string text_at(const json& object, const char* pointer) {
  const json::json_pointer path(pointer);
  return object.contains(path) && object[path].is_string() ? object[path].get<std::string>() : "";
}

http::Response conflicts_response(const std::vector<FieldConflict>& conflicts) {
  StatusDetails details;
  std::string message =
      fmt::format("Apply failed with {} conflict{}", conflicts.size(), conflicts.size() > 1 ? "s" : "");
  for (const FieldConflict& conflict : conflicts) {
    message += fmt::format("{} {}: {}", conflicts.size() > 1 ? "\n-" : ":", conflict.manager, conflict.field);
    details.causes.push_back({"", 0, conflict.field, conflict.manager});
  }
  ApiReply reply;
  reply.code = 409;
  reply.reason = "Conflict";
  reply.message = std::move(message);
  return status_response(reply, details);
}

}  // namespace

json RequestReader::stored() const {
  const std::string key = path_.ns + "/" + path_.name;
  if (is_pod()) {
    const PodRecord* record = scene_.state.find_pod(key);
    return record == nullptr ? json() : stored_json(*record->pod, scene_);
  }
  const ManifestPtr object = scene_.state.find_object(path_.resource->kind, key);
  if (object == nullptr) return nullptr;
  json tree = stored_json(*object, scene_);
  if (object->kind == Kind::secret) front_.secrets_.reveal(tree);
  return tree;
}

std::string RequestReader::stored_uid() const {
  const std::string key = path_.ns + "/" + path_.name;
  if (is_pod()) {
    const PodRecord* record = scene_.state.find_pod(key);
    return record == nullptr ? "" : record->pod->uid;
  }
  if (path_.resource->kind == Kind::node) return "";
  const ManifestPtr object = scene_.state.find_object(path_.resource->kind, key);
  return object == nullptr ? "" : object->uid;
}

FieldManager RequestReader::manager(bool applies) const {
  FieldManager manager{target_.parameter("fieldManager"), applies, path_.subresource};
  if (manager.name.empty()) {  // as the server does it: the client's name
    const std::string agent(http::find_header(http_.headers, "user-agent").value_or("unknown"));
    manager.name = agent.substr(0, agent.find('/'));
  }
  return manager;
}

void RequestReader::note_fields(const json& before, const json& after) {
  FieldWrite write = ManagedFields::changed(before, after, manager(false));
  write.api_version = api_version(resource_type(path_.resource->kind));
  write.time = format_wall_time(scene_.now, scene_.zero);
  passed_.fields = std::move(write);
}

Verdict RequestReader::read_patch() {
  if (path_.name.empty()) return method_not_allowed();
  const BodyType type = body_type(http_.headers);
  json patch;
  if (type == BodyType::apply_patch) {
    if (auto wrong = tree_of(http_, patch)) return std::move(*wrong);
  } else {
    if (type == BodyType::json_text || type == BodyType::yaml_text || type == BodyType::protobuf ||
        type == BodyType::cbor || type == BodyType::unknown) {
      return error_response(415, "UnsupportedMediaType",
                            "the body of the request was in an unknown format - accepted media types include: "
                            "application/json-patch+json, application/merge-patch+json, "
                            "application/strategic-merge-patch+json, application/apply-patch+yaml");
    }
    auto parsed = parse_json(http_.body);
    if (!parsed) return bad_request(fmt::format("error decoding patch: {}", parsed.error().message));
    patch = std::move(*parsed);
  }
  if (path_.subresource == "scale") {
    const json::json_pointer replicas("/spec/replicas");
    const bool named = patch.is_object() && patch.contains(replicas) && patch[replicas].is_number_integer();
    if (!named) return bad_request("a patch of a Scale needs spec.replicas, a whole number");
    passed_.request.verb = Verb::patch;
    passed_.request.replicas = patch[replicas].get<std::int64_t>();
    return std::move(passed_);
  }
  json before = stored();
  if (type == BodyType::apply_patch) return apply(patch, std::move(before));
  if (!before.is_object()) {  // the server says that it is not there
    passed_.request.verb = Verb::get;
    return std::move(passed_);
  }
  const bool is_json_patch = type == BodyType::json_patch;
  if (is_json_patch != patch.is_array()) return bad_request("the patch is not of the kind that its Content-Type says");
  json after;
  if (is_json_patch) {
    const json known = front_.managed_.show(stored_uid());
    json base = before;
    if (!known.is_null()) base["metadata"]["managedFields"] = known;
    auto changed = json_patched(base, patch);
    if (!changed)
      return error_response(422, "Invalid", "the server rejected our request due to an error in our request");
    after = std::move(*changed);
    const json told = after.is_object() && after.contains(kManaged) ? after[kManaged] : json();
    if (told != known) passed_.managed_fields = told.dump();
  } else {
    after = type == BodyType::merge_patch ? merge_patched(before, patch) : strategic_patched(before, patch);
  }
  if (!after.is_object()) return bad_request("the patched object is no JSON object");
  return patched(before, std::move(after));
}

// Server-side apply: creates what is not there yet.
Verdict RequestReader::apply(const json& config, json object) {
  if (!config.is_object()) return bad_request("the body of an apply must be an object");
  if (target_.parameter("fieldManager").empty()) {
    return error_response(
        422, "Invalid",
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
  }
  if (config.contains("metadata") && config["metadata"].is_object() && config["metadata"].contains("managedFields")) {
    return bad_request("metadata.managedFields must be nil");
  }
  const std::string named = text_at(config, "/metadata/name");
  if (!named.empty() && named != path_.name) {
    return bad_request(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})", named, path_.name));
  }
  const bool exists = object.is_object();
  const json before = exists ? object : json::object();
  if (!exists) object = json::object();
  const bool force = target_.flag("force");
  ManagedFields::Applied applied = front_.managed_.apply(object, config, stored_uid(), manager(true), force);
  if (!applied.conflicts.empty()) return conflicts_response(applied.conflicts);
  if (!exists) {
    object["metadata"]["name"] = path_.name;
    if (!path_.ns.empty()) object["metadata"]["namespace"] = path_.ns;
    fill_defaults(object);
  }
  Verdict verdict;
  if (exists) {
    verdict = patched(before, std::move(object));
  } else {
    passed_.request.verb = Verb::create;
    passed_.request.name.clear();
    if (auto wrong = decode(std::move(object))) return std::move(*wrong);
    verdict = std::move(passed_);
  }
  if (auto* passed = std::get_if<Passed>(&verdict)) {
    applied.write.api_version = api_version(resource_type(path_.resource->kind));
    applied.write.time = format_wall_time(scene_.now, scene_.zero);
    passed->fields = std::move(applied.write);
  }
  return verdict;
}

Verdict RequestReader::patched(const json& before, json after) {
  if (text_at(after, "/metadata/name") != path_.name) {
    return bad_request(fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                                   text_at(after, "/metadata/name"), path_.name));
  }
  if (path_.subresource == "resize") return resized(after);
  if (target_.parameter("fieldValidation") == "Strict") {
    const auto unknown = unknown_fields(path_.resource->kind, after);
    if (!unknown.empty()) return bad_request(fmt::format("strict decoding error: {}", fmt::join(unknown, ", ")));
  }
  if (path_.subresource == "status" && !is_pod()) {
    json next = before;
    if (after.contains("status")) next["status"] = after["status"];
    after = std::move(next);
  }
  // A version in the patch is a precondition; without one it is tried again when somebody else was faster.
  const bool versioned = after.contains(kVersion) && after[kVersion] != before[kVersion];
  if (!versioned) passed_.original = http_;
  ApiRequest& request = passed_.request;
  request.verb = Verb::update;
  if (path_.subresource == "status") request.subresource = "status";
  if (path_.resource->kind == Kind::node) {
    // A node's status is its kubelet's; what the store does not model of it stays as it was.
    after["status"] = before.value("status", json::object());
    after["status"].erase("capacity");
  }
  note_fields(before, after);
  if (auto wrong = decode(std::move(after))) return std::move(*wrong);
  return std::move(passed_);
}

// Subresource resize: the memory of the Spark container (02 4.5); more is not modelled.
Verdict RequestReader::resized(const json& after) {
  const auto decoded = pod_from_json(after, scene_.zero);
  if (!decoded.errors.empty()) return bad_request(to_string(decoded.errors.front()));
  const PodTemplate& tmpl = *decoded.value->tmpl;
  if (tmpl.containers.empty()) return bad_request("the pod has no containers");
  const Container& container = tmpl.containers[spark_container_index(tmpl)];
  const auto bytes = container.requests.memory_bytes ? container.requests.memory_bytes : container.limits.memory_bytes;
  if (!bytes) return bad_request("only the memory of a container can be resized here");
  passed_.request.verb = Verb::patch;
  passed_.request.set_bytes = bytes;
  return std::move(passed_);
}

}  // namespace podramp::fakeapi::rest
