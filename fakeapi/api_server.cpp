#include "fakeapi/api_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "fakeapi/replies.h"

namespace podramp::fakeapi {
namespace {

constexpr DurationUs kServerTimeoutUs = 60 * kSecondUs;  // K9: --request-timeout
constexpr DurationUs kVersionWaitUs = 3 * kSecondUs;     // K16

bool is_read(Verb verb) { return verb == Verb::get || verb == Verb::list || verb == Verb::watch; }

// The version a read asks for: absent when unset or "0" (any), else the number. Not a number: error.
Result<std::optional<std::uint64_t>> wanted_version(const std::string& text) {
  if (text.empty() || text == "0") return std::optional<std::uint64_t>{};
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc{} && end == text.data() + text.size()) return std::optional(value);
  return tl::unexpected(Error{fmt::format("resourceVersion: Invalid value: \"{}\": invalid resource version", text)});
}

// The name of what a create sends, of whatever kind; null when it sends nothing.
const std::string* created_name(const ApiRequest& request) {
  if (request.verb != Verb::create) return nullptr;
  if (request.body != nullptr) return &request.body->name;
  return request.manifest != nullptr ? &request.manifest->name : nullptr;
}

ApiReply not_allowed() {
  return replies::error(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}

}  // namespace

std::string ApiServer::target_name(const ApiRequest& request) {
  const std::string* created = created_name(request);
  const std::string& name = created != nullptr ? *created : request.name;
  return name.empty() ? request.ns : request.ns + "/" + name;
}

void ApiServer::receive(const to::Request& message, Seq cause) {
  Call call;
  call.client = message.client;
  call.id = message.call;
  call.request = message.request;
  call.attempt = message.attempt;
  call.cause = cause;
  call.arrived_us = context_.now();
  if (refuse_by_fault(call)) return;
  const std::string_view who = context_.client_name(call.client);
  if (call.request.verb == Verb::watch) opening_.insert({call.client, call.id.value});
  const std::uint64_t slot = ++last_slot_;
  if (faults_.fires("api.timeout", who, call.request.verb, who, call.id.value)) {
    call.cause = context_.fault(call.cause, "api.timeout", fmt::format("{}/{}", who, call.id.value));
    call.lost = true;
    start(slot, calls_.emplace(slot, std::move(call)).first->second);
    return;
  }
  calls_.emplace(slot, std::move(call));
  take_seat(slot);
}

// It has a seat, or needs none because it is lost on its way: from now on its service time counts.
void ApiServer::start(std::uint64_t slot, Call& call) {
  const std::string_view who = context_.client_name(call.client);
  const Verb verb = call.request.verb;
  const std::uint64_t ordinal = call.id.value;
  const Latencies& latency = context_.config().latency;
  // A deletecollection starts with a list; each of its deletes then takes the time of a write.
  DurationUs service_us = is_read(verb) || verb == Verb::remove_collection ? draw(latency.read, "cluster.read", call)
                                                                           : draw(latency.write, "cluster.write", call);
  const std::string target = fmt::format("{}/{}", who, ordinal);
  if (const FaultSpec* slow = faults_.find("api.slow", who, verb, who, ordinal)) {
    service_us += slow->delay_us;
    call.cause = context_.fault(call.cause, slow->point, target);
  }
  const FaultSpec* unsaid = is_read(verb) ? nullptr : faults_.find("api.commit_then_timeout", who, verb, who, ordinal);
  if (unsaid != nullptr) {
    call.lose_answer = true;
    call.cause = context_.fault(call.cause, unsaid->point, target);
  }
  TimeUs serve_us = call.lost ? kNever : context_.now() + service_us;
  if (serve_us > deadline(call)) {
    serve_us = deadline(call);
    call.too_slow = true;
  }
  context_.timer(serve_us, call.cause, {Part::api_server, kServe, 0, slot});
}

bool ApiServer::refuse_by_fault(const Call& call) {
  static constexpr std::array<std::string_view, 6> kRefusals{"api.outage",      "api.throttle", "api.error",
                                                             "api.unavailable", "api.answer",   "api.reset"};
  const std::string_view who = context_.client_name(call.client);
  for (const std::string_view point : kRefusals) {
    const FaultSpec* spec = faults_.find(point, who, call.request.verb, who, call.id.value);
    if (spec == nullptr) continue;
    ApiReply reply;
    if (point == "api.outage") {
      reply = replies::transport(Transport::refused);
    } else if (point == "api.throttle") {
      reply = replies::too_many_requests(spec->retry_after_s);
    } else if (point == "api.answer") {
      reply = replies::injected(spec->code, spec->retry_after_s, target_name(call.request));
    } else if (point == "api.reset") {
      reply = replies::transport(Transport::reset);
    } else if (point == "api.error") {
      reply = replies::error(500, "InternalError", "Internal error occurred: etcdserver: request timed out");
    } else {
      reply = replies::error(503, "ServiceUnavailable", "the server is currently unable to handle the request");
    }
    const Seq fired = context_.fault(call.cause, point, fmt::format("{}/{}", who, call.id.value));
    const Seq refused = note_refusal(call, reply, fired);
    send(call, context_.now() + reply_latency(call), refused, std::move(reply));
    return true;
  }
  return false;
}

void ApiServer::on_timer(const ClusterTimer& timer, Seq cause) {
  switch (timer.kind) {
    case kSeatsFree: flow_.finish(timer.arg, context_.now()); return start_seated();
    case kAdjust: return adjust(cause);
    case kQuotaWritten: return quota_written(quota_namespaces_.at(timer.index));
    default: break;
  }
  const auto it = calls_.find(timer.arg);
  if (timer.kind == kQueueEnds) {
    if (it != calls_.end() && flow_.waits(timer.arg)) queue_ends(it->first, it->second);
    return;
  }
  if (timer.kind == kSendingEnds) {
    if (it != calls_.end()) sending_ends(it->first, it->second);
    return;
  }
  CHECK(it != calls_.end());
  serve(it->first, it->second);
}

void ApiServer::serve(std::uint64_t slot, Call& call) {
  const bool released = call.request.verb == Verb::watch && !opening_.contains({call.client, call.id.value});
  if (released) return end(slot);
  if (call.too_slow) {
    opening_.erase({call.client, call.id.value});
    give_up(call, call.cause, call.listed && call.request.verb == Verb::remove_collection);
    return end(slot);
  }
  if (is_read(call.request.verb) && wait_for_version(slot, call)) return;
  if (waits_for_quota(slot, call)) return;
  opening_.erase({call.client, call.id.value});
  if (call.request.verb == Verb::remove_collection && call.request.kind != Kind::node) {
    if (!serve_collection(slot, call)) return;
  } else if (call.request.verb == Verb::watch) {
    serve_watch(call);
  } else {
    Answer decided = decide(call);
    if (send_bytes(slot, call, decided)) return;
    answer(call, std::move(decided));
  }
  end(slot);
}

// K16: a version from the future is waited for, then refused. True while the call waits.
bool ApiServer::wait_for_version(std::uint64_t slot, Call& call) {
  const auto wanted = wanted_version(call.request.resource_version);
  if (call.waited || !wanted || !*wanted || **wanted <= context_.state().resource_version()) return false;
  call.waited = true;
  context_.timer(context_.now() + kVersionWaitUs, call.cause, {Part::api_server, kServe, 0, slot});
  return true;
}

Answer ApiServer::decide(Call& call) {
  const ApiRequest& request = call.request;
  if (is_read(request.verb)) {
    const auto wanted = wanted_version(request.resource_version);
    if (!wanted) return {replies::bad_request(wanted.error().message), call.cause};
    const std::uint64_t current = context_.state().resource_version();
    if (*wanted && **wanted > current) return {replies::too_large_version(**wanted, current), call.cause};
  }
  if (auto refused = refuse_namespace(request)) return {std::move(*refused), call.cause};
  if (request.kind != Kind::pod) return decide_manifest(request, call.cause);
  switch (request.verb) {
    case Verb::create: return decide_pod_create(request, call.cause);
    case Verb::update: return verbs_.update(request, call.cause);
    case Verb::get: {
      const DurationUs behind_us = staleness(call);
      return behind_us > 0 ? lists_.get(request, behind_us, call.cause) : verbs_.get(request, call.cause);
    }
    case Verb::list: return lists_.list(request, staleness(call), call.cause);
    case Verb::patch: return verbs_.patch(request, call.cause);
    case Verb::remove: return verbs_.remove(request, call.cause);
    case Verb::watch: {
      ApiReply reply = replies::success(200, PodPtr{});
      reply.resource_version = context_.state().resource_version();
      return {std::move(reply), call.cause};
    }
    case Verb::remove_collection: break;
  }
  return {not_allowed(), call.cause};
}

Answer ApiServer::decide_pod_create(const ApiRequest& request, Seq cause) {
  if (request.subresource.empty()) return verbs_.create(request, cause);
  if (request.subresource == "binding") return verbs_.bind(request, cause);
  if (request.subresource == "eviction") return verbs_.evict(request, cause);
  return {not_allowed(), cause};
}

// K8, in a cluster that has namespaces: nothing is created in one that is not there, or that is going.
std::optional<ApiReply> ApiServer::refuse_namespace(const ApiRequest& request) const {
  const ClusterState& state = context_.state();
  if (request.verb != Verb::create || request.ns.empty() || state.objects(Kind::name_space).empty()) {
    return std::nullopt;
  }
  const ManifestPtr ns = state.find_object(Kind::name_space, "/" + request.ns);
  if (ns == nullptr) return replies::not_found(Kind::name_space, request.ns);
  if (!ns->deletion_us) return std::nullopt;
  const std::string* name = created_name(request);
  return replies::forbidden(
      request.kind, name == nullptr ? "" : *name,
      fmt::format("unable to create new content in namespace {} because it is being terminated", request.ns));
}

Answer ApiServer::decide_manifest(const ApiRequest& request, Seq cause) {
  switch (request.verb) {
    case Verb::get: return manifests_.get(request, cause);
    case Verb::list: return manifest_lists_.list(request, watches_.history(request.kind), cause);
    case Verb::watch: {
      if (std::string why = ManifestVerbs::unknown_field(request.kind, request.field_selector); !why.empty()) {
        return {replies::bad_request(std::move(why)), cause};
      }
      ApiReply reply = replies::success(200, ManifestPtr{});
      reply.resource_version = context_.state().resource_version();
      return {std::move(reply), cause};
    }
    default: break;
  }
  if (request.kind == Kind::node) return decide_node(request, cause);
  switch (request.verb) {
    case Verb::create: return manifests_.create(request, cause);
    case Verb::update: return manifests_.update(request, cause);
    case Verb::patch: return manifests_.patch(request, cause);
    case Verb::remove: return manifests_.remove(request, cause);
    default: return {not_allowed(), cause};
  }
}

Answer ApiServer::decide_node(const ApiRequest& request, Seq cause) {
  if (nodes_ == nullptr) return {not_allowed(), cause};
  switch (request.verb) {
    case Verb::create: return nodes_->create(request, cause);
    case Verb::update: return nodes_->update(request, cause);
    case Verb::remove: return nodes_->remove(request, cause);
    default: return {not_allowed(), cause};
  }
}

void ApiServer::serve_watch(Call& call) {
  Answer verdict = decide(call);
  if (!verdict.reply.ok()) return answer(call, std::move(verdict));
  const auto after_rv = wanted_version(call.request.resource_version);
  const bool of_pods = call.request.kind == Kind::pod;
  if (*after_rv) {
    auto why = of_pods ? watches_.too_old(**after_rv, call.cause) : watches_.too_old(call.request.kind, **after_rv);
    if (why) {
      return answer(call, {replies::expired(std::move(*why)), call.cause});
    }
  }
  std::optional<WatchHub::Initial> initial;
  if (const DurationUs behind_us = staleness(call); of_pods && behind_us > 0) {
    const PodHistory& history = watches_.history();
    initial.emplace();
    initial->rv = std::max(history.version_at(context_.now() - behind_us), history.forgotten_rv());
    initial->pods = lists_.at(call.request, initial->rv);
    verdict.reply.resource_version = initial->rv;
  }
  const TimeUs answered_us = context_.now() + reply_latency(call);
  send(call, answered_us, verdict.cause, std::move(verdict.reply));
  watches_.open(call.client, call.id, call.request, *after_rv, answered_us, call.cause, std::move(initial));
}

// How old the cache is that answers this read of "any" version.
DurationUs ApiServer::staleness(Call& call) {
  if (call.request.resource_version != "0" || !faults_.configured("api.stale")) return 0;
  const std::string_view who = context_.client_name(call.client);
  const FaultSpec* stale = faults_.find("api.stale", who, call.request.verb, who, call.id.value);
  if (stale == nullptr) return 0;
  call.cause = context_.fault(call.cause, "api.stale", fmt::format("{}/{}", who, call.id.value));
  return stale->delay_us;
}

// K32: one delete after the other. True when it has been answered.
bool ApiServer::serve_collection(std::uint64_t slot, Call& call) {
  if (!call.listed) {
    call.listed = true;
    if (call.request.kind == Kind::pod) {
      for (const PodRecord* record : verbs_.select(call.request)) call.pods.push_back(record->id);
      std::ranges::reverse(call.pods);
    } else {
      call.objects = manifests_.select(call.request);
      std::ranges::reverse(call.objects);
    }
  } else {
    delete_next(call);
  }
  const std::string next = next_deleted(call);
  if (next.empty()) {
    answer(call, {replies::success(200, PodPtr{}), call.cause});
    return true;
  }
  const std::string key = fmt::format("{}/{}", context_.client_name(call.client), next);
  TimeUs next_us = context_.now() + context_.sample(context_.config().latency.write, "cluster.write", key);
  if (next_us > deadline(call)) {
    next_us = deadline(call);
    call.too_slow = true;
  }
  context_.timer(next_us, call.cause, {Part::api_server, kServe, 0, slot});
  return false;
}

void ApiServer::delete_next(Call& call) {
  if (call.request.kind == Kind::pod) {
    call.cause = deletion_.remove(call.pods.back(), call.request.grace_s, "api", "apiserver", call.cause);
    call.pods.pop_back();
  } else {
    call.cause = manifests_.remove_one(call.request.kind, call.objects.back(), call.cause);
    call.objects.pop_back();
  }
  // What has gone meanwhile costs nothing.
  const ClusterState& state = context_.state();
  while (!call.pods.empty() && state.find_pod(call.pods.back()) == nullptr) call.pods.pop_back();
  while (!call.objects.empty() && state.find_object(call.request.kind, call.objects.back()) == nullptr) {
    call.objects.pop_back();
  }
}

// "" when all is done.
std::string ApiServer::next_deleted(const Call& call) const {
  if (!call.pods.empty()) return context_.state().find_pod(call.pods.back())->pod->name;
  return call.objects.empty() ? "" : context_.state().find_object(call.request.kind, call.objects.back())->name;
}

void ApiServer::answer(const Call& call, Answer answer) {
  const TimeUs at = context_.now() + reply_latency(call);
  const bool late = call.request.verb != Verb::watch && at > call.arrived_us + call.request.timeout_us;
  if (call.lose_answer || late) return give_up(call, answer.cause, answer.reply.ok());
  Seq cause = answer.cause;
  const std::string_view who = context_.client_name(call.client);
  if (faults_.configured("client.crash") && faults_.fires("client.crash", who, call.request.verb, who, call.id.value)) {
    const Seq fired = context_.fault(cause, "client.crash", fmt::format("{}/{}", who, call.id.value));
    return context_.send(context_.now(), fired, from::ClientCrashed{call.client});
  }
  const bool is_answer = call.request.verb == Verb::get && answer.reply.code == 404;
  if (!answer.reply.ok() && !is_answer) cause = note_refusal(call, answer.reply, cause);
  send(call, at, cause, std::move(answer.reply));
}

// The client stops waiting, or the server does when it is the less patient one (K9).
void ApiServer::give_up(const Call& call, Seq cause, bool committed) {
  const bool server_first = call.request.verb == Verb::watch || call.request.timeout_us > kServerTimeoutUs;
  ApiReply reply;
  const bool server_ends = server_first && !call.lose_answer;
  if (server_ends) {
    reply = call.sending ? replies::transport(Transport::reset) : replies::server_timeout();
  } else {
    const bool unsure = committed && !is_read(call.request.verb);
    reply = replies::transport(unsure ? Transport::maybe_committed : Transport::timed_out);
  }
  const Seq noted = note_refusal(call, reply, cause);
  const TimeUs at = server_ends ? context_.now() + reply_latency(call) : call.arrived_us + call.request.timeout_us;
  send(call, std::max(at, context_.now()), noted, std::move(reply));
}

Seq ApiServer::note_refusal(const Call& call, const ApiReply& reply, Seq cause) {
  fact::RequestRefused fact;
  fact.client = std::string(context_.client_name(call.client));
  fact.verb = call.request.verb;
  if (call.request.kind != Kind::pod) fact.resource = std::string(to_text(call.request.kind));
  fact.name = target_name(call.request);
  fact.code = reply.code;
  fact.reason = reply.transport == Transport::ok ? reply.reason : std::string(to_text(reply.transport));
  fact.message = reply.message;
  return context_.emit("apiserver", cause, fact);
}

void ApiServer::release(const to::ReleaseWatch& message) {
  if (opening_.erase({message.client, message.watch.value}) == 0) watches_.release(message.client, message.watch);
}

void ApiServer::send(const Call& call, TimeUs at, Seq cause, ApiReply reply) {
  context_.send(at, cause, from::Reply{call.client, call.id, std::move(reply)});
}

DurationUs ApiServer::reply_latency(const Call& call) const {
  return draw(context_.config().latency.reply, "cluster.reply", call);
}

// A create draws by the name of what it makes, so that a batch size moves no executor's luck (design 2.1).
DurationUs ApiServer::draw(const LatencyModel& model, std::string_view stream, const Call& call) const {
  if (const std::string* created = created_name(call.request)) {
    return context_.sample(model, stream, *created, static_cast<std::uint64_t>(call.attempt));
  }
  return context_.sample(model, stream, context_.client_name(call.client), call.id.value);
}

TimeUs ApiServer::deadline(const Call& call) const {
  if (call.request.verb == Verb::watch) return call.arrived_us + kServerTimeoutUs;
  return call.arrived_us + std::min(call.request.timeout_us, kServerTimeoutUs);
}

}  // namespace podramp::fakeapi
