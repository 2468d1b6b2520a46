#include "backend/live/pod_limit.h"

#include <fmt/format.h>

#include "backend/port/json_writer.h"

namespace podramp::live {
namespace {

bool makes_pod(const ApiRequest& request) {
  return request.verb == Verb::create && request.body != nullptr && request.subresource.empty();
}

// What a set is to have from now on; absent for other requests.
std::optional<std::int64_t> replicas_of(const ApiRequest& request) {
  if (request.verb == Verb::patch) return request.replicas;
  if (request.verb != Verb::create || request.manifest == nullptr || !request.manifest->set) return std::nullopt;
  return request.manifest->set->replicas;
}

std::string set_key(const ApiRequest& request) {
  return fmt::format("{}/{}", to_text(request.kind), object_key(request));
}

bool may_be_there(const ApiReply& reply) {
  return reply.ok() || reply.code == 409 || reply.transport == Transport::maybe_committed ||
         reply.transport == Transport::timed_out;
}

ApiReply exceeded(const ApiRequest& request, std::int64_t wanted, std::int64_t max) {
  ApiReply reply;
  reply.code = 403;
  reply.reason = "Forbidden";
  reply.message = fmt::format("{} \"{}\" is forbidden: exceeded quota: podramp's own --max-pods={} (it would be {})",
                              to_text(request.kind), object_key(request), max, wanted);
  return reply;
}

}  // namespace

std::int64_t PodLimit::pods() const {
  auto all = static_cast<std::int64_t>(pods_.size());
  for (const auto& [set, replicas] : replicas_) all += replicas;
  return all;
}

std::optional<ApiReply> PodLimit::refuse(std::uint32_t app, const ApiRequest& request) {
  if (makes_pod(request)) {
    const std::pair key(app, pod_key(*request.body));
    const std::int64_t wanted = pods() + (pods_.contains(key) ? 0 : 1);
    if (max_ > 0 && wanted > max_) return exceeded(request, wanted, max_);
    pods_.try_emplace(key, 0);
  } else if (const auto replicas = replicas_of(request)) {
    std::int64_t& now = replicas_[set_key(request)];
    const std::int64_t wanted = pods() - now + *replicas;
    if (max_ > 0 && wanted > max_ && *replicas > now) return exceeded(request, wanted, max_);
    now = *replicas;
  }
  return std::nullopt;
}

void PodLimit::on_reply(std::uint32_t app, const ApiRequest& request, const ApiReply& reply) {
  if (!makes_pod(request)) return;
  const std::pair key(app, pod_key(*request.body));
  if (!may_be_there(reply)) {
    pods_.erase(key);
  } else if (reply.object != nullptr && pods_.contains(key)) {
    pods_[key] = reply.object->resource_version;
  }
}

void PodLimit::on_event(std::uint32_t app, const WatchEvent& event) {
  if (event.object == nullptr || event.type == WatchEventType::bookmark) return;
  const auto it = pods_.find({app, pod_key(*event.object)});
  if (it == pods_.end()) return;
  if (event.type == WatchEventType::deleted) {
    pods_.erase(it);
  } else {
    it->second = event.object->resource_version;
  }
}

void PodLimit::on_list(std::uint32_t app, const ApiReply& reply, bool whole) {
  if (!whole || !reply.ok() || !reply.list) return;
  std::set<std::string> there;
  for (const PodPtr& pod : reply.list->items) there.insert(pod_key(*pod));
  std::erase_if(pods_, [&](const auto& pod) {
    const auto& [owner, name] = pod.first;
    return owner == app && pod.second > 0 && pod.second <= reply.resource_version && !there.contains(name);
  });
}

}  // namespace podramp::live
