// Requests as lines of an audit log (audit.h).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "fakeapi/http/audit.h"

namespace podramp::fakeapi::rest {

using nlohmann::json;

AuditEntry audit_entry(const http::Request& request, const Caller& caller, std::uint64_t number, TimeUs now) {
  AuditEntry entry;
  entry.number = number;
  entry.uri = request.target;
  entry.caller = caller;
  entry.peer = request.peer;
  entry.user_agent = std::string(http::find_header(request.headers, "user-agent").value_or(""));
  entry.received_us = now;
  const auto target = parse_target(request.target);
  if (target) entry.path = resource_path_of(*target);
  entry.verb = entry.path ? verb_of(request, *target, *entry.path) : request.method == "GET" ? "get" : request.method;
  return entry;
}

std::string audit_line(const AuditEntry& entry, int code, const std::string& name, TimeUs now, WallZero zero) {
  json line{{"kind", "Event"},
            {"apiVersion", "audit.k8s.io/v1"},
            {"level", "Metadata"},
            {"auditID", fmt::format("00000000-0000-4000-a000-{:012x}", entry.number)},
            {"stage", "ResponseComplete"},
            {"requestURI", entry.uri},
            {"verb", entry.verb},
            {"user", {{"username", entry.caller.user}, {"groups", entry.caller.groups}}},
            {"sourceIPs", json::array({entry.peer.substr(0, entry.peer.rfind(':'))})},
            {"userAgent", entry.user_agent},
            {"responseStatus", {{"metadata", json::object()}, {"code", code}}},
            {"requestReceivedTimestamp", format_wall_micros(entry.received_us, zero)},
            {"stageTimestamp", format_wall_micros(now, zero)}};
  if (entry.path) {
    const ResourceType& type = resource_type(entry.path->resource->kind);
    json object{{"resource", type.plural}, {"apiVersion", type.version}};
    if (!type.group.empty()) object["apiGroup"] = type.group;
    if (!entry.path->ns.empty()) object["namespace"] = entry.path->ns;
    const std::string& named = entry.path->name.empty() ? name : entry.path->name;
    if (!named.empty()) object["name"] = named;
    if (!entry.path->subresource.empty()) object["subresource"] = entry.path->subresource;
    line["objectRef"] = std::move(object);
  }
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace podramp::fakeapi::rest
