// The target of an HTTP request, taken apart: path segments and query parameters, both percent-decoded, and which
// resource of the API a path names. Not here: what is served under it (front.h).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fakeapi/http/served_resources.h"

namespace podramp::fakeapi::rest {

struct RequestTarget {
  std::string path;                   // decoded, for messages
  std::vector<std::string> segments;  // a slash at the end makes no difference
  std::map<std::string, std::vector<std::string>, std::less<>> query;

  std::string parameter(std::string_view name) const;  // the first value, "" when absent
  bool flag(std::string_view name) const;              // "true", "1", "True", or named without a value (K26 clients)
};

// nullopt: a broken percent-encoding, or a NUL in it.
std::optional<RequestTarget> parse_target(std::string_view target);

// /api/v1/namespaces/NS/pods/NAME/log and the like.
struct ResourcePath {
  const ServedResource* resource = nullptr;
  std::string ns;
  std::string name;
  std::string subresource;
};
// nullopt: no resource of ours.
std::optional<ResourcePath> resource_path_of(const RequestTarget& target);

}  // namespace podramp::fakeapi::rest
