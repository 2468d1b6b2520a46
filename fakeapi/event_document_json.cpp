// An event as a document of the store (event_recorder.h).
#include <nlohmann/json.hpp>

#include "fakeapi/event_recorder.h"

namespace podramp::fakeapi {

Manifest event_document(const EventNote& note, std::string_view name) {
  using nlohmann::json;
  json involved{{"kind", note.kind}, {"apiVersion", note.api_version}, {"name", note.name}};
  if (!note.ns.empty()) involved["namespace"] = note.ns;
  if (!note.uid.empty()) involved["uid"] = note.uid;
  if (!note.field_path.empty()) involved["fieldPath"] = note.field_path;
  json source{{"component", note.component}};
  if (!note.host.empty()) source["host"] = note.host;
  const std::string type = note.warning ? "Warning" : "Normal";
  const json body{{"involvedObject", involved},
                  {"reason", note.reason},
                  {"message", note.message},
                  {"type", type},
                  {"source", source},
                  {"reportingComponent", note.component},
                  {"reportingInstance", note.host}};
  Manifest object;
  object.kind = podramp::Kind::event;
  object.name = std::string(name);
  object.ns = note.ns.empty() ? "default" : note.ns;
  object.extra_json = body.dump(-1, ' ', false, json::error_handler_t::replace);
  object.selectable = {{"reason", note.reason}, {"type", type}, {"source", note.component}};
  for (const auto& [key, value] : involved.items()) object.selectable["involvedObject." + key] = value;
  return object;
}

}  // namespace podramp::fakeapi
