#include "fakeapi/http/pod_times.h"

#include <variant>

#include "backend/port/overloaded.h"

namespace podramp::fakeapi::rest {

void PodTimeline::append(const EventRef& event, PodMemory& /*memory*/) {
  const TimeUs t = event.t;
  std::visit(Overloaded{[&](const fact::PodCreated* f) {
                          const std::string name = pod_key(*f->pod);
                          pods_.erase(name);
                          if (!f->pod->node.empty()) pods_[name].bound_us = t;
                        },
                        [&](const fact::PodBound* f) { pods_[f->pod].bound_us = t; },
                        [&](const fact::PodRunning* f) { pods_[f->pod].started_us = t; },
                        [&](const fact::PodFinished* f) { pods_[f->pod].ended_us = t; },
                        [&](const fact::ContainerExited* f) {
                          PodTimes& times = pods_[f->pod];
                          ++times.restarts;
                          times.last_started_us = times.started_us;
                          times.last_ended_us = times.ended_us = t;
                          times.last_exit_code = f->exit_code;
                          times.last_reason = f->reason;
                        },
                        [&](const fact::PodGone* f) { pods_.erase(f->pod); }, [](const auto*) {}},
             event.data);
}

const PodTimes* PodTimeline::find(std::string_view pod) const {
  const auto it = pods_.find(pod);
  return it == pods_.end() ? nullptr : &it->second;
}

}  // namespace podramp::fakeapi::rest
