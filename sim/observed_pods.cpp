#include "sim/observed_pods.h"

#include "backend/port/effect.h"
#include "backend/port/input.h"
#include "sim/driver_calls.h"

namespace podramp::sim {

void ObservedPods::append(const EventRef& event, PodMemory& /*memory*/) {
  const std::string by(event.by);
  std::visit(
      [&]<class T>(const T* data) {
        if constexpr (std::is_same_v<T, out::Called>) {
          called(by, event.t, *data);
        } else if constexpr (std::is_same_v<T, in::Replied>) {
          replied(by, event.t, *data);
        } else if constexpr (std::is_same_v<T, in::Watched>) {
          for (const WatchEvent& one : data->events) watched(by, event.t, one);
        } else if constexpr (std::is_same_v<T, in::Registered>) {
          registered(by, event.t, data->executor);
        }
      },
      event.data);
}

void ObservedPods::called(const std::string& by, TimeUs t, const out::Called& called) {
  const ApiRequest& request = called.request;
  if (request.verb == Verb::watch || request.dry_run) return;
  Call call{t, request.verb != Verb::get && request.verb != Verb::list, ""};
  if (request.kind == Kind::pod && request.verb == Verb::create && request.body != nullptr) {
    call.pod = request.body->name;
  }
  if (request.kind == Kind::pod && request.verb == Verb::remove) {
    const auto pod = pods_[by].find(request.name);
    const bool runs = pod != pods_[by].end() && pod->second.running;
    if (runs && !pod->second.delete_asked) pod->second.delete_asked = t;
  }
  calls_[{by, called.call.value}] = call;
}

void ObservedPods::replied(const std::string& by, TimeUs t, const in::Replied& replied) {
  const auto it = calls_.find({by, replied.call.value});
  if (it == calls_.end()) return;
  const Call call = it->second;
  calls_.erase(it);
  if (!replied.reply.ok()) return;
  (call.writes ? observed_.writes : observed_.reads).push_back(t - call.at);
  if (!call.pod.empty()) pods_[by][call.pod].answered = t;
}

void ObservedPods::watched(const std::string& by, TimeUs t, const WatchEvent& event) {
  if (event.object == nullptr) return;
  const auto it = pods_[by].find(event.object->name);
  if (it == pods_[by].end()) return;
  PodView& pod = it->second;
  if (event.type == WatchEventType::deleted) {
    if (pod.delete_asked) observed_.stopped.push_back(t - *pod.delete_asked);
    pods_[by].erase(it);
    return;
  }
  if (!event.object->node.empty() && !pod.bound) {
    pod.bound = t;
    if (pod.answered) observed_.bound.push_back(t - *pod.answered);
  }
  if (event.object->phase == PodPhase::running && !pod.running) {
    pod.running = t;
    if (pod.bound && *pod.bound < t) observed_.running.push_back(t - *pod.bound);
  }
}

void ObservedPods::registered(const std::string& by, TimeUs t, ExecutorId executor) {
  for (auto& [name, pod] : pods_[by]) {
    if (executor_of_pod(name) != executor || pod.registered) continue;
    pod.registered = true;
    if (pod.running) observed_.registered.push_back(t - *pod.running);
  }
}

}  // namespace podramp::sim
