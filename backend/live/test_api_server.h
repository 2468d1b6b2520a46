// A small Kubernetes API in memory on a thread of its own: pods run as soon as they are made, other kinds are kept. It
// speaks through the same codec as the served cluster. Only for tests of the live client.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backend/live/test_server_thread.h"
#include "backend/port/kube_json.h"
#include "backend/port/reply_json.h"
#include "backend/port/resource.h"

namespace podramp::live {

class TestApiServer {
 public:
  // What a request gets instead of its answer; absent: its answer.
  using Interfere = std::function<std::optional<http::Response>(const http::Request&)>;

  explicit TestApiServer(http::ServerConfig config = {}) : config_(std::move(config)) { listen(); }

  std::string url() const { return url_; }
  void end() { thread_->end(); }
  // As a process that ends and comes back on its port with its store: watches are cut and forgotten, and who wants to
  // go on with one gets 410.
  void restart(std::chrono::milliseconds down) {
    thread_->end();
    locked([&] {
      watches_.clear();
      forgotten_ = version_;
    });
    std::this_thread::sleep_for(down);
    config_.port = static_cast<std::uint16_t>(std::stoi(url_.substr(url_.rfind(':') + 1)));
    listen();
  }
  // From now on lists of pods of any version ("0") show what there is now, whatever happens; or not any more.
  void answer_from_old_state(bool old) {
    locked([&] { old_ = old ? std::optional(pods_) : std::nullopt; });
  }
  // The rest may be called from any thread.
  void interfere(Interfere with) {
    locked([&] { interfere_ = std::move(with); });
  }
  void answer_reviews(std::function<bool(const std::string& body)> allows) {
    locked([&] { allows_ = std::move(allows); });
  }
  std::vector<std::string> requests() const {
    std::vector<std::string> all;
    locked([&] { all = requests_; });
    return all;
  }
  std::vector<std::string> objects() const {  // "pods/etl-exec-1"
    std::vector<std::string> all;
    locked([&] {
      for (const auto& [key, pod] : pods_) all.push_back("pods/" + key);
      for (const auto& [key, object] : objects_) all.push_back(key);
    });
    return all;
  }
  std::vector<Pod> pods() const {
    std::vector<Pod> all;
    locked([&] {
      for (const auto& [key, pod] : pods_) all.push_back(*pod);
    });
    return all;
  }
  // The next so many creates are done, and their answers cut.
  void cut_answers(int count) {
    locked([&] { cut_ = count; });
  }
  void put_quota(std::string list) {
    locked([&] { quotas_ = std::move(list); });
  }
  // Soon, on the server's thread.
  void delete_pod(const std::string& name) {
    thread_->run([this, name] { locked([&] { drop(name); }); });
  }
  void cut_watches(const std::string& last_line = "") {
    thread_->run([this, last_line] {
      locked([&] {
        for (Watch& watch : watches_) {
          if (!last_line.empty()) watch.stream.write(last_line + "\n");
          watch.stream.end();
        }
        watches_.clear();
      });
    });
  }

 private:
  struct Watch {
    http::Stream stream;
    LabelSelector labels;
    FieldSelector fields;
  };
  struct Target {
    std::string plural;
    std::string name;
    std::map<std::string, std::string> query;
  };

  void listen() {
    thread_ = std::make_unique<ServerThread>(
        [this](http::Request request, http::Responder responder) { handle(std::move(request), responder); }, config_);
    url_ = thread_->url();
  }

  template <class Do>
  void locked(Do act) const {
    const std::lock_guard guard(mutex_);
    act();
  }

  static std::string decoded(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool coded = text[i] == '%' && i + 2 < text.size();
      out += coded ? static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16)) : text[i];
      if (coded) i += 2;
    }
    return out;
  }

  static Target parse(const std::string& target) {
    Target parsed;
    const std::string path = target.substr(0, target.find('?'));
    const std::size_t begin = path.find("/namespaces/");
    std::vector<std::string> parts;
    for (std::size_t at = begin + 1; begin != std::string::npos && at <= path.size();) {
      const std::size_t slash = std::min(path.find('/', at), path.size());
      parts.push_back(path.substr(at, slash - at));
      at = slash + 1;
    }
    if (parts.size() > 2) parsed.plural = parts[2];
    if (parts.size() > 3) parsed.name = parts[3];
    const std::string query = target.find('?') == std::string::npos ? "" : target.substr(target.find('?') + 1);
    for (std::size_t at = 0; at < query.size();) {
      const std::size_t end = std::min(query.find('&', at), query.size());
      const std::size_t equals = query.find('=', at);
      parsed.query[query.substr(at, equals - at)] = decoded(query.substr(equals + 1, end - equals - 1));
      at = end + 1;
    }
    return parsed;
  }

  static http::Response json(int status, std::string body) {
    return {status, {{"Content-Type", "application/json"}}, std::move(body)};
  }
  static http::Response failure(int code, const std::string& reason, const std::string& message) {
    ApiReply reply;
    reply.code = code;
    reply.reason = reason;
    reply.message = message;
    return json(code, status_text(reply));
  }

  void handle(http::Request request, const http::Responder& responder) {
    const std::lock_guard guard(mutex_);
    requests_.push_back(request.method + " " + request.target);
    if (interfere_) {
      if (auto instead = interfere_(request)) return responder.send(std::move(*instead));
    }
    const Target target = parse(request.target);
    if (request.target == "/version") return responder.send(json(200, R"({"major":"1","minor":"32"})"));
    if (request.target.ends_with("/selfsubjectaccessreviews")) {
      const bool allowed = !allows_ || allows_(request.body);
      return responder.send(json(201, fmt::format(R"({{"status":{{"allowed":{}}}}})", allowed)));
    }
    if (target.plural == "resourcequotas") return responder.send(json(200, quotas_));
    if (target.query.contains("watch")) {
      const auto since = target.query.find("resourceVersion");
      const bool gone = since != target.query.end() && std::stoull(since->second) < forgotten_ && since->second != "0";
      if (gone) return responder.send(failure(410, "Expired", "too old resource version"));
      return open_watch(target, responder);
    }
    http::Response answer = target.plural == "pods" ? pods_answer(request, target) : objects_answer(request, target);
    if (request.method == "POST" && cut_ > 0) {
      --cut_;
      return responder.begin_stream(answer.status, {}).write(answer.body.substr(0, 10));  // and dropped
    }
    responder.send(std::move(answer));
  }

  void open_watch(const Target& target, const http::Responder& responder) {
    Watch watch{responder.begin_stream(200, {{"Content-Type", "application/json"}}), labels_of(target),
                fields_of(target)};
    const auto since = target.query.find("resourceVersion");
    for (const auto& [name, pod] : pods_) {
      const bool seen = since != target.query.end() && pod->resource_version <= std::stoull(since->second);
      if (!seen && watch.labels.matches(*pod) && watch.fields.matches(*pod)) {
        watch.stream.write(watch_event_text(WatchEventType::added, pod_text(*pod, {})) + "\n");
      }
    }
    watches_.push_back(std::move(watch));
  }

  static LabelSelector labels_of(const Target& target) {
    const auto given = target.query.find("labelSelector");
    return given == target.query.end() ? LabelSelector{} : parse_label_selector(given->second).value();
  }
  static FieldSelector fields_of(const Target& target) {
    const auto given = target.query.find("fieldSelector");
    return given == target.query.end() ? FieldSelector{} : parse_field_selector(given->second).value();
  }

  http::Response pods_answer(const http::Request& request, const Target& target) {
    if (request.method == "POST") return create_pod(request, target);
    if (!target.name.empty()) {
      const auto it = pods_.find(target.name);
      if (it == pods_.end()) return failure(404, "NotFound", fmt::format("pods \"{}\" not found", target.name));
      const PodPtr pod = it->second;
      if (request.method == "DELETE") drop(target.name);
      return json(200, pod_text(*pod, {}));
    }
    std::vector<std::string> texts;
    std::vector<std::string> names;
    const auto version = target.query.find("resourceVersion");
    const bool any = request.method == "GET" && version != target.query.end() && version->second == "0";
    for (const auto& [name, pod] : any&& old_ ? *old_ : pods_) {
      if (!labels_of(target).matches(*pod) || !fields_of(target).matches(*pod)) continue;
      texts.push_back(pod_text(*pod, {}));
      names.push_back(name);
    }
    if (request.method == "DELETE") {
      for (const std::string& name : names) drop(name);
    }
    return json(200, list_text("Pod", "v1", texts, version_, "", std::nullopt));
  }

  http::Response create_pod(const http::Request& request, const Target& target) {
    const auto read = pod_from_text(request.body, {});
    if (read.value == nullptr) return failure(400, "BadRequest", "no pod");
    if (pods_.contains(read.value->name)) return failure(409, "AlreadyExists", "there is one");
    auto pod = std::make_shared<Pod>(*read.value);
    pod->uid = fmt::format("uid-{}", ++uids_);
    if (target.query.contains("dryRun")) return json(201, pod_text(*pod, {}));
    store(pod, WatchEventType::added);
    auto runs = std::make_shared<Pod>(*pod);
    runs->phase = PodPhase::running;
    runs->node = "node-1";
    runs->pod_ip = "10.0.0.1";
    for (const char* type : {"PodScheduled", "Ready"}) runs->conditions.push_back({type, Truth::yes, "", "", 0});
    for (const Container& container : runs->tmpl->containers) {
      runs->containers.push_back({container.name, ContainerStateKind::running, "", "", 0});
    }
    store(runs, WatchEventType::modified);
    return json(201, pod_text(*pod, {}));
  }

  void store(const std::shared_ptr<Pod>& pod, WatchEventType type) {
    pod->resource_version = ++version_;
    pods_[pod->name] = pod;
    tell(*pod, type);
  }
  void drop(const std::string& name) {
    const auto it = pods_.find(name);
    if (it == pods_.end()) return;
    auto last = std::make_shared<Pod>(*it->second);
    last->resource_version = ++version_;
    pods_.erase(it);
    tell(*last, WatchEventType::deleted);
  }
  void tell(const Pod& pod, WatchEventType type) {
    std::erase_if(watches_, [](const Watch& watch) { return !watch.stream.is_open(); });
    for (Watch& watch : watches_) {
      if (!watch.labels.matches(pod) || !watch.fields.matches(pod)) continue;
      watch.stream.write(watch_event_text(type, pod_text(pod, {})) + "\n");
    }
  }

  static std::optional<Kind> kind_of(const std::string& plural) {
    const auto kind = from_text<Kind>(plural);
    return kind;
  }

  http::Response objects_answer(const http::Request& request, const Target& target) {
    if (target.plural.empty() && request.method == "GET") return json(200, R"({"kind":"Namespace"})");
    const auto kind = kind_of(target.plural);
    if (!kind) return failure(404, "NotFound", "the server could not find the requested resource");
    if (request.method == "POST") {
      const auto read = manifest_from_text(request.body, *kind, {});
      if (read.value == nullptr) return failure(400, "BadRequest", "no object");
      auto object = std::make_shared<Manifest>(*read.value);
      object->uid = fmt::format("uid-{}", ++uids_);
      object->resource_version = ++version_;
      if (!target.query.contains("dryRun")) objects_[target.plural + "/" + object->name] = object;
      return json(201, manifest_text(*object, {}));
    }
    if (!target.name.empty()) {
      if (objects_.erase(target.plural + "/" + target.name) == 0) return failure(404, "NotFound", "not found");
      return json(200, status_text({}));
    }
    std::vector<std::string> texts;
    for (auto it = objects_.begin(); it != objects_.end();) {
      const bool chosen = it->second->kind == *kind && labels_of(target).matches(it->second->labels);
      if (chosen) texts.push_back(manifest_text(*it->second, {}));
      it = chosen && request.method == "DELETE" ? objects_.erase(it) : std::next(it);
    }
    const ResourceType& type = resource_type(*kind);
    return json(200, list_text(type.kind, api_version(type), texts, version_, "", std::nullopt));
  }

  http::ServerConfig config_;
  std::string url_;
  mutable std::mutex mutex_;
  std::uint64_t version_ = 100;
  std::uint64_t forgotten_ = 0;  // versions up to this one are compacted
  int uids_ = 0;
  int cut_ = 0;
  std::map<std::string, PodPtr> pods_;  // by name
  std::optional<std::map<std::string, PodPtr>> old_;
  std::map<std::string, ManifestPtr> objects_;  // by "plural/name"
  std::vector<Watch> watches_;
  std::vector<std::string> requests_;
  std::string quotas_ = R"({"items":[]})";
  Interfere interfere_;
  std::function<bool(const std::string&)> allows_;
  std::unique_ptr<ServerThread> thread_;  // last: it ends first
};

}  // namespace podramp::live
