// Pods and effects for the tests of snapshots, sources and the lifecycle manager. Not part of the library.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "backend/port/step.h"

namespace podramp::backend {

// A pod of one executor, to be changed with the functions below and then put behind a PodPtr.
inline Pod executor_pod(ExecutorId id, PodPhase phase, ProfileId profile = kDefaultProfile) {
  PodTemplate tmpl;
  tmpl.labels = {{"spark-app-selector", "app-1"},
                 {"spark-role", "executor"},
                 {"spark-exec-resourceprofile-id", std::to_string(profile)}};
  tmpl.restart_policy = "Never";
  Pod pod;
  pod.name = "app-exec-" + std::to_string(id);
  pod.ns = "default";
  pod.uid = "uid-" + std::to_string(id);
  pod.resource_version = 100;
  pod.tmpl = share(std::move(tmpl));
  pod.own_labels = {{"spark-exec-id", std::to_string(id)}};
  pod.phase = phase;
  return pod;
}

inline ContainerStatus running_container(const std::string& name) {
  return {name, ContainerStateKind::running, "", "", 0};
}
inline ContainerStatus ended_container(const std::string& name, int exit_code) {
  return {name, ContainerStateKind::terminated, exit_code == 0 ? "Completed" : "Error", "", exit_code};
}

inline PodPtr stored(Pod pod) { return std::make_shared<const Pod>(std::move(pod)); }

// The effects of one type, in order.
template <class E>
std::vector<E> only(const std::vector<Effect>& effects) {
  std::vector<E> found;
  for (const Effect& effect : effects) {
    if (const E* one = std::get_if<E>(&effect)) found.push_back(*one);
  }
  return found;
}

inline ApiReply reply_ok(int code = 200) {
  ApiReply reply;
  reply.code = code;
  return reply;
}
inline ApiReply reply_error(int code, const std::string& reason) {
  ApiReply reply;
  reply.code = code;
  reply.reason = reason;
  reply.message = "as the server says";
  return reply;
}
inline ApiReply reply_with(const PodPtr& pod) {
  ApiReply reply = reply_ok();
  reply.object = pod;
  return reply;
}

}  // namespace podramp::backend
