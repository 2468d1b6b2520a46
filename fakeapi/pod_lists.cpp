#include "fakeapi/pod_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "backend/port/json_writer.h"
#include "fakeapi/replies.h"

namespace podramp::fakeapi {
namespace {

bool selects(const ApiRequest& request, const Pod& pod) {
  return (request.ns.empty() || request.ns == pod.ns) && request.label_selector.matches(pod) &&
         request.field_selector.matches(pod);
}

bool selects_all(const ApiRequest& request) {
  return request.label_selector.all.empty() && request.field_selector.all.empty();
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

constexpr std::string_view kAnyVersion = "-1";  // of a token that goes on without its snapshot

}  // namespace

// "VERSION/NAMESPACE/NAME".
std::optional<PodLists::Token> PodLists::parse(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  Token token;
  token.after = text.substr(slash + 1);
  if (text.starts_with(kAnyVersion)) return token;
  token.rv = number(std::string_view(text).substr(0, slash));
  return token.rv ? std::optional(token) : std::nullopt;
}

Answer PodLists::list(const ApiRequest& request, DurationUs behind_us, Seq cause) {
  if (!request.continue_token.empty()) return next_page(request, cause);
  const std::uint64_t current = context_.state().resource_version();
  if (request.resource_version == "0" && behind_us > 0) {
    const std::uint64_t rv = std::max(history_.version_at(context_.now() - behind_us), history_.forgotten_rv());
    ApiReply reply = replies::success(200, PodPtr{});
    reply.resource_version = rv;
    reply.list.emplace().items = at(request, rv);
    return {std::move(reply), cause};
  }
  // A version with a limit is exact; without one it is a lower bound (K15).
  const bool exact = request.limit && !request.resource_version.empty() && request.resource_version != "0";
  const std::uint64_t rv = exact ? number(request.resource_version).value_or(current) : current;
  if (exact) compact();
  if (exact && rv < std::max(history_.forgotten_rv(), history_.compacted_rv())) {
    return {replies::expired("The resourceVersion for the provided list is too old."), cause};
  }
  std::vector<PodPtr> items;
  if (rv < current) {
    items = at(request, rv);
  } else {
    for (const PodRecord* record : verbs_.select(request)) items.push_back(record->pod);
  }
  // The cache does not page.
  const bool pages = request.limit && *request.limit > 0 && request.resource_version != "0";
  if (pages && items.size() > static_cast<std::size_t>(*request.limit)) keep_snapshot(rv, request);
  return {page(request, std::move(items), rv), cause};
}

Answer PodLists::next_page(const ApiRequest& request, Seq cause) {
  if (!request.resource_version.empty() && request.resource_version != "0") {
    return {replies::bad_request("specifying resource version is not allowed when using continue"), cause};
  }
  const std::optional<Token> token = parse(request.continue_token);
  if (!token) return {replies::bad_request("continue key is not valid"), cause};
  drop_expired();
  std::vector<PodPtr> items;
  std::uint64_t rv = context_.state().resource_version();
  if (token->rv) {
    rv = *token->rv;
    const auto kept = snapshots_.find({rv, request.ns});
    if (kept == snapshots_.end()) {
      ApiReply reply =
          replies::expired("The provided continue parameter is too old to display a consistent list result.");
      reply.continue_token = fmt::format("{}/{}", kAnyVersion, token->after);
      return {std::move(reply), cause};
    }
    for (const PodPtr& pod : kept->second.pods) {
      if (selects(request, *pod)) items.push_back(pod);
    }
  } else {
    for (const PodRecord* record : verbs_.select(request)) items.push_back(record->pod);
  }
  std::erase_if(items, [&](const PodPtr& pod) { return pod_key(*pod) <= token->after; });
  if (!token->rv && request.limit && items.size() > static_cast<std::size_t>(*request.limit)) {
    keep_snapshot(rv, request);
  }
  return {page(request, std::move(items), rv), cause};
}

// The first `limit` items, and a token for the rest.
ApiReply PodLists::page(const ApiRequest& request, std::vector<PodPtr> items, std::uint64_t rv) const {
  ApiReply reply = replies::success(200, PodPtr{});
  reply.resource_version = rv;
  const bool pages = request.limit && *request.limit > 0 && request.resource_version != "0";
  if (pages && items.size() > static_cast<std::size_t>(*request.limit)) {
    const auto limit = static_cast<std::size_t>(*request.limit);
    reply.continue_token = fmt::format("{}/{}", rv, pod_key(*items[limit - 1]));
    if (selects_all(request)) reply.remaining = static_cast<std::int64_t>(items.size() - limit);
    items.resize(limit);
  }
  reply.list.emplace().items = std::move(items);
  return reply;
}

// Until etcd compacts that version away: at the second compaction from now (K19).
void PodLists::keep_snapshot(std::uint64_t rv, const ApiRequest& request) {
  drop_expired();
  const auto [it, fresh] = snapshots_.try_emplace({rv, request.ns});
  if (!fresh) return;
  const DurationUs period = context_.config().profile.compaction_period_us;
  it->second.expires_us = (context_.now() / period + 2) * period;
  ApiRequest all;
  all.verb = Verb::list;
  all.ns = request.ns;
  it->second.pods = at(all, rv);
}

// Each period what is older than one period goes.
void PodLists::compact() {
  const DurationUs period = context_.config().profile.compaction_period_us;
  const std::int64_t periods = context_.now() / period;
  if (periods >= 2) (void)history_.compact(history_.version_at((periods - 1) * period));
}

void PodLists::drop_expired() {
  std::erase_if(snapshots_, [&](const auto& entry) { return entry.second.expires_us <= context_.now(); });
}

Answer PodLists::get(const ApiRequest& request, DurationUs behind_us, Seq cause) const {
  const std::uint64_t rv = std::max(history_.version_at(context_.now() - behind_us), history_.forgotten_rv());
  const auto then = history_.undone(rv);
  const std::string name = object_key(request);
  const auto changed = then.find(name);
  const PodRecord* record = context_.state().find_pod(name);
  const PodPtr pod = changed != then.end() ? changed->second : record != nullptr ? record->pod : nullptr;
  if (pod == nullptr) return {replies::not_found(request.name), cause};
  return {replies::success(200, pod), cause};
}

std::vector<PodPtr> PodLists::at(const ApiRequest& request, std::uint64_t rv) const {
  const auto then = history_.undone(rv);
  std::vector<PodPtr> items;
  for (const PodRecord* record : verbs_.select(request)) {
    if (!then.contains(pod_key(*record->pod))) items.push_back(record->pod);
  }
  for (const auto& [name, pod] : then) {
    if (pod != nullptr && selects(request, *pod)) items.push_back(pod);
  }
  std::ranges::sort(items, {}, [](const PodPtr& pod) { return pod_key(*pod); });
  return items;
}

}  // namespace podramp::fakeapi
