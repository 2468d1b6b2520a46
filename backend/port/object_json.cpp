// Nodes, claims, config maps, services and sets <-> Kubernetes JSON, and text <-> tree (kube_json.h).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "backend/port/kube_json.h"
#include "backend/port/pod_parts_json.h"
#include "backend/port/resource.h"

namespace podramp {
namespace {

using nlohmann::json;

bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kJsonDepthMax) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

template <class Pointer>
Decoded<Pointer> refused(std::string message) {
  return {nullptr, {{"", 0, "", std::move(message)}}};
}

void expect_kind(JsonFields& top, const ResourceType& type) {
  top.take("apiVersion");
  const std::string kind = top.text("kind");
  if (!kind.empty() && kind != type.kind) {
    top.error("kind", fmt::format("must be {} (got \"{}\")", type.kind, kind));
  }
}

json object_head(const ResourceType& type) { return json{{"apiVersion", api_version(type)}, {"kind", type.kind}}; }

// ------------------------------------------------------------------------------------------------------------ claims

json claim_spec_json(const ClaimSpec& claim) {
  json spec{{"accessModes", claim.access_modes}};
  spec["resources"]["requests"]["storage"] = format_bytes(claim.request_bytes);
  if (claim.storage_class) spec["storageClassName"] = *claim.storage_class;
  return spec;
}

// Both parts of an object: a claim's own, or a claim template's.
ClaimSpec read_claim_parts(JsonFields& top) {
  ClaimSpec claim;
  JsonFields spec(top, "spec");
  claim.access_modes = spec.texts("accessModes");
  if (spec.has("storageClassName")) claim.storage_class = spec.text("storageClassName");
  JsonFields resources(spec, "resources");
  claim.request_bytes = read_amounts(resources, "requests").other["storage"];
  const json* told = top.take("status");
  if (told == nullptr) return claim;
  JsonFields status(*told, top.path_of("status"), top.reading());
  claim.phase = status.text("phase");
  claim.capacity_bytes = read_amounts(status, "capacity").other["storage"];
  return claim;
}

json claim_template_json(const ClaimSpec& claim) {
  json object{{"metadata", {{"name", claim.name}}}, {"spec", claim_spec_json(claim)}};
  merge_extra(object, claim.extra_json);
  return object;
}

ClaimSpec read_claim_template(const json& value, std::string path, JsonReading& reading) {
  JsonFields fields(value, std::move(path), reading);
  ClaimSpec claim = read_claim_parts(fields);
  {
    JsonFields metadata(fields, "metadata");
    claim.name = metadata.text("name");
    metadata.take("creationTimestamp");
  }
  claim.extra_json = fields.extra();
  return claim;
}

// -------------------------------------------------------------------------------------------------------------- sets

json set_spec_json(const Manifest& object, WallZero zero) {
  const SetSpec& set = *object.set;
  json spec = json::object();
  spec["selector"]["matchLabels"] = set.selector;
  if (object.kind != Kind::daemon_set) spec["replicas"] = set.replicas;
  if (set.pod != nullptr) spec["template"] = pod_body(*set.pod, zero);
  if (!set.pod_management.empty()) spec["podManagementPolicy"] = set.pod_management;
  for (const ClaimSpec& claim : set.claims) spec["volumeClaimTemplates"].push_back(claim_template_json(claim));
  return spec;
}

SetSpec read_set(JsonFields& top, Kind kind) {
  SetSpec set;
  JsonReading& reading = top.reading();
  JsonFields spec(top, "spec");
  set.replicas = kind == Kind::daemon_set ? 0 : spec.whole("replicas").value_or(1);
  {
    JsonFields selector(spec, "selector");
    set.selector = selector.map("matchLabels");
  }
  set.pod_management = spec.text("podManagementPolicy");
  spec.each("volumeClaimTemplates", [&](const json& item, std::string at) {
    set.claims.push_back(read_claim_template(item, std::move(at), reading));
  });
  auto pod = std::make_shared<Pod>();
  PodTemplate tmpl;
  if (const json* value = spec.take("template")) {
    JsonFields fields(*value, spec.path_of("template"), reading);
    read_pod_fields(fields, *pod, tmpl);
    tmpl.extra_json = fields.extra();
  }
  pod->gates.clear();
  pod->tmpl = share(std::move(tmpl));
  set.pod = std::move(pod);
  return set;
}

// ---------------------------------------------------------------------------------------------------------- services

json ports_json(const StringMap& ports) {
  json list = json::array();
  for (const auto& [name, text] : ports) {
    int port = 0;
    std::from_chars(text.data(), text.data() + text.size(), port);
    list.push_back(json{{"name", name}, {"port", port}, {"targetPort", port}, {"protocol", "TCP"}});
  }
  return list;
}

// Ports that say more than a number are kept as they are as well (spec.ports of extra_json wins over data).
void read_ports(JsonFields& top, Manifest& object) {
  JsonFields spec(top, "spec");
  bool is_plain = true;
  const json* list = spec.take("ports");
  if (list == nullptr) return;
  if (!list->is_array()) {
    spec.wrong_type("ports", "a list", *list);
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    JsonFields one((*list)[i], fmt::format("{}[{}]", spec.path_of("ports"), i), top.reading());
    const std::int64_t port = one.whole("port").value_or(0);
    if (port < 1 || port > 65535) one.error("port", "must be a port from 1 to 65535");
    std::string name = one.text("name");
    const json* target = one.take("targetPort");
    const std::string protocol = one.text("protocol");
    is_plain = is_plain && (target == nullptr || *target == json(port)) && (protocol.empty() || protocol == "TCP") &&
               one.rest().empty();
    object.data[name.empty() ? fmt::format("{}", port) : name] = fmt::format("{}", port);
    is_plain = is_plain && !name.empty();
  }
  if (!is_plain) spec.keep("ports", *list);
}

// ------------------------------------------------------------------------------------------------------------- nodes

json node_status_json(const Node& node, WallZero zero) {
  Resources amounts = node.allocatable;
  json allocatable = amounts_json(amounts);
  allocatable["pods"] = fmt::format("{}", node.pods_max);
  const bool up = node.ready == Truth::yes;
  const Condition ready{"Ready", node.ready, up ? "KubeletReady" : "NodeStatusUnknown",
                        up ? "kubelet is posting ready status" : "Kubelet stopped posting node status.",
                        node.created_us};
  json status{{"allocatable", allocatable}, {"conditions", json::array({condition_json(ready, zero)})}};
  for (const std::string& image : node.images) status["images"].push_back(json{{"names", json::array({image})}});
  return status;
}

void read_node_status(JsonFields& top, Node& node) {
  JsonReading& reading = top.reading();
  JsonFields status(top, "status");
  node.allocatable = read_amounts(status, "allocatable");
  if (const auto pods = node.allocatable.other.extract("pods")) node.pods_max = pods.mapped();
  node.ready = Truth::unknown;
  status.each("conditions", [&](const json& item, std::string at) {
    const Condition condition = read_condition(item, std::move(at), reading);
    if (condition.type == "Ready") node.ready = condition.status;
  });
  status.each("images", [&](const json& item, std::string at) {
    JsonFields image(item, std::move(at), reading);
    for (std::string& name : image.texts("names")) node.images.push_back(std::move(name));
  });
}

void read_object_metadata(JsonFields& top, Manifest& object) {
  JsonFields metadata(top, "metadata");
  object.name = metadata.text("name");
  object.generate_name = metadata.text("generateName");
  object.ns = metadata.text("namespace");
  object.uid = metadata.text("uid");
  object.resource_version = metadata.version("resourceVersion");
  object.created_us = metadata.time("creationTimestamp").value_or(0);
  object.deletion_us = metadata.time("deletionTimestamp");
  object.labels = metadata.map("labels");
  object.annotations = metadata.map("annotations");
  object.owners = read_owners(metadata);
  metadata.take("managedFields");
}

// What field selectors may ask a document for (manifest.h).
void note_selectable(const json& value, Manifest& object) {
  const auto note = [&](const json& from, const char* name, const std::string& path) {
    const auto it = from.find(name);
    if (it != from.end() && it->is_string()) object.selectable[path] = it->get<std::string>();
  };
  const auto part = [&](const char* name) {
    const auto it = value.find(name);
    return it != value.end() && it->is_object() ? *it : json::object();
  };
  if (object.kind == Kind::event) {
    const json involved = part("involvedObject");
    for (const char* name : {"kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"}) {
      note(involved, name, std::string("involvedObject.") + name);
    }
    note(value, "reason", "reason");
    note(value, "type", "type");
    note(part("source"), "component", "source");
  }
  if (object.kind == Kind::secret) note(value, "type", "type");
  if (object.kind == Kind::name_space) note(part("status"), "phase", "status.phase");
}

json object_metadata(const Manifest& object, WallZero zero) {
  json metadata = json::object();
  if (!object.name.empty()) metadata["name"] = object.name;
  if (!object.generate_name.empty()) metadata["generateName"] = object.generate_name;
  if (!object.ns.empty()) metadata["namespace"] = object.ns;
  if (!object.labels.empty()) metadata["labels"] = object.labels;
  if (!object.annotations.empty()) metadata["annotations"] = object.annotations;
  if (!object.owners.empty()) metadata["ownerReferences"] = owners_json(object.owners);
  if (object.uid.empty()) return metadata;
  metadata["uid"] = object.uid;
  metadata["resourceVersion"] = fmt::format("{}", object.resource_version);
  metadata["creationTimestamp"] = format_wall_time(object.created_us, zero);
  if (object.deletion_us) metadata["deletionTimestamp"] = format_wall_time(*object.deletion_us, zero);
  return metadata;
}

}  // namespace

Result<json> parse_json(std::string_view text) {
  if (is_too_deep(text)) {
    return tl::unexpected(Error{fmt::format("the JSON nests deeper than {} levels", kJsonDepthMax)});
  }
  json tree = json::parse(text, nullptr, false);
  if (tree.is_discarded()) return tl::unexpected(Error{"the text is not JSON"});
  return tree;
}

std::string json_text(const json& tree) { return tree.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string pod_text(const Pod& pod, WallZero zero) { return json_text(pod_to_json(pod, zero)); }

Decoded<PodPtr> pod_from_text(std::string_view text, WallZero zero) {
  const auto tree = parse_json(text);
  if (!tree) return refused<PodPtr>(tree.error().message);
  return pod_from_json(*tree, zero);
}

json node_to_json(const Node& node, WallZero zero) {
  json object = object_head(resource_type(Kind::node));
  object["metadata"] = json{{"name", node.name},
                            {"resourceVersion", fmt::format("{}", node.resource_version)},
                            {"creationTimestamp", format_wall_time(node.created_us, zero)}};
  if (!node.labels.empty()) object["metadata"]["labels"] = node.labels;
  object["spec"] = json::object();
  for (const Taint& taint : node.taints) {
    json one{{"key", taint.key}, {"effect", taint.effect}};
    if (!taint.value.empty()) one["value"] = taint.value;
    object["spec"]["taints"].push_back(std::move(one));
  }
  if (node.unschedulable) object["spec"]["unschedulable"] = true;
  object["status"] = node_status_json(node, zero);
  merge_extra(object, node.extra_json);
  if (!object["status"].contains("capacity")) object["status"]["capacity"] = object["status"]["allocatable"];
  return object;
}

Decoded<std::shared_ptr<const Node>> node_from_json(const json& value, WallZero zero) {
  if (!value.is_object()) return refused<std::shared_ptr<const Node>>("must be a Node, a JSON object");
  JsonReading reading{zero, {}};
  auto node = std::make_shared<Node>();
  JsonFields top(value, "", reading);
  expect_kind(top, resource_type(Kind::node));
  {
    JsonFields metadata(top, "metadata");
    node->name = metadata.text("name");
    node->labels = metadata.map("labels");
    node->resource_version = metadata.version("resourceVersion");
    node->created_us = metadata.time("creationTimestamp").value_or(0);
    metadata.take("managedFields");
  }
  {
    JsonFields spec(top, "spec");
    node->unschedulable = spec.flag("unschedulable");
    spec.each("taints", [&](const json& item, std::string at) {
      JsonFields taint(item, std::move(at), reading);
      node->taints.push_back({taint.text("key"), taint.text("value"), taint.text("effect")});
    });
  }
  read_node_status(top, *node);
  node->extra_json = top.extra();
  return {std::move(node), std::move(reading.errors)};
}

json manifest_to_json(const Manifest& object, WallZero zero) {
  json tree = object_head(resource_type(object.kind));
  tree["metadata"] = object_metadata(object, zero);
  if (object.kind == Kind::config_map) {
    if (!object.data.empty()) tree["data"] = object.data;
    if (object.immutable) tree["immutable"] = true;
  }
  if (object.claim) {
    tree["spec"] = claim_spec_json(*object.claim);
    if (!object.claim->phase.empty()) tree["status"]["phase"] = object.claim->phase;
    if (object.claim->capacity_bytes > 0) {
      tree["status"]["capacity"]["storage"] = format_bytes(object.claim->capacity_bytes);
    }
  }
  if (object.set) tree["spec"] = set_spec_json(object, zero);
  merge_extra(tree, object.extra_json);
  const bool lacks_ports = object.kind == Kind::service && !(tree.contains("spec") && tree["spec"].contains("ports"));
  if (lacks_ports && !object.data.empty()) tree["spec"]["ports"] = ports_json(object.data);
  return tree;
}

std::string manifest_text(const Manifest& object, WallZero zero) { return json_text(manifest_to_json(object, zero)); }

Decoded<ManifestPtr> manifest_from_json(const json& value, Kind kind, WallZero zero) {
  const ResourceType& type = resource_type(kind);
  if (!value.is_object()) return refused<ManifestPtr>(fmt::format("must be a {}, a JSON object", type.kind));
  JsonReading reading{zero, {}};
  auto object = std::make_shared<Manifest>();
  object->kind = kind;
  JsonFields top(value, "", reading);
  expect_kind(top, type);
  read_object_metadata(top, *object);
  switch (kind) {
    case Kind::persistent_volume_claim: object->claim = read_claim_parts(top); break;
    case Kind::config_map:
      object->data = top.map("data");
      object->immutable = top.flag("immutable");
      break;
    case Kind::service: read_ports(top, *object); break;
    case Kind::stateful_set:
    case Kind::deployment:
    case Kind::replica_set:
    case Kind::daemon_set: object->set = read_set(top, kind); break;
    default: break;
  }
  if (is_document(kind)) {
    note_selectable(value, *object);
  } else {
    top.take("status");
  }
  object->extra_json = top.extra();
  return {std::move(object), std::move(reading.errors)};
}

Decoded<ManifestPtr> manifest_from_text(std::string_view text, Kind kind, WallZero zero) {
  const auto tree = parse_json(text);
  if (!tree) return refused<ManifestPtr>(tree.error().message);
  return manifest_from_json(*tree, kind, zero);
}

}  // namespace podramp
