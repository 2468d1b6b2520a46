#include "fakeapi/http/caller.h"

#include <fmt/format.h>

#include <algorithm>

#include "fakeapi/http/answers.h"

namespace podramp::fakeapi::rest {

bool Caller::may(std::string_view verb, std::string_view ns) const {
  const bool here = namespaces.empty() || std::ranges::find(namespaces, ns) != namespaces.end();
  return here && (verbs.empty() || std::ranges::find(verbs, verb) != verbs.end());
}

std::string verb_of(const http::Request& request, const RequestTarget& target, const ResourcePath& path) {
  const std::string& method = request.method;
  if (method == "POST") return "create";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return path.name.empty() ? "deletecollection" : "delete";
  if (target.flag("watch")) return "watch";
  return path.name.empty() ? "list" : "get";
}

std::optional<http::Response> refuse(const Caller& caller, std::string_view verb, const ResourcePath& path) {
  // A namespace itself is in the namespace of its name, as RBAC has it.
  const ResourceType& type = resource_type(path.resource->kind);
  const bool itself = path.resource->kind == Kind::name_space && !path.name.empty();
  if (caller.may(verb, itself ? path.name : path.ns)) return std::nullopt;
  std::string resource(type.plural);
  if (!path.subresource.empty()) resource += "/" + path.subresource;
  const std::string where = path.ns.empty() ? "at the cluster scope" : fmt::format("in the namespace \"{}\"", path.ns);
  const std::string name = path.name.empty() ? "" : fmt::format(" \"{}\"", path.name);
  const std::string full =
      type.group.empty() ? std::string(type.plural) : fmt::format("{}.{}", type.plural, type.group);
  return error_response(403, "Forbidden",
                        fmt::format("{}{} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {}",
                                    full, name, caller.user, verb, resource, type.group, where));
}

}  // namespace podramp::fakeapi::rest
