#include "fakeapi/node_verbs.h"

#include <algorithm>

#include "fakeapi/replies.h"

namespace podramp::fakeapi {

Answer NodeVerbs::create(const ApiRequest& request, Seq cause) const {
  const std::string name = request.manifest == nullptr ? "" : request.manifest->name;
  if (context_.state().find_node(name) != nullptr) return {replies::already_exists(Kind::node, name), cause};
  return {replies::forbidden(Kind::node, name, "this cluster has the nodes that its configuration names"), cause};
}

Answer NodeVerbs::update(const ApiRequest& request, Seq cause) {
  const NodeRecord* record = context_.state().find_node(request.name);
  if (record == nullptr) return {replies::not_found(Kind::node, request.name), cause};
  if (request.manifest == nullptr || !request.manifest->node) {
    return {replies::bad_request("the request has no body"), cause};
  }
  const Node& wanted = *request.manifest->node;
  const std::uint64_t version = request.manifest->resource_version;
  if (version != 0 && version != record->node.resource_version) {
    return {replies::conflict(Kind::node, request.name,
                              "the object has been modified; please apply your changes to the latest version and try "
                              "again"),
            cause};
  }
  Node edited = record->node;
  edited.labels = wanted.labels;
  edited.extra_json = wanted.extra_json;
  if (request.dry_run) {
    edited.taints = wanted.taints;
    edited.unschedulable = wanted.unschedulable;
    auto object = std::make_shared<Manifest>(*context_.state().find_object(Kind::node, "/" + request.name));
    object->labels = edited.labels;
    object->node = std::move(edited);
    return {replies::success(200, ManifestPtr(std::move(object))), cause};
  }
  if (edited != record->node) {
    const std::uint64_t rv = context_.next_rv();
    cause = context_.emit("apiserver", cause, fact::NodeEdited{request.name, rv, std::move(edited)});
  }
  taints_.cordon({{request.name}, wanted.unschedulable}, cause);
  cause = taint(request.name, wanted.taints, cause);
  return {replies::success(200, context_.state().find_object(Kind::node, "/" + request.name)), cause};
}

// The taints that go are lifted, those that come are put on, so that NoExecute does its work (K71).
Seq NodeVerbs::taint(const std::string& name, const std::vector<Taint>& taints, Seq cause) {
  const std::vector<Taint> before = context_.state().find_node(name)->node.taints;
  for (const Taint& old : before) {
    if (std::ranges::find(taints, old) == taints.end()) taints_.taint({{name}, old, true}, cause);
  }
  for (const Taint& fresh : taints) {
    if (std::ranges::find(before, fresh) == before.end()) taints_.taint({{name}, fresh, false}, cause);
  }
  return cause;
}

Answer NodeVerbs::remove(const ApiRequest& request, Seq cause) {
  const ManifestPtr stored = context_.state().find_object(Kind::node, "/" + request.name);
  if (stored == nullptr) return {replies::not_found(Kind::node, request.name), cause};
  if (!request.dry_run) lifecycle_.delete_nodes({{request.name}}, cause);
  return {replies::success(200, stored), cause};
}

}  // namespace podramp::fakeapi
