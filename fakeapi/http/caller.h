// Who asks, as authentication has found out, and what they may do: a token may be limited to namespaces and verbs. That
// is all of authorization here; RBAC objects are kept and not obeyed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/http/message.h"
#include "fakeapi/http/request_target.h"

namespace podramp::fakeapi::rest {

struct Caller {
  std::string user;
  std::vector<std::string> groups;
  std::vector<std::string> namespaces{};  // may touch these only; empty: all, and what is in none
  std::vector<std::string> verbs{};       // may use these only; empty: all

  bool may(std::string_view verb, std::string_view ns) const;
};

// The verb as Kubernetes names it: "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection".
std::string verb_of(const http::Request& request, const RequestTarget& target, const ResourcePath& path);
// The 403 of a request that the caller may not make.
std::optional<http::Response> refuse(const Caller& caller, std::string_view verb, const ResourcePath& path);

}  // namespace podramp::fakeapi::rest
