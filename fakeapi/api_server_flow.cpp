// How requests get seats and give them back, and how creates wait for their namespace's quota: the part of api_server.h
// before a request is decided (K1, K7, K89-K93).
#include <fmt/format.h>

#include <algorithm>

#include "fakeapi/api_server.h"
#include "fakeapi/replies.h"

namespace podramp::fakeapi {
namespace {

constexpr int kWatchersPerSeat = 10;                 // K93
constexpr int kWriteSeatsMax = 10;                   // K93
constexpr DurationUs kEventUs = 5 * kMillisecondUs;  // K93

bool writes(Verb verb) { return verb != Verb::get && verb != Verb::list && verb != Verb::watch; }

}  // namespace

// K93: a list by the objects it may have to look at, a write by its watchers. Seats beyond the most become time.
FlowWork ApiServer::work_of(const ApiRequest& request) const {
  const ClusterProfile& profile = context_.config().profile;
  FlowWork work;
  if (request.verb == Verb::list) {
    const auto pods = static_cast<std::int64_t>(context_.state().pods_by_name().size());
    const auto others = static_cast<std::int64_t>(context_.state().objects(request.kind).size());
    std::int64_t objects = request.kind == Kind::pod ? pods : others;
    if (request.limit && *request.limit > 0 && request.resource_version != "0") {
      objects = std::min(objects, *request.limit);
    }
    const std::int64_t seats = (objects + profile.list_objects_per_seat - 1) / profile.list_objects_per_seat;
    work.seats = static_cast<int>(std::clamp<std::int64_t>(seats, 1, profile.list_seats_max));
  } else if (writes(request.verb) && request.kind == Kind::pod) {
    const int watchers = watches_.watchers(request.ns);
    if (watchers < kWatchersPerSeat) return work;
    const int seats = (watchers + kWatchersPerSeat - 1) / kWatchersPerSeat;
    work.final_seats = std::min(seats, kWriteSeatsMax);
    work.final_us = kEventUs * seats / work.final_seats;
  }
  return work;
}

void ApiServer::take_seat(std::uint64_t slot) {
  const Call& call = calls_.at(slot);
  const Flow& flow = flows_.at(call.client);
  const bool accepted = flow_.enter(slot, flow, work_of(call.request), context_.now());
  if (!accepted) {
    ApiReply reply = replies::too_many_requests(flow_.retry_after_s(flow.level));
    const Seq refused = note_refusal(call, reply, call.cause);
    send(call, context_.now() + reply_latency(call), refused, std::move(reply));
    opening_.erase({call.client, call.id.value});
    calls_.erase(slot);
  } else if (flow_.waits(slot)) {
    Call& waiting = calls_.at(slot);
    fact::RequestQueued fact;
    fact.client = std::string(context_.client_name(call.client));
    fact.verb = call.request.verb;
    if (call.request.kind != Kind::pod) fact.resource = std::string(to_text(call.request.kind));
    fact.name = target_name(call.request);
    fact.level = std::string(flow_level_name(flow.level));
    fact.ahead = flow_.ahead(slot);
    waiting.cause = context_.emit("apiserver", waiting.cause, fact);
    const TimeUs until_us = std::min(waiting.arrived_us + context_.config().profile.queue_wait_us, deadline(waiting));
    context_.timer(until_us, waiting.cause, {Part::api_server, kQueueEnds, 0, slot});
  }
  start_seated();
  arm_adjustment();
}

void ApiServer::start_seated() {
  for (const std::uint64_t slot : flow_.take_started()) start(slot, calls_.at(slot));
}

// K91: it has waited long enough; or its client has, and hangs up.
void ApiServer::queue_ends(std::uint64_t slot, Call& call) {
  flow_.withdraw(slot, context_.now(), true);
  opening_.erase({call.client, call.id.value});
  if (context_.now() >= deadline(call)) {
    give_up(call, call.cause, false);
  } else {
    ApiReply reply = replies::too_many_requests(flow_.retry_after_s(flows_.at(call.client).level));
    const Seq refused = note_refusal(call, reply, call.cause);
    send(call, context_.now() + reply_latency(call), refused, std::move(reply));
  }
  calls_.erase(slot);
  start_seated();
}

// The request has been served.
void ApiServer::end(std::uint64_t slot) {
  const Seq cause = calls_.at(slot).cause;
  calls_.erase(slot);
  const DurationUs held_us = flow_.leave(slot, context_.now());
  if (held_us > 0) context_.timer(context_.now() + held_us, cause, {Part::api_server, kSeatsFree, 0, slot});
  start_seated();
}

// Seats move between levels every ten seconds (K90); the look is left out while nothing can have changed.
void ApiServer::arm_adjustment() {
  if (adjustment_armed_ || !flow_.wants_adjustment()) return;
  adjustment_armed_ = true;
  const DurationUs period = FlowControl::kAdjustPeriodUs;
  context_.timer((context_.now() / period + 1) * period, 0, {Part::api_server, kAdjust, 0, 0});
}

void ApiServer::adjust(Seq cause) {
  adjustment_armed_ = false;
  for (const auto& [level, seats] : flow_.adjust(context_.now())) {
    context_.emit("apiserver", cause, fact::SeatsMoved{std::string(flow_level_name(level)), seats});
  }
  start_seated();
  arm_adjustment();
}

// K7: while a charge of its namespace is being written, a create waits; the next ones are charged together.
bool ApiServer::waits_for_quota(std::uint64_t slot, const Call& call) {
  const ApiRequest& request = call.request;
  if (request.verb != Verb::create || request.kind != Kind::pod || !admission_.has_quota(request.ns)) return false;
  if (!quota_line_.busy(request.ns, context_.now())) {
    write_quota(request.ns);
    return false;
  }
  if (quota_line_.wait(request.ns, slot, context_.now())) {
    const auto index =
        static_cast<std::uint32_t>(std::ranges::find(quota_namespaces_, request.ns) - quota_namespaces_.begin());
    context_.timer(quota_line_.free_us(request.ns), call.cause, {Part::api_server, kQuotaWritten, index, 0});
  }
  return true;
}

void ApiServer::write_quota(const std::string& ns) {
  if (std::ranges::find(quota_namespaces_, ns) == quota_namespaces_.end()) quota_namespaces_.push_back(ns);
  const DurationUs lasts_us =
      context_.sample(context_.config().latency.write, "cluster.quota_write", ns, quota_line_.written(ns));
  quota_line_.writes(ns, context_.now() + lasts_us);
}

void ApiServer::quota_written(const std::string& ns) {
  const std::vector<QuotaLine::Waiting> batch = quota_line_.next(ns);
  write_quota(ns);
  for (const QuotaLine::Waiting& waiting : batch) {
    Call& call = calls_.at(waiting.slot);
    if (context_.now() > waiting.since_us + QuotaLine::kPatienceUs) {
      answer(call, {replies::error(500, "InternalError",
                                   fmt::format("Internal error occurred: resource quota evaluation timed out")),
                    call.cause});
    } else if (context_.now() >= deadline(call)) {
      give_up(call, call.cause, false);
    } else {
      answer(call, decide(call));
    }
    end(waiting.slot);
  }
}

}  // namespace podramp::fakeapi
