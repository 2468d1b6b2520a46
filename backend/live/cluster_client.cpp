#include "backend/live/cluster_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "backend/live/wire_request.h"
#include "backend/port/reply_json.h"

namespace podramp::live {
namespace {

constexpr DurationUs kTurnMaxUs = kSecondUs;

std::optional<std::int64_t> retry_after(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    std::int64_t seconds = 0;
    if (name != "retry-after") continue;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (code == std::errc{} && end == value.data() + value.size()) return seconds;
  }
  return std::nullopt;
}

bool writes(Verb verb) { return verb != Verb::get && verb != Verb::list && verb != Verb::watch; }

// K10: a write whose answer was lost may have been done.
ApiReply transport_failure(const ApiRequest& request, const HttpReply& reply) {
  ApiReply failed;
  failed.message = reply.error;
  switch (reply.failure) {
    case HttpFailure::refused: failed.transport = Transport::refused; break;
    case HttpFailure::timed_out: failed.transport = Transport::timed_out; break;
    default: failed.transport = Transport::reset;
  }
  if (failed.transport == Transport::reset && reply.sent && writes(request.verb)) {
    failed.transport = Transport::maybe_committed;
  }
  return failed;
}

HttpRequest http_request(ClusterAccess& access, const WireRequest& wire, Headers headers, DurationUs timeout_us) {
  headers.emplace_back("Accept", "application/json");
  headers.emplace_back("User-Agent", "podramp");
  if (!wire.content_type.empty()) headers.emplace_back("Content-Type", wire.content_type);
  return {wire.method,   access.server() + wire.target, std::move(headers), wire.body, timeout_us, access.tls(),
          access.proxy()};
}

}  // namespace

void ClusterClient::call(std::uint32_t session, CallId call, const ApiRequest& request) {
  const Key key{session, call};
  PODRAMP_CHECK(!exchanges_.contains(key), "a call id is used twice");
  Exchange& exchange = exchanges_[key];
  exchange.key = key;
  exchange.request = request;
  start(exchange);
}

void ClusterClient::start(Exchange& exchange) {
  const Key key = exchange.key;
  auto headers = access_.headers(clock_.now());
  if (!headers) {
    ApiReply failed;
    failed.transport = Transport::refused;
    failed.message = headers.error().message;
    deliver(key, in::Replied{key.second, std::move(failed)});
    exchanges_.erase(key);
    return;
  }
  const bool is_watch = exchange.request.verb == Verb::watch;
  HttpRequest request = http_request(access_, wire_request(exchange.request, clock_.zero()), std::move(*headers),
                                     is_watch ? 0 : exchange.request.timeout_us);
  HttpCalls calls;
  if (is_watch) {
    exchange.give_up_us = clock_.now() + exchange.request.timeout_us;
    calls.opened = [this, key](int status, const Headers& got) { watch_opened(key, status, got); };
    calls.received = [this, key](std::string_view bytes) { watch_received(key, bytes); };
    calls.done = [this, key](const HttpReply& reply) { watch_ended(key, reply); };
  } else {
    calls.done = [this, key](const HttpReply& reply) { replied(key, reply); };
  }
  exchange.id = http_.send(std::move(request), std::move(calls));
}

void ClusterClient::release(std::uint32_t session, CallId call) {
  const auto it = exchanges_.find({session, call});
  if (it == exchanges_.end()) return;
  http_.cancel(it->second.id);
  exchanges_.erase(it);
}

void ClusterClient::deliver(const Key& key, Input input) { arrived_.push_back({key.first, std::move(input)}); }

// A 401 with credentials that can be renewed is no answer yet, once.
bool ClusterClient::try_again(Exchange& exchange, int status) {
  if (status != 401 || exchange.renewed || !access_.renew(clock_.now())) return false;
  exchange.renewed = true;
  exchange.line.clear();
  start(exchange);
  return true;
}

void ClusterClient::replied(const Key& key, const HttpReply& reply) {
  const auto it = exchanges_.find(key);
  if (it == exchanges_.end() || try_again(it->second, reply.status)) return;
  const ApiRequest& request = it->second.request;
  ApiReply answer = reply.failure != HttpFailure::none
                        ? transport_failure(request, reply)
                        : reply_from_text(request, reply.status, retry_after(reply.headers), reply.body, clock_.zero());
  deliver(key, in::Replied{key.second, std::move(answer)});
  exchanges_.erase(key);
}

// --- watches -------------------------------------------------------------------------------------------------------

void ClusterClient::watch_opened(const Key& key, int status, const Headers& headers) {
  Exchange& exchange = exchanges_.at(key);
  exchange.status = status;
  exchange.headers = headers;
  if (status != 200) return;  // what it says is collected as the refusal's text
  exchange.open = true;
  ApiReply reply;
  reply.code = status;
  deliver(key, in::Replied{key.second, std::move(reply)});
}

void ClusterClient::watch_received(const Key& key, std::string_view bytes) {
  Exchange& exchange = exchanges_.at(key);
  exchange.line += bytes;
  if (!exchange.open) return;
  in::Watched watched{key.second, {}};
  std::size_t begin = 0;
  std::optional<ApiReply> end;
  for (std::size_t newline = 0; !end && (newline = exchange.line.find('\n', begin)) != std::string::npos;) {
    const std::string_view line = std::string_view(exchange.line).substr(begin, newline - begin);
    begin = newline + 1;
    if (line.find_first_not_of(" \r\t") == std::string_view::npos) continue;
    WatchLine read = watch_line_from_text(line, clock_.zero());
    if (read.event) {
      watched.events.push_back(std::move(*read.event));
    } else {
      end = std::move(read.status);
    }
  }
  exchange.line.erase(0, begin);
  if (!watched.events.empty()) deliver(key, std::move(watched));
  if (!end && exchange.line.size() > kWatchLineMax) {
    end.emplace();
    end->message = fmt::format("an event of the watch has more than {} bytes", kWatchLineMax);
  }
  if (end) close_watch(key, end->code, end->message);
}

void ClusterClient::watch_ended(const Key& key, const HttpReply& reply) {
  const auto it = exchanges_.find(key);
  if (it == exchanges_.end()) return;
  Exchange& exchange = it->second;
  if (exchange.open) return close_watch(key, 0, reply.error);
  if (try_again(exchange, exchange.status)) return;
  ApiReply answer = exchange.status == 0 ? transport_failure(exchange.request, reply)
                                         : reply_from_text(exchange.request, exchange.status,
                                                           retry_after(exchange.headers), exchange.line, clock_.zero());
  // A watch that was answered with 2xx but not 200 is none.
  if (answer.ok()) answer.code = 500;
  deliver(key, in::Replied{key.second, std::move(answer)});
  exchanges_.erase(key);
}

void ClusterClient::close_watch(const Key& key, int code, std::string reason) {
  deliver(key, in::WatchClosed{key.second, code, std::move(reason)});
  release(key.first, key.second);
}

// Watches that were asked for and not opened in time.
void ClusterClient::give_up_late() {
  std::vector<Key> late;
  for (const auto& [key, exchange] : exchanges_) {
    const bool waits = exchange.request.verb == Verb::watch && !exchange.open;
    if (waits && clock_.now() >= exchange.give_up_us) late.push_back(key);
  }
  for (const Key& key : late) {
    ApiReply reply;
    reply.transport = Transport::timed_out;
    reply.message = "the watch was not opened within the request timeout";
    deliver(key, in::Replied{key.second, std::move(reply)});
    release(key.first, key.second);
  }
}

std::vector<Delivery> ClusterClient::turn(DurationUs wait_us) {
  if (arrived_.empty()) http_.turn(std::min(wait_us, kTurnMaxUs));
  give_up_late();
  return std::exchange(arrived_, {});
}

// --- questions -----------------------------------------------------------------------------------------------------

HttpReply ClusterClient::ask(const std::string& method, const std::string& target, const std::string& body,
                             DurationUs timeout_us) {
  std::optional<HttpReply> answer;
  for (bool renewed = false;;) {
    answer.reset();
    auto headers = access_.headers(clock_.now());
    if (!headers) return {HttpFailure::refused, false, headers.error().message};
    const WireRequest wire{method, target, body.empty() ? "" : "application/json", body};
    http_.send(http_request(access_, wire, std::move(*headers), timeout_us),
               {[&](HttpReply reply) { answer = std::move(reply); }});
    while (!answer) http_.turn(kTurnMaxUs);
    if (answer->status != 401 || std::exchange(renewed, true) || !access_.renew(clock_.now())) return *answer;
  }
}

ApiReply ClusterClient::ask(const ApiRequest& request) {
  const WireRequest wire = wire_request(request, clock_.zero());
  const HttpReply reply = ask(wire.method, wire.target, wire.body, request.timeout_us);
  if (reply.failure != HttpFailure::none) return transport_failure(request, reply);
  return reply_from_text(request, reply.status, retry_after(reply.headers), reply.body, clock_.zero());
}

}  // namespace podramp::live
