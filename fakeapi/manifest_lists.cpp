#include "fakeapi/manifest_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "fakeapi/manifest_verbs.h"
#include "fakeapi/replies.h"

namespace podramp::fakeapi {
namespace {

bool chooses(const ApiRequest& request, const Manifest& object) {
  return (request.ns.empty() || request.ns == object.ns) && request.label_selector.matches(object.labels) &&
         ManifestVerbs::matches(request.field_selector, object);
}

std::optional<std::uint64_t> version_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

Answer ManifestLists::list(const ApiRequest& request, const ManifestHistory& history, Seq cause) const {
  if (std::string why = ManifestVerbs::unknown_field(request.kind, request.field_selector); !why.empty()) {
    return {replies::bad_request(std::move(why)), cause};
  }
  const std::uint64_t current = context_.state().resource_version();
  const bool any = request.resource_version.empty() || request.resource_version == "0";
  std::uint64_t rv = current;
  std::string after;
  if (!request.continue_token.empty()) {
    if (!any) {
      return {replies::bad_request("specifying resource version is not allowed when using continue"), cause};
    }
    const std::size_t slash = request.continue_token.find('/');  // "VERSION/NAMESPACE/NAME"
    const auto version = version_in(std::string_view(request.continue_token).substr(0, slash));
    if (slash == std::string::npos || !version) return {replies::bad_request("continue key is not valid"), cause};
    rv = *version;
    after = request.continue_token.substr(slash + 1);
  } else if (request.limit && !any) {
    rv = version_in(request.resource_version).value_or(current);
  }
  if (rv < history.forgotten_rv()) {
    return {replies::expired("The provided continue parameter is too old to display a consistent list result."), cause};
  }
  std::vector<ManifestPtr> items = at(request, history, rv);
  std::erase_if(items, [&](const ManifestPtr& object) { return object_key(*object) <= after; });
  ApiReply reply = replies::success(200, ManifestPtr{});
  reply.resource_version = rv;
  const bool pages = request.limit && *request.limit > 0 && request.resource_version != "0";
  if (pages && items.size() > static_cast<std::size_t>(*request.limit)) {
    const auto limit = static_cast<std::size_t>(*request.limit);
    reply.continue_token = fmt::format("{}/{}", rv, object_key(*items[limit - 1]));
    const bool all = request.label_selector.all.empty() && request.field_selector.all.empty();
    if (all) reply.remaining = static_cast<std::int64_t>(items.size() - limit);
    items.resize(limit);
  }
  reply.manifests = std::move(items);
  return {std::move(reply), cause};
}

std::vector<ManifestPtr> ManifestLists::at(const ApiRequest& request, const ManifestHistory& history,
                                           std::uint64_t rv) const {
  const auto then = history.undone(rv);
  std::vector<ManifestPtr> items;
  for (const auto& [name, object] : context_.state().objects(request.kind)) {
    if (chooses(request, *object) && !then.contains(name)) items.push_back(object);
  }
  for (const auto& [name, object] : then) {
    if (object != nullptr && chooses(request, *object)) items.push_back(object);
  }
  if (!then.empty()) std::ranges::sort(items, {}, [](const ManifestPtr& object) { return object_key(*object); });
  return items;
}

}  // namespace podramp::fakeapi
