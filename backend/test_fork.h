// A fork-2.2 driver under test, with a cluster that answers every request at once unless a test says otherwise. Time
// moves from timer to timer. Not part of the library.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/fork_driver.h"
#include "backend/test_pods.h"

namespace podramp::backend {

inline constexpr TimeUs kS = kSecondUs;

// A pod of executor `id` as the cluster shows it.
inline Pod fork_pod(ExecutorId id, PodPhase phase, const std::string& node = "", const std::string& ip = "") {
  Pod pod = executor_pod(id, phase);
  pod.name = "app-exec-" + std::to_string(id);
  pod.node = node;
  pod.pod_ip = ip;
  return pod;
}

inline Pod driver_pod() {
  Pod pod = executor_pod(0, PodPhase::running);
  PodTemplate tmpl;
  tmpl.labels = {{"spark-app-selector", "app-1"}, {"spark-role", "driver"}};
  pod.tmpl = share(std::move(tmpl));
  pod.own_labels.clear();
  pod.name = "driver-pod";
  pod.uid = "driver-uid";
  return pod;
}

inline StringMap fork_settings(const StringMap& more) {
  StringMap raw = more;
  raw.emplace("spark.kubernetes.driver.pod.name", "driver-pod");
  raw.emplace("spark.driver.host", "driver");
  return raw;
}

inline Application fork_application(const StringMap& settings, const Fixes& fixes = {},
                                    const std::string& prefix = "app") {
  Application application;
  application.name = "app";
  application.app_id = "app-1";
  application.pod_name_prefix = prefix;
  application.conf.compat = Compat::fork_2_2;
  application.conf.raw = settings;
  application.conf.ns = "default";
  application.fixes = fixes;
  return application;
}

inline StringMap instances(int executors) { return {{"spark.executor.instances", std::to_string(executors)}}; }

// Dynamic allocation and the shuffle service that the fork wants with it.
inline StringMap dynamic(StringMap more = {}) {
  more.merge(StringMap{{"spark.dynamicAllocation.enabled", "true"},
                       {"spark.shuffle.service.enabled", "true"},
                       {"spark.kubernetes.shuffle.labels", "app=shuffle"},
                       {"spark.local.dir", "/tmp/spark"}});
  return more;
}

class ForkRig {
 public:
  explicit ForkRig(const StringMap& settings, const Fixes& fixes = {}, const std::string& prefix = "app")
      : owned(std::make_unique<ForkDriver>(fork_application(fork_settings(settings), fixes, prefix))), driver(*owned) {
    pods["driver-pod"] = stored(driver_pod());
  }

  std::unique_ptr<ForkDriver> owned;  // a driver stays where it is, a rig may move
  ForkDriver& driver;
  TimeUs now = 0;
  std::vector<Effect> effects;         // all so far
  std::map<std::string, PodPtr> pods;  // of the cluster; those of shuffle services are listed
  std::vector<out::Called> held;       // not answered yet
  // What to answer instead of the truth; nullopt is the truth.
  std::function<std::optional<ApiReply>(const ApiRequest&)> fault;
  std::function<bool(const ApiRequest&)> hold;  // no answer for now

  std::vector<Effect> step(const Input& input) {
    const std::size_t before = effects.size();
    feed(input);
    return {effects.begin() + static_cast<std::ptrdiff_t>(before), effects.end()};
  }
  std::vector<Effect> start() { return step(in::Started{"app-1"}); }
  // Until the next allocator pass has ended (as far as its requests are answered).
  std::vector<Effect> pass() {
    const auto due = timers.find({TimerKind::fork_pass, 0});
    if (due == timers.end()) return {};
    now = std::max(now, due->second);
    return fire({TimerKind::fork_pass, 0});
  }
  std::vector<Effect> passes(int n) {
    const std::size_t before = effects.size();
    for (int i = 0; i < n; ++i) pass();
    return {effects.begin() + static_cast<std::ptrdiff_t>(before), effects.end()};
  }
  std::vector<Effect> fire(TimerId timer) {
    const auto it = timers.find(timer);
    if (it == timers.end()) return {};
    now = std::max(now, it->second);
    timers.erase(it);
    return step(in::TimerDue{timer.kind, timer.arg});
  }
  bool allocator_lives() const { return timers.contains({TimerKind::fork_pass, 0}); }

  std::vector<Effect> register_executor(ExecutorId id, const std::string& host = "10.0.0.1") {
    return step(in::Registered{id, host});
  }
  std::vector<Effect> disconnect(ExecutorId id) { return step(in::Disconnected{id}); }
  std::vector<Effect> target(std::int64_t n, const std::map<std::string, std::int64_t>& hints = {}) {
    return step(in::TargetSet{{{kDefaultProfile, n}}, hints});
  }
  std::vector<Effect> kill(const std::vector<ExecutorId>& ids, bool replace = false) {
    return step(in::KillRequested{ids, replace, false});
  }
  std::vector<Effect> event(WatchEventType type, Pod pod) {
    return step(in::Watched{watch.value_or(CallId{}), {{type, stored(std::move(pod))}}});
  }
  // Answers the oldest held request.
  std::vector<Effect> release(std::optional<ApiReply> reply = std::nullopt) {
    const out::Called called = held.front();
    held.erase(held.begin());
    return step(in::Replied{called.call, reply ? *reply : truth(called)});
  }

  std::map<TimerId, TimeUs> timers;
  std::optional<CallId> watch;  // the last one asked for
  std::vector<out::Called> called() const { return only<out::Called>(effects); }

 private:
  void feed(const Input& input) {
    Outbox out;
    driver.step(now, input, out);
    for (Effect& effect : out.take()) {
      effects.push_back(effect);
      if (const auto* timer = std::get_if<out::TimerSet>(&effect)) timers[{timer->timer, timer->arg}] = timer->at_us;
      if (const auto* timer = std::get_if<out::TimerCancelled>(&effect)) timers.erase({timer->timer, timer->arg});
      if (const auto* call = std::get_if<out::Called>(&effect)) {
        if (call->request.verb == Verb::watch && !watch_is_shuffle(*call)) watch = call->call;
        if (hold && hold(call->request)) {
          held.push_back(*call);
        } else {
          to_answer_.push_back(*call);
        }
      }
    }
    while (!to_answer_.empty()) {
      const out::Called next = to_answer_.front();
      to_answer_.erase(to_answer_.begin());
      feed(in::Replied{next.call, truth(next)});
    }
  }
  static bool watch_is_shuffle(const out::Called& call) {
    return call.request.label_selector.all.front().key != "spark-app-selector";
  }
  ApiReply truth(const out::Called& called) {
    const ApiRequest& request = called.request;
    if (fault) {
      if (auto reply = fault(request)) return std::move(*reply);
    }
    switch (request.verb) {
      case Verb::create: {
        Pod pod = *request.body;
        const std::string name = pod.name;
        if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") != std::string::npos) {
          return reply_error(422, "Invalid");
        }
        if (pods.contains(name)) return reply_error(409, "AlreadyExists");
        pod.uid = "uid-" + name;
        pods[name] = stored(std::move(pod));
        ApiReply reply = reply_with(pods[name]);
        reply.code = 201;
        return reply;
      }
      case Verb::get: {
        const auto it = pods.find(request.name);
        return it == pods.end() ? reply_error(404, "NotFound") : reply_with(it->second);
      }
      case Verb::remove: return pods.erase(request.name) == 0 ? reply_error(404, "NotFound") : reply_ok();
      case Verb::list: {
        ApiReply reply = reply_ok();
        reply.resource_version = 7;
        reply.list.emplace();
        for (const auto& [name, pod] : pods) {
          if (request.label_selector.matches(*pod) && pod->ns == request.ns) reply.list->items.push_back(pod);
        }
        return reply;
      }
      default: return reply_ok();
    }
  }
  std::vector<out::Called> to_answer_;
};

// "create app-exec-1", "delete app-exec-2": the requests about pods among these effects, in order.
inline std::vector<std::string> requests(const std::vector<Effect>& effects) {
  std::vector<std::string> lines;
  for (const out::Called& called : only<out::Called>(effects)) {
    const ApiRequest& request = called.request;
    const std::string& name = request.body != nullptr ? request.body->name : request.name;
    lines.push_back(std::string(to_text(request.verb)) + (name.empty() ? "" : " " + name));
  }
  return lines;
}

// A static application of n executors whose first batch of up to 5 has been created.
inline ForkRig created(int n, const Fixes& fixes = {}, StringMap more = {}) {
  more["spark.executor.instances"] = std::to_string(n);
  ForkRig rig(more, fixes);
  rig.start();
  rig.passes(2);
  return rig;
}
// ... and has registered.
inline ForkRig running(int n, const Fixes& fixes = {}, const StringMap& more = {}) {
  ForkRig rig = created(n, fixes, more);
  for (ExecutorId id = 1; id <= std::min(n, 5); ++id) rig.register_executor(id);
  return rig;
}
inline Pod ended_pod(ExecutorId id, int code) {
  Pod pod = fork_pod(id, PodPhase::failed, "n1", "10.0.0." + std::to_string(id));
  pod.containers = {ended_container("executor", code)};
  return pod;
}
inline std::vector<out::ExecutorRemoved> removed(const std::vector<Effect>& effects) {
  return only<out::ExecutorRemoved>(effects);
}

}  // namespace podramp::backend
