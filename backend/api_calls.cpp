#include "backend/api_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace podramp::backend {
namespace {

bool worth_a_retry(const ApiReply& reply) {
  return reply.transport != Transport::ok || reply.code == 429 || reply.code >= 500;
}

}  // namespace

std::string describe_failure(const ApiReply& reply) {
  if (reply.transport != Transport::ok) return fmt::format("connection {}", to_text(reply.transport));
  return fmt::format("{} {}: {}", reply.code, reply.reason, reply.message);
}

// At once, however many are under way: the client library has no limit of its own (K84).
ApiCalls::Started ApiCalls::start(CallOwner owner, ApiRequest request, Outbox& out) {
  const std::uint64_t number = ++next_logical_;
  request.timeout_us = policy_.request_timeout_us;
  logical_.emplace(number, Logical{owner, std::move(request)});
  return {number, call(number, out)};
}

CallId ApiCalls::call(std::uint64_t logical, Outbox& out) {
  const Logical& entry = logical_.at(logical);
  const CallId id{++next_call_};
  calls_.emplace(id, logical);
  out.add(out::Called{id, entry.attempt, entry.request});
  return id;
}

std::optional<Completed> ApiCalls::on_reply(TimeUs now, const in::Replied& replied, Outbox& out) {
  const auto under_way = calls_.find(replied.call);
  if (under_way == calls_.end()) return std::nullopt;
  const std::uint64_t number = under_way->second;
  calls_.erase(under_way);
  Logical& entry = logical_.at(number);
  const int retry = entry.attempt - 1;  // of this wait, from 0
  if (entry.request.verb != Verb::watch && worth_a_retry(replied.reply) && retry < policy_.retries_max) {
    const DurationUs backoff = policy_.initial_us << std::min(retry, policy_.exponent_max);
    const DurationUs asked = replied.reply.retry_after_s.value_or(0) * kSecondUs;
    ++entry.attempt;
    out.add(out::TimerSet{TimerKind::call_retry, number, now + std::max(backoff, asked)});
    return std::nullopt;
  }
  const CallOwner owner = entry.owner;
  logical_.erase(number);
  return Completed{owner, replied.call, replied.reply, number};
}

void ApiCalls::on_retry_due(std::uint64_t arg, Outbox& out) {
  if (logical_.contains(arg)) call(arg, out);
}

void ApiCalls::abandon(CallOwner owner, Outbox& out) {
  std::map<std::uint64_t, CallId> under_way;
  for (const auto& [id, number] : calls_) under_way.emplace(number, id);
  for (auto it = logical_.begin(); it != logical_.end();) {
    if (it->second.owner != owner) {
      ++it;
      continue;
    }
    if (const auto called = under_way.find(it->first); called == under_way.end()) {
      out.add(out::TimerCancelled{TimerKind::call_retry, it->first});
    } else {
      // A watch that opens after all would never be closed.
      if (it->second.request.verb == Verb::watch) out.add(out::WatchReleased{called->second});
      calls_.erase(called->second);
    }
    it = logical_.erase(it);
  }
}

bool ApiCalls::pending(CallOwner owner) const {
  return std::any_of(logical_.begin(), logical_.end(), [&](const auto& entry) { return entry.second.owner == owner; });
}

}  // namespace podramp::backend
