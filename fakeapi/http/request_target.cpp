#include "fakeapi/http/request_target.h"

#include <algorithm>

namespace podramp::fakeapi::rest {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decode(std::string_view text, bool in_query) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && in_query) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

template <class Visit>
bool each_part(std::string_view text, char separator, Visit&& visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0 && !visit(text.substr(0, end))) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

}  // namespace

std::string RequestTarget::parameter(std::string_view name) const {
  const auto it = query.find(name);
  return it == query.end() ? "" : it->second.front();
}

bool RequestTarget::flag(std::string_view name) const {
  const auto it = query.find(name);
  if (it == query.end()) return false;
  std::string value = it->second.front();
  std::ranges::transform(value, value.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return value.empty() || value == "true" || value == "1" || value == "t";
}

std::optional<RequestTarget> parse_target(std::string_view text) {
  RequestTarget target;
  const std::size_t mark = std::min(text.find('?'), text.size());
  const bool path_fine = each_part(text.substr(0, mark), '/', [&](std::string_view part) {
    auto decoded = percent_decode(part, false);
    if (!decoded) return false;
    target.path += "/" + *decoded;
    target.segments.push_back(std::move(*decoded));
    return true;
  });
  if (!path_fine) return std::nullopt;
  if (target.path.empty()) target.path = "/";
  if (mark >= text.size()) return target;
  const bool query_fine = each_part(text.substr(mark + 1), '&', [&](std::string_view part) {
    const std::size_t equals = std::min(part.find('='), part.size());
    const auto name = percent_decode(part.substr(0, equals), true);
    const auto value = percent_decode(equals < part.size() ? part.substr(equals + 1) : "", true);
    if (!name || !value) return false;
    target.query[*name].push_back(*value);
    return true;
  });
  return query_fine ? std::optional(std::move(target)) : std::nullopt;
}

std::optional<ResourcePath> resource_path_of(const RequestTarget& target) {
  const std::vector<std::string>& all = target.segments;
  const bool core = !all.empty() && all[0] == "api";
  const std::size_t head = core ? 2 : 3;
  if (all.size() <= head || (!core && all[0] != "apis")) return std::nullopt;
  const std::string group = core ? "" : all[1];
  const std::string& version = all[head - 1];
  std::vector<std::string> rest(all.begin() + static_cast<std::ptrdiff_t>(head), all.end());
  ResourcePath path;
  // namespaces/NS/plural/...; but namespaces, namespaces/NS and namespaces/NS/status are the namespace itself.
  const bool within = rest.size() >= 3 && rest[0] == "namespaces" && rest[2] != "status" && rest[2] != "finalize";
  if (within) {
    path.ns = rest[1];
    rest.erase(rest.begin(), rest.begin() + 2);
  }
  path.resource = find_resource(group, version, rest[0]);
  if (path.resource == nullptr || rest.size() > 3) return std::nullopt;
  if (within && !resource_type(path.resource->kind).namespaced) return std::nullopt;
  if (rest.size() > 1) path.name = rest[1];
  if (rest.size() > 2) path.subresource = rest[2];
  if (!path.name.empty() && resource_type(path.resource->kind).namespaced && path.ns.empty()) return std::nullopt;
  const auto& subresources = path.resource->subresources;
  const bool known =
      path.subresource.empty() || std::ranges::find(subresources, path.subresource) != subresources.end();
  return known ? std::optional(std::move(path)) : std::nullopt;
}

}  // namespace podramp::fakeapi::rest
