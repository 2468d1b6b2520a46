// A whole backend in a TestWorld, as the tests of the scheduler backend and the allocators of sets use it. Not part of
// the library.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/test_world.h"

namespace podramp::backend {

struct LivingApp {
  explicit LivingApp(Application application)
      : backend(std::make_unique<Backend>(std::move(application))), world([this](TimeUs now, const Input& input) {
          Outbox out;
          backend->step(now, input, out);
          return out.take();
        }) {
    world.at(0, in::Started{"app-1"});
  }
  // The driver pod is there and Ready.
  void add_driver() {
    Pod pod;
    pod.name = "driver-0";
    pod.ns = "default";
    pod.uid = "uid-driver";
    pod.tmpl = share({});
    pod.phase = PodPhase::running;
    pod.conditions.push_back({"Ready", Truth::yes, "", "", 0});
    world.put(std::move(pod));
  }
  // The calls made from `from` on, without their times.
  std::vector<std::string> calls_since(TimeUs from) const {
    std::vector<std::string> found;
    for (const auto& [when, text] : world.calls()) {
      if (when >= from) found.push_back(text);
    }
    return found;
  }
  std::vector<ApiRequest> requests_since(TimeUs from) const {
    std::vector<ApiRequest> found;
    for (const auto& [when, called] : world.all<out::Called>()) {
      if (when >= from) found.push_back(called.request);
    }
    return found;
  }

  std::unique_ptr<Backend> backend;
  TestWorld world;
};

inline Application driven_application(std::int64_t executors) {
  Application application = test_application(executors);
  application.conf.driver_pod_name = "driver-0";
  return application;
}

// Its driver makes and deletes all the objects that Spark's does by default.
inline Application owning_application(std::int64_t executors) {
  Application application = driven_application(executors);
  application.conf.config_map = true;
  application.conf.own_claims = true;
  application.conf.delete_services = true;
  return application;
}

}  // namespace podramp::backend
