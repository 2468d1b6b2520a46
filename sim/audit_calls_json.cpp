// Reads an audit log of a Kubernetes API server as a driver's calls (driver_calls.h).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "backend/port/wall_time.h"
#include "sim/driver_calls.h"

namespace podramp::sim {
namespace {

using AuditJson = nlohmann::json;

std::string text_at(const AuditJson& event, const char* pointer) {
  const AuditJson::json_pointer where(pointer);
  return event.contains(where) && event[where].is_string() ? event[where].get<std::string>() : "";
}

struct AuditedCall {
  DriverCall call;
  std::string prefix;  // of the pod's name; "" of a collection
};

// Absent: not about executors' pods, or not the last word on its request.
std::optional<AuditedCall> audited(const AuditJson& event, TimeUs at, TimeUs answered) {
  if (text_at(event, "/stage") != "ResponseComplete" || text_at(event, "/objectRef/resource") != "pods" ||
      !text_at(event, "/objectRef/subresource").empty()) {
    return std::nullopt;
  }
  AuditedCall found;
  found.call.at = at;
  found.call.answered = answered;
  const AuditJson::json_pointer code("/responseStatus/code");
  if (event.contains(code) && event[code].is_number_integer()) found.call.code = event[code].get<int>();
  const std::string verb = text_at(event, "/verb");
  const std::string name = text_at(event, "/objectRef/name");
  if (verb == "deletecollection") {
    found.call.verb = DriverVerb::remove_all;
    if (text_at(event, "/requestURI").find("spark") == std::string::npos) return std::nullopt;
    return found;
  }
  if (verb != "create" && verb != "delete") return std::nullopt;
  found.call.verb = verb == "create" ? DriverVerb::create : DriverVerb::remove;
  found.call.executor = executor_of_pod(name);
  if (found.call.executor == 0) return std::nullopt;
  found.prefix = name.substr(0, name.rfind("-exec-"));
  return found;
}

}  // namespace

Result<std::vector<DriverCall>> read_audit(const std::string& path, const std::string& prefix) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::unexpected(Error{path + ": cannot be opened"});
  std::vector<AuditedCall> all;
  std::set<std::string> prefixes;
  std::optional<WallZero> zero;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const auto wrong = [&](std::string_view why) {
      return tl::unexpected(Error{fmt::format("{}:{}: {}", path, number, why)});
    };
    if (line.empty()) continue;
    const AuditJson event = AuditJson::parse(line, nullptr, false);
    if (event.is_discarded()) return wrong("is no JSON; an audit log has one event a line");
    if (text_at(event, "/apiVersion").rfind("audit.k8s.io/", 0) != 0) return wrong("is no event of audit.k8s.io");
    const std::string received = text_at(event, "/requestReceivedTimestamp");
    if (!zero) {
      const auto first = parse_wall_time(received, WallZero{});
      if (!first) return wrong("requestReceivedTimestamp is no time");
      zero = WallZero{WallZero{}.unix_s + *first / kSecondUs};
    }
    const auto at = parse_wall_time(received, *zero);
    if (!at) return wrong("requestReceivedTimestamp is no time");
    const auto answered = parse_wall_time(text_at(event, "/stageTimestamp"), *zero);
    auto found = audited(event, *at, answered.value_or(*at));
    if (!found) continue;
    if (!found->prefix.empty()) prefixes.insert(found->prefix);
    all.push_back(std::move(*found));
  }
  if (prefix.empty() && prefixes.size() > 1) {
    return tl::unexpected(
        Error{fmt::format("{}: several drivers ({}): name one with --pods PREFIX", path, fmt::join(prefixes, ", "))});
  }
  std::vector<DriverCall> calls;
  for (const AuditedCall& one : all) {
    if (prefix.empty() || one.prefix.empty() || one.prefix == prefix) calls.push_back(one.call);
  }
  std::ranges::stable_sort(calls, {}, &DriverCall::at);
  return calls;
}

}  // namespace podramp::sim
