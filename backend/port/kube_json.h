// Kubernetes' own JSON of our objects, read and written: the one codec of the served cluster and of the live client.
// Fields that we do not model are kept (extra_json, kube.h) and written back where they were. Texts are one line.
// Next: reply_json.h (lists, Status, watch events); the log has a compact form of its own (json_writer.h).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "backend/port/kube.h"
#include "backend/port/manifest.h"
#include "backend/port/wall_time.h"

namespace podramp {

// What was read, and the mistakes on the way: fields of a wrong type, each with its path, then read as absent. A server
// refuses a document with mistakes; a client takes what it gets. The value is null only for what is no JSON object.
template <class Pointer>
struct Decoded {
  Pointer value;
  FieldErrors errors;
};

// JSON text -> tree, the only way text from outside becomes one: an error, never an exception, for a syntax error and
// for what nests deeper than kJsonDepthMax.
inline constexpr int kJsonDepthMax = 500;
Result<nlohmann::json> parse_json(std::string_view text);
std::string json_text(const nlohmann::json& tree);  // one line; bytes that are not UTF-8 become U+FFFD

// A Pod with kind, metadata, spec and, once it has a uid, status. The container statuses have every field that strict
// clients require; images come from the template.
nlohmann::json pod_to_json(const Pod& pod, WallZero zero);
std::string pod_text(const Pod& pod, WallZero zero);
// All of its labels, env and volumes become its template's. managedFields are dropped, and of the status what a Pod
// lacks. Statuses of init containers are not read.
Decoded<PodPtr> pod_from_json(const nlohmann::json& value, WallZero zero);
Decoded<PodPtr> pod_from_text(std::string_view text, WallZero zero);

// A Node: allocatable (also as capacity where extra_json has none), taints, the Ready condition, images.
nlohmann::json node_to_json(const Node& node, WallZero zero);
Decoded<std::shared_ptr<const Node>> node_from_json(const nlohmann::json& value, WallZero zero);

// The other kinds of Kind. A Service's ports are its data (port by name), its selector and the rest are extra_json.
nlohmann::json manifest_to_json(const Manifest& object, WallZero zero);
std::string manifest_text(const Manifest& object, WallZero zero);
// kind: what must be in it. A set without replicas has 1, which is the server's default.
Decoded<ManifestPtr> manifest_from_json(const nlohmann::json& value, Kind kind, WallZero zero);
Decoded<ManifestPtr> manifest_from_text(std::string_view text, Kind kind, WallZero zero);

}  // namespace podramp
