// A reply as a whole object, a Table, metadata only, a Scale or a Status (answer_writer.h).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "fakeapi/http/answer_writer.h"
#include "fakeapi/http/answers.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

std::string text_of(const json& tree) { return tree.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

json AnswerWriter::shown(const Pod& pod) const {
  json tree = shown_json(pod, scene_);
  if (json fields = front_.managed_.show(pod.uid); !fields.is_null()) tree["metadata"]["managedFields"] = fields;
  return tree;
}

json AnswerWriter::shown(const Manifest& object) const {
  if (passed_.subresource == "scale" && object.set) return scale_of(object);
  json tree = shown_json(object, scene_);
  if (object.kind == Kind::secret) front_.secrets_.reveal(tree);
  if (json fields = front_.managed_.show(object.uid); !fields.is_null()) tree["metadata"]["managedFields"] = fields;
  return tree;
}

json AnswerWriter::scale_of(const Manifest& object) const {
  std::vector<std::string> selector;
  for (const auto& [key, value] : object.set->selector) selector.push_back(key + "=" + value);
  const json whole = shown_json(object, scene_);
  json metadata = json::object();
  for (const char* name : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (whole["metadata"].contains(name)) metadata[name] = whole["metadata"][name];
  }
  return json{{"kind", "Scale"},
              {"apiVersion", "autoscaling/v1"},
              {"metadata", metadata},
              {"spec", {{"replicas", object.set->replicas}}},
              {"status",
               {{"replicas", whole["status"].value("replicas", 0)},
                {"selector", fmt::format("{}", fmt::join(selector, ","))}}}};
}

std::string AnswerWriter::in_form(json object) const {
  if (passed_.form.form == Form::metadata) return text_of(metadata_only(object, passed_.form.version));
  if (passed_.form.form == Form::object) return text_of(object);
  TableHead head;
  head.version = passed_.form.version;
  std::vector<json> rows;
  rows.push_back(std::move(object));
  return text_of(table_json(passed_.request.kind, rows, passed_.include, head, scene_));
}

http::Response AnswerWriter::failure(const ApiReply& reply) const {
  const ResourceType& type = resource_type(passed_.request.kind);
  StatusDetails details;
  details.name = passed_.request.name;
  if (details.name.empty() && passed_.request.body != nullptr) details.name = passed_.request.body->name;
  if (details.name.empty() && passed_.request.manifest != nullptr) details.name = passed_.request.manifest->name;
  details.group = std::string(type.group);
  details.kind = std::string(reply.code == 422 ? type.kind : type.plural);
  return status_response(reply, details);
}

http::Response AnswerWriter::list(const ApiReply& reply) const {
  const Kind kind = passed_.request.kind;
  const ResourceType& type = resource_type(kind);
  const bool table = passed_.form.form == Form::table;
  std::vector<json> objects;
  std::vector<std::string> texts;
  const auto add = [&](json object) {
    if (table) {
      objects.push_back(std::move(object));
    } else {
      if (passed_.form.form == Form::metadata) object = metadata_only(object, passed_.form.version);
      texts.push_back(text_of(object));
    }
  };
  if (reply.list) {
    for (const PodPtr& pod : reply.list->items) add(shown(*pod));
  }
  for (const ManifestPtr& object : reply.manifests) add(shown(*object));
  if (table) {
    TableHead head{passed_.form.version, reply.resource_version, reply.continue_token, reply.remaining};
    return json_response(200, text_of(table_json(kind, objects, passed_.include, head, scene_)));
  }
  const bool metadata = passed_.form.form == Form::metadata;
  const std::string name = metadata ? "PartialObjectMetadata" : std::string(type.kind);
  const std::string version = metadata ? "meta.k8s.io/" + passed_.form.version : api_version(type);
  return json_response(200,
                       list_text(name, version, texts, reply.resource_version, reply.continue_token, reply.remaining));
}

http::Response AnswerWriter::write(const ApiReply& reply) const {
  if (reply.transport != Transport::ok) return {0, {}, ""};
  if (!reply.ok()) return failure(reply);
  if (passed_.request.verb == Verb::list) return list(reply);
  if (reply.object != nullptr) return json_response(reply.code, in_form(shown(*reply.object)));
  const bool removed = passed_.request.verb == Verb::remove;
  if (reply.manifest != nullptr && !removed) return json_response(reply.code, in_form(shown(*reply.manifest)));
  StatusDetails details;
  if (removed && reply.manifest != nullptr) {
    const ResourceType& type = resource_type(passed_.request.kind);
    details.name = reply.manifest->name;
    details.group = std::string(type.group);
    details.kind = std::string(type.plural);
    details.uid = reply.manifest->uid;
  }
  ApiReply done;
  done.code = reply.code;
  return status_response(done, details);
}

std::string AnswerWriter::event(const WatchEvent& event) const {
  const ResourceType& type = resource_type(passed_.request.kind);
  if (event.type == WatchEventType::bookmark) {
    const std::uint64_t rv = event.object != nullptr     ? event.object->resource_version
                             : event.manifest != nullptr ? event.manifest->resource_version
                                                         : scene_.state.resource_version();
    std::string object = bookmark_object(type.kind, api_version(type), rv, event.initial_end);
    if (passed_.form.form != Form::object) {
      const auto tree = parse_json(object);
      if (tree) object = in_form(*tree);
    }
    return watch_event_text(event.type, object) + "\n";
  }
  if (event.object != nullptr) return watch_event_text(event.type, in_form(shown(*event.object))) + "\n";
  if (event.manifest != nullptr) return watch_event_text(event.type, in_form(shown(*event.manifest))) + "\n";
  return "";
}

}  // namespace podramp::fakeapi::rest
