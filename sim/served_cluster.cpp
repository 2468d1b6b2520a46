#include "sim/served_cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/port/overloaded.h"
#include "fakeapi/http/answers.h"
#include "fakeapi/http/quotas.h"
#include "sim/command_line.h"

namespace podramp::sim {
namespace {

namespace rest = fakeapi::rest;

constexpr DurationUs kSliceUs = 10'000;                   // wall time between two looks at transfers and logs
constexpr std::chrono::milliseconds kLastWordsTime{200};  // for pages, at the end of the run
constexpr std::size_t kGuestsMax = 64;  // programs and users that are told apart; the rest share a name
constexpr std::size_t kProgramNameMax = 40;

// "kubectl/v1.32.0 (linux/amd64) kubernetes/abc" -> "kubectl", in letters that a log's reader expects in a name.
std::string program_of(const http::Request& request) {
  const std::string_view agent = http::find_header(request.headers, "user-agent").value_or("client");
  std::string name;
  for (const char c : agent.substr(0, kProgramNameMax)) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!plain) break;
    name += c;
  }
  return name.empty() ? "client" : name;
}

// An answer's object; of one that was refused, what was asked for (as kube-apiserver's LogRequestObject has it).
std::string named(const PodPtr& pod, const ManifestPtr& manifest, const std::string& otherwise) {
  return pod != nullptr ? pod->name : manifest != nullptr ? manifest->name : otherwise;
}

http::Headers stream_headers(std::string_view type) {
  return {{"Content-Type", std::string(type)}, {"Cache-Control", "no-cache, private"}};
}

// The connection is lost: the client sees an answer that breaks off.
void cut(const http::Responder& responder) { (void)responder.begin_stream(200, stream_headers("application/json")); }

}  // namespace

Result<std::unique_ptr<ServedCluster>> ServedCluster::listen(ServeOptions options) {
  std::unique_ptr<ServedCluster> served(new ServedCluster(std::move(options)));
  ServedCluster* self = served.get();
  auto server = http::HttpServer::listen(
      self->options_.server,
      [self](http::Request request, http::Responder responder) {
        self->receive(std::move(request), std::move(responder));
      },
      [](int status, std::string_view why) {
        return rest::error_response(status, status < 500 ? "BadRequest" : "InternalError", std::string(why));
      });
  if (!server) return tl::unexpected(server.error());
  served->server_ = std::move(*server);
  return served;
}

ServedCluster::~ServedCluster() = default;

void ServedCluster::stop() {
  stopped_ = true;
  server_->wake();
}

void ServedCluster::attach(Kernel& kernel, const fakeapi::Cluster& cluster) {
  kernel_ = &kernel;
  cluster_ = &cluster;
  started_ = WallClock::now();
  if (options_.processes != nullptr) {
    options_.processes->set_state(cluster.state());
    kernel.set_process_host(*options_.processes);
  }
  kernel.set_listener([this](fakeapi::ClientId client, const Input& input) { told(client, input); });
  kernel.set_crash_listener([this](fakeapi::ClientId client) { crashed(client); });
}

// --- time ------------------------------------------------------------------------------------------------------------

TimeUs ServedCluster::now() const {
  if (options_.speed_percent == 0) return kernel_->now();
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(WallClock::now() - started_).count();
  return std::max(kernel_->now(), static_cast<TimeUs>(passed) * options_.speed_percent / 100);
}

WallClock::time_point ServedCluster::wall_of(TimeUs t) const {
  return started_ + std::chrono::microseconds(t * 100 / options_.speed_percent);
}

rest::Scene ServedCluster::scene() const {
  return {cluster_->state(), cluster_->config(), options_.zero, now(), &timeline_, options_.processes};
}

std::optional<TimeUs> ServedCluster::turn(TimeUs now_us, std::span<const TransferEnd> ended) {
  const std::optional<TimeUs> next = kernel_->turn(now_us, ended);
  if (!next) {
    hang_up_all();
    return std::nullopt;
  }
  const bool ended_some = attend_processes();
  follow_logs();
  if (ended_some) return std::min(now(), *next);
  const bool paced = options_.speed_percent > 0;
  const DurationUs slice = paced ? std::max<DurationUs>(1, kSliceUs * options_.speed_percent / 100) : 0;
  // A transfer may end before what the kernel knows of: the engine has to be asked now and then.
  const TimeUs until = paced ? std::min(*next, now_us + slice) : *next;
  for (;;) {
    if (options_.pages != nullptr) options_.pages->attend(now());
    if (stopped_ || interrupted()) {
      hang_up_all();
      return std::nullopt;
    }
    const bool idle = !paced && until == kNever;
    const auto date = paced  ? wall_of(until)
                      : idle ? WallClock::now() + std::chrono::microseconds(kSliceUs)
                             : WallClock::now();
    server_->run_until(date);
    if (const auto at = std::exchange(asked_at_, std::nullopt)) return std::min(*at, until);
    if (!idle && WallClock::now() >= date) return until;
  }
}

// The run is over, and whoever reads its pages hears it.
void ServedCluster::hang_up_all() {
  if (options_.pages != nullptr && options_.pages->end(now())) {
    const auto until = WallClock::now() + kLastWordsTime;
    while (WallClock::now() < until) server_->run_until(until);  // whoever stops it wakes it as well
  }
  server_->stop();
  server_->run_until(WallClock::now());
}

// True when some have ended, which the kernel hears at its next turn.
bool ServedCluster::attend_processes() {
  if (options_.processes == nullptr) return false;
  const TimeUs at = now();
  const auto ended = options_.processes->attend(at);
  for (const LocalProcesses::Ended& one : ended) kernel_->process_ended(one.pod, one.exit_code, at);
  return !ended.empty();
}

// --- requests --------------------------------------------------------------------------------------------------------

std::optional<rest::Caller> ServedCluster::authenticate(const http::Request& request) const {
  if (!request.certificate.empty()) {
    rest::Caller caller;
    std::string_view subject = request.certificate;  // "O=a,CN=b"
    while (!subject.empty()) {
      const std::string_view part = subject.substr(0, subject.find(','));
      if (part.starts_with("CN=")) caller.user = std::string(part.substr(3));
      if (part.starts_with("O=")) caller.groups.emplace_back(part.substr(2));
      subject.remove_prefix(std::min(subject.size(), part.size() + 1));
    }
    if (!caller.user.empty()) return caller;
  }
  if (options_.tokens.empty())
    return rest::Caller{"kubernetes-admin", {"system:masters", "system:authenticated"}, {}, {}};
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view header = http::find_header(request.headers, "authorization").value_or("");
  if (!header.starts_with(kBearer)) return std::nullopt;
  const auto known = options_.tokens.find(std::string(header.substr(kBearer.size())));
  return known == options_.tokens.end() ? std::nullopt : std::optional(known->second);
}

fakeapi::ClientId ServedCluster::guest_of(const http::Request& request, const rest::Caller& caller) {
  std::pair<std::string, std::string> who{caller.user, program_of(request)};
  if (guests_.size() >= kGuestsMax && !guests_.contains(who)) who = {"", "others"};
  const auto known = guests_.find(who);
  if (known != guests_.end()) return known->second;
  const std::string user = who.first.empty() ? "system:anonymous" : who.first;
  const fakeapi::ClientId client = kernel_->add_guest(who.second, user);
  guests_[who] = client;
  return client;
}

void ServedCluster::note(const rest::AuditEntry& entry, int code, const std::string& name) const {
  if (options_.audit) options_.audit(rest::audit_line(entry, code, name, now(), options_.zero));
}

void ServedCluster::receive(http::Request request, http::Responder responder) {
  const auto caller = authenticate(request);
  const rest::AuditEntry entry = rest::audit_entry(request, caller.value_or(rest::Caller{}), ++requests_, now());
  if (options_.pages != nullptr && options_.pages->serves(request.target)) {
    return note(entry, options_.pages->answer(request, responder, caller, options_.tokens.empty()));
  }
  if (!caller) {
    note(entry, 401);
    return responder.send(rest::unauthorized());
  }
  rest::Verdict verdict = front_.receive(request, *caller, scene());
  if (auto* response = std::get_if<http::Response>(&verdict)) {
    note(entry, response->status);
    return responder.send(std::move(*response));
  }
  if (const auto* log = std::get_if<rest::LogAsked>(&verdict)) {
    note(entry, 200);
    return read_log(*log, responder);
  }
  Pending pending;
  pending.audit = entry;
  pending.passed = std::move(std::get<rest::Passed>(verdict));
  pending.wants_socket = http::wants_websocket(request);
  pending.responder = std::move(responder);
  pass(guest_of(request, *caller), std::move(pending));
}

void ServedCluster::pass(fakeapi::ClientId client, Pending pending) {
  const TimeUs at = now();
  const CallId call{++calls_[client]};
  kernel_->request(client, call, pending.passed.request, at);
  pending_.emplace(CallKey{client, call.value}, std::move(pending));
  if (!asked_at_) asked_at_ = at;
  server_->wake();
}

void ServedCluster::told(fakeapi::ClientId client, const Input& input) {
  std::visit(Overloaded{[&](const in::Replied& replied) {
                          answered({client, replied.call.value}, replied.reply);
                        },
                        [&](const in::Watched& watched) {
                          const auto it = pending_.find({client, watched.watch.value});
                          if (it == pending_.end()) return;
                          std::string lines;
                          for (const WatchEvent& event : watched.events) {
                            lines = front_.event_line(it->second.passed, event, scene());
                            send_lines(it->second, lines);
                          }
                        },
                        [&](const in::WatchClosed& closed) {
                          const std::string last = rest::Front::closing_line(closed.code, closed.reason);
                          end_watch({client, closed.watch.value}, last);
                        },
                        [](const auto&) {}},
             input);
}

void ServedCluster::answered(const CallKey& key, const ApiReply& reply) {
  const auto it = pending_.find(key);
  if (it == pending_.end()) return;
  const bool watches = it->second.passed.request.verb == Verb::watch && reply.ok();
  if (watches) {
    note(it->second.audit, reply.code);
    return open_watch(key, it->second);
  }
  Pending pending = std::move(it->second);
  pending_.erase(it);
  if (reply.ok()) enforce(pending.passed.request, reply);
  auto next = front_.answer(pending.passed, reply, scene());
  if (auto* again = std::get_if<rest::Passed>(&next)) {
    pending.passed = std::move(*again);
    return pass(key.first, std::move(pending));
  }
  auto& response = std::get<http::Response>(next);
  note(pending.audit, response.status,
       named(reply.object, reply.manifest, named(pending.passed.request.body, pending.passed.request.manifest, "")));
  if (response.status != 0) return pending.responder->send(std::move(response));
  cut(*pending.responder);
}

// A quota is enforced apart from its object.
void ServedCluster::enforce(const ApiRequest& request, const ApiReply& reply) {
  const bool writes = request.verb == Verb::create || request.verb == Verb::update || request.verb == Verb::remove;
  if (request.kind != Kind::resource_quota || !writes || request.dry_run || reply.manifest == nullptr) return;
  auto quota = rest::quota_of(*reply.manifest);
  if (!quota) return;
  if (request.verb == Verb::remove) quota->hard.clear();
  kernel_->act(fakeapi::to::SetQuota{std::move(*quota)});
}

// --- watches ---------------------------------------------------------------------------------------------------------

void ServedCluster::open_watch(const CallKey& key, Pending& pending) {
  const auto gone = [this, key] { hang_up(key); };
  if (pending.wants_socket) {
    pending.socket = pending.responder->accept_websocket("");
    pending.socket->on_gone(gone);
  } else {
    pending.stream = pending.responder->begin_stream(200, stream_headers("application/json"));
    pending.stream->on_gone(gone);
  }
  pending.responder.reset();
  const bool open = pending.wants_socket ? pending.socket->is_open() : pending.stream->is_open();
  if (!open) hang_up(key);  // its client has not waited for that
}

void ServedCluster::send_lines(Pending& pending, const std::string& line) {
  if (line.empty()) return;
  if (pending.stream) pending.stream->write(line);
  if (pending.socket) pending.socket->send_text(line.substr(0, line.size() - 1));
}

void ServedCluster::end_watch(const CallKey& key, const std::string& last) {
  const auto it = pending_.find(key);
  if (it == pending_.end()) return;
  send_lines(it->second, last);
  if (it->second.stream) it->second.stream->end();
  if (it->second.socket) it->second.socket->close(1000, "");
  pending_.erase(it);
}

void ServedCluster::hang_up(const CallKey& key) {
  if (pending_.erase(key) == 0) return;
  const TimeUs at = now();
  kernel_->release_watch(key.first, CallId{key.second}, at);
  if (!asked_at_) asked_at_ = at;
}

// A fault has ended the client's program, so a real client sees its connections cut.
void ServedCluster::crashed(fakeapi::ClientId client) {
  const auto begin = pending_.lower_bound({client, 0});
  const auto end = pending_.lower_bound({client + 1, 0});
  std::map<CallKey, Pending> gone;
  for (auto it = begin; it != end;) {
    const auto next = std::next(it);
    gone.insert(pending_.extract(it));
    it = next;
  }
  for (auto& [key, pending] : gone) {
    if (pending.passed.request.verb == Verb::watch) kernel_->release_watch(client, CallId{key.second}, kernel_->now());
    if (!pending.responder) continue;  // a stream that is dropped is cut
    note(pending.audit, 0);
    cut(*pending.responder);
  }
}

// --- logs ------------------------------------------------------------------------------------------------------------

void ServedCluster::read_log(const rest::LogAsked& asked, const http::Responder& responder) {
  const auto lines = rest::log_lines(asked, scene());
  if (!lines) {
    const bool missing = cluster_->state().find_pod(asked.pod) == nullptr;
    return responder.send(
        rest::error_response(missing ? 404 : 400, missing ? "NotFound" : "BadRequest", lines.error().message));
  }
  http::Stream stream = responder.begin_stream(200, stream_headers("text/plain"));
  for (const std::string& line : lines->lines) stream.write(line + "\n");
  if (!rest::log_may_grow(asked, scene())) return stream.end();
  rest::LogAsked more = asked;
  more.tail_lines.reset();
  more.since_s.reset();
  logs_.push_back({more, std::move(stream), lines->next});
}

void ServedCluster::follow_logs() {
  std::erase_if(logs_, [&](FollowedLog& log) {
    if (!log.stream.is_open()) return true;
    const auto more = rest::log_lines(log.asked, scene(), log.written);
    if (more) {
      for (const std::string& line : more->lines) log.stream.write(line + "\n");
      log.written = more->next;
    }
    if (rest::log_may_grow(log.asked, scene())) return false;
    log.stream.end();
    return true;
  });
}

}  // namespace podramp::sim
