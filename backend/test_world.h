// A tiny cluster for tests of a whole backend: it stores pods and other objects by name, performs and answers a request
// after a fixed time, and tells the watch. Not part of the library, and not fakeapi: pods stay as the test leaves them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "backend/backend.h"
#include "backend/test_pods.h"

namespace podramp::backend {

// A small application: batch 5, delay 1 s, level spark-4.0, no driver pod.
inline Application test_application(std::int64_t executors) {
  Application application;
  application.name = "app";
  application.app_id = "app-1";
  application.pod_name_prefix = "app";
  Conf& conf = application.conf;
  conf.batch_size = 5;
  conf.batch_delay_us = kSecondUs;
  conf.max_pending_pods = INT32_MAX;
  conf.max_pending_pods_per_profile = INT32_MAX;
  conf.executor_ids_max = INT32_MAX;
  conf.creation_timeout_us = 600 * kSecondUs;
  conf.executor_idle_timeout_us = 10 * kSecondUs;
  conf.driver_readiness_timeout_us = kSecondUs;
  conf.initial_executors = executors;
  conf.api_polling_interval_us = 30 * kSecondUs;
  conf.event_processing_interval_us = kSecondUs;
  conf.missing_pod_detect_delta_us = 30 * kSecondUs;
  conf.deleted_executors_cache_timeout_us = 180 * kSecondUs;
  conf.max_executor_failures = 3;
  conf.max_registered_wait_us = 30 * kSecondUs;
  conf.request_timeout_us = 10 * kSecondUs;
  conf.connection_timeout_us = 10 * kSecondUs;
  conf.delete_grace_period_us = 5 * kSecondUs;
  conf.config_map = false;  // nor any other object of the driver's own
  conf.own_claims = false;
  conf.delete_services = false;
  conf.ns = "default";
  conf.app_name = "app";
  conf.executor_memory_mib = 1024;
  conf.executor_image = "spark:test";
  conf.driver_port = 7078;
  conf.block_manager_port = 7079;
  return application;
}

class TestWorld {
 public:
  using Step = std::function<std::vector<Effect>(TimeUs, const Input&)>;
  explicit TestWorld(Step step) : step_(std::move(step)) {}

  DurationUs answer_us = 10 * kMillisecondUs;
  DurationUs watch_us = 5 * kMillisecondUs;                         // from a change to the watch event
  std::function<std::optional<ApiReply>(const ApiRequest&)> fault;  // an answer instead of the world's own
  bool silent = false;                                              // requests get no answer

  void at(TimeUs when, Input input) { inputs_.emplace(std::pair{when, ++order_}, std::move(input)); }
  TimeUs now() const { return now_; }
  const std::map<std::string, PodPtr>& pods() const { return pods_; }
  const std::map<std::pair<Kind, std::string>, ManifestPtr>& objects() const { return objects_; }
  const std::vector<std::pair<TimeUs, Effect>>& log() const { return log_; }

  // Feeds everything that is due up to and including `until`.
  void run(TimeUs until) {
    while (!inputs_.empty() && inputs_.begin()->first.first <= until) {
      now_ = inputs_.begin()->first.first;
      Input input = std::move(inputs_.begin()->second);
      inputs_.erase(inputs_.begin());
      if (auto* replied = std::get_if<in::Replied>(&input)) {
        if (const auto call = calls_.extract(replied->call)) replied->reply = answer(call.mapped());
      }
      if (const auto* timer = std::get_if<in::TimerDue>(&input)) {
        if (timers_.erase({timer->timer, timer->arg}) == 0) continue;
      }
      for (const Effect& effect : step_(now_, input)) perform(effect);
    }
    now_ = until;
  }
  void run_for(DurationUs length) { run(now_ + length); }

  // A pod changes in the cluster and the watch says so.
  void put(Pod pod, WatchEventType type = WatchEventType::modified) {
    pod.resource_version = ++version_;
    const PodPtr stored_pod = stored(std::move(pod));
    if (type == WatchEventType::deleted) {
      pods_.erase(stored_pod->name);
    } else {
      pods_[stored_pod->name] = stored_pod;
    }
    if (watch_) at(now_ + watch_us, in::Watched{*watch_, {{type, stored_pod}}});
  }
  void set_phase(const std::string& name, PodPhase phase) {
    Pod pod = *pods_.at(name);
    pod.phase = phase;
    put(std::move(pod));
  }

  template <class E>
  std::vector<std::pair<TimeUs, E>> all() const {
    std::vector<std::pair<TimeUs, E>> found;
    for (const auto& [when, effect] : log_) {
      if (const E* one = std::get_if<E>(&effect)) found.emplace_back(when, *one);
    }
    return found;
  }
  // "verb name" of every call, in order, with the kind before the name unless it is a pod; the name of a create is that
  // of its object.
  std::vector<std::pair<TimeUs, std::string>> calls() const {
    std::vector<std::pair<TimeUs, std::string>> found;
    for (const auto& [when, called] : all<out::Called>()) {
      const ApiRequest& request = called.request;
      std::string text{to_text(request.verb)};
      if (request.kind != Kind::pod) text += " " + std::string(to_text(request.kind));
      const std::string& name = request.manifest != nullptr ? request.manifest->name
                                : request.body != nullptr   ? request.body->name
                                                            : request.name;
      if (!name.empty()) text += " " + name;
      found.emplace_back(when, std::move(text));
    }
    return found;
  }

 private:
  void perform(const Effect& effect) {
    log_.emplace_back(now_, effect);
    if (const auto* timer = std::get_if<out::TimerSet>(&effect)) {
      const TimerId id{timer->timer, timer->arg};
      drop_timer(id);
      timers_.insert(id);
      at(timer->at_us, in::TimerDue{timer->timer, timer->arg});
    } else if (const auto* cancelled = std::get_if<out::TimerCancelled>(&effect)) {
      drop_timer({cancelled->timer, cancelled->arg});
    } else if (const auto* called = std::get_if<out::Called>(&effect)) {
      calls_.emplace(called->call, *called);
      if (!silent) at(now_ + answer_us, in::Replied{called->call, {}});
    }
  }
  void drop_timer(const TimerId& id) {
    timers_.erase(id);
    std::erase_if(inputs_, [&](const auto& item) {
      const auto* timer = std::get_if<in::TimerDue>(&item.second);
      return timer != nullptr && TimerId{timer->timer, timer->arg} == id;
    });
  }
  ApiReply answer(const out::Called& called) {
    const ApiRequest& request = called.request;
    if (fault) {
      if (auto reply = fault(request)) return std::move(*reply);
    }
    if (request.kind != Kind::pod) return answer_other(request);
    switch (request.verb) {
      case Verb::create: return create(*request.body);
      case Verb::watch:
        watch_ = called.call;
        if (request.resource_version.empty() && !pods_.empty()) {  // K17
          in::Watched initial{called.call, {}};
          for (const auto& [name, pod] : pods_) initial.events.push_back({WatchEventType::added, pod});
          at(now_ + watch_us, std::move(initial));
        }
        return reply_ok();
      case Verb::list: return list(request);
      case Verb::get:
      case Verb::update: break;
      case Verb::patch:
        if (const auto it = pods_.find(request.name); it != pods_.end()) {
          Pod pod = *it->second;
          for (const auto& [key, value] : request.set_labels) pod.own_labels[key] = value;
          for (const auto& [key, value] : request.set_annotations) pod.own_annotations[key] = value;
          put(std::move(pod));
        }
        break;
      case Verb::remove:
        if (const auto it = pods_.find(request.name); it != pods_.end()) {
          const PodPtr pod = it->second;
          put(*pod, WatchEventType::deleted);
          return reply_with(pod);
        }
        break;
      case Verb::remove_collection:
        std::erase_if(pods_, [&](const auto& pod) {
          return request.label_selector.matches(*pod.second) && request.field_selector.matches(*pod.second);
        });
        return reply_ok();
    }
    const auto it = pods_.find(request.name);
    return it == pods_.end() ? reply_error(404, "NotFound") : reply_with(it->second);
  }
  // Objects of other kinds: stored, scaled and deleted, and nothing follows from them.
  ApiReply answer_other(const ApiRequest& request) {
    ApiReply reply = reply_ok();
    if (request.verb == Verb::create) {
      objects_[{request.kind, request.manifest->name}] = request.manifest;
      reply.code = 201;
      reply.manifest = request.manifest;
      return reply;
    }
    if (request.verb == Verb::remove_collection) {
      std::erase_if(objects_, [&](const auto& object) { return object.first.first == request.kind; });
      return reply;
    }
    if (request.verb == Verb::list) {
      for (const auto& [key, object] : objects_) {
        if (key.first == request.kind) reply.manifests.push_back(object);
      }
      return reply;
    }
    const auto it = objects_.find({request.kind, request.name});
    if (it == objects_.end()) return reply_error(404, "NotFound");
    if (request.replicas) {
      Manifest scaled = *it->second;
      scaled.set->replicas = *request.replicas;
      it->second = std::make_shared<const Manifest>(std::move(scaled));
    }
    reply.manifest = it->second;
    if (request.verb == Verb::remove) objects_.erase(it);
    return reply;
  }
  ApiReply create(Pod pod) {
    pod.uid = "uid-" + pod.name;
    pod.created_us = whole_second(now_);
    const std::string name = pod.name;
    put(std::move(pod), WatchEventType::added);
    ApiReply reply = reply_with(pods_.at(name));
    reply.code = 201;
    return reply;
  }
  ApiReply list(const ApiRequest& request) {
    ApiReply reply = reply_ok();
    reply.resource_version = version_;
    reply.list.emplace();
    for (const auto& [name, pod] : pods_) {
      if (!request.label_selector.matches(*pod) || !request.field_selector.matches(*pod)) continue;
      reply.list->items.push_back(pod);
    }
    return reply;
  }

  Step step_;
  TimeUs now_ = 0;
  std::uint64_t order_ = 0;
  std::uint64_t version_ = 0;
  std::map<std::pair<TimeUs, std::uint64_t>, Input> inputs_;
  std::set<TimerId> timers_;
  std::map<std::string, PodPtr> pods_;
  std::map<std::pair<Kind, std::string>, ManifestPtr> objects_;
  std::optional<CallId> watch_;
  std::map<CallId, out::Called> calls_;  // not answered yet
  std::vector<std::pair<TimeUs, Effect>> log_;
};

}  // namespace podramp::backend
