// What the tests of executor pods share: a conf that is complete enough, and ways to look into a pod.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "backend/pod_builder.h"

namespace podramp::backend {

inline const StringMap kBase{{"spark.kubernetes.container.image", "spark:4"},
                             {"spark.app.name", "Test App"},
                             {"spark.driver.host", "driver-svc"},
                             {"spark.kubernetes.executor.podNamePrefix", "app-1"}};

inline Conf executor_conf(StringMap raw, Compat compat = Compat::spark_4_0) {
  raw.insert(kBase.begin(), kBase.end());
  ConfOutcome outcome = make_conf(raw, compat);
  for (const FieldError& error : outcome.errors) ADD_FAILURE() << to_string(error);
  return outcome.conf.value_or(Conf{});
}

inline AppIdentity app() {
  AppIdentity identity;
  identity.app_id = "spark-app-id";
  return identity;
}

inline PodBuilder builder(const StringMap& raw, Compat compat = Compat::spark_4_0,
                          const std::vector<ResourceProfile>& profiles = {}) {
  return PodBuilder(executor_conf(raw, compat), app(), std::nullopt, profiles);
}

inline Pod pod_of(const StringMap& raw, Compat compat = Compat::spark_4_0) {
  const auto pod = builder(raw, compat).build(1, kDefaultProfile);
  if (!pod) ADD_FAILURE() << pod.error().message;
  return pod ? **pod : Pod{};
}

inline const Container& spark_container(const Pod& pod) { return pod.tmpl->containers.back(); }

inline std::string env(const Pod& pod, std::string_view name) {
  for (const auto* list : {&pod.own_env, &spark_container(pod).env}) {
    for (const EnvVar& e : *list) {
      if (e.name == name) return e.value;
    }
  }
  return "(unset)";
}

inline std::vector<std::string> env_names(const std::vector<EnvVar>& list) {
  std::vector<std::string> names;
  for (const EnvVar& e : list) names.push_back(e.name);
  return names;
}

// Of the default profile, from a template.
inline Pod templated_pod(const PodPtr& pod_template, const StringMap& raw, Compat compat = Compat::spark_4_0) {
  AppIdentity identity = app();
  identity.executor_template = pod_template;
  const auto pod = PodBuilder(executor_conf(raw, compat), identity, std::nullopt, {}).build(1, kDefaultProfile);
  if (!pod) ADD_FAILURE() << pod.error().message;
  return pod ? **pod : Pod{};
}

}  // namespace podramp::backend
