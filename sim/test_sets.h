// Hand-made events of a StatefulSet's executors for the tests of projection and wait slices, and small scenarios whose
// executors such controllers make. Not part of the library. Beside: test_stream.h.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "sim/test_stream.h"

namespace podramp::sim {

inline const std::string kSetName = "spark-s-app-1-0";

// The set's n-th pod "ns/spark-s-app-1-0-N", as its controller makes it.
inline std::string set_key(int n) { return "ns/" + kSetName + "-" + std::to_string(n); }

inline PodPtr set_pod(int n, const std::string& name = "") {
  PodTemplate tmpl = *stream_pod(1)->tmpl;
  tmpl.labels = {{"spark-role", "executor"}, {"spark-app-selector", "app-1"}, {"spark-exec-id", "EXECID"}};
  Pod pod;
  pod.name = name.empty() ? set_key(n).substr(3) : name;
  pod.ns = "ns";
  pod.tmpl = share(std::move(tmpl));
  return std::make_shared<const Pod>(std::move(pod));
}

// The driver's call that creates the set, or that scales it.
inline out::Called create_set(std::uint64_t call, std::int64_t replicas, const std::string& name = kSetName) {
  auto manifest = std::make_shared<Manifest>();
  manifest->kind = name == kSetName ? Kind::stateful_set : Kind::deployment;
  manifest->name = name;
  manifest->set.emplace();
  manifest->set->replicas = replicas;
  manifest->set->pod = set_pod(0);
  ApiRequest request;
  request.verb = Verb::create;
  request.kind = manifest->kind;
  request.ns = "ns";
  request.manifest = std::move(manifest);
  return {CallId{call}, 1, std::move(request)};
}

inline out::Called scale_set(std::uint64_t call, std::int64_t replicas) {
  ApiRequest request;
  request.verb = Verb::patch;
  request.kind = Kind::stateful_set;
  request.ns = "ns";
  request.name = kSetName;
  request.replicas = replicas;
  return {CallId{call}, 1, std::move(request)};
}

// A ResourceQuota turns the controller's create of the n-th pod down.
inline fact::RequestRefused quota_refusal(int n) {
  return {"statefulset-controller",
          Verb::create,
          "",
          set_key(n),
          403,
          "Forbidden",
          "pods \"" + kSetName + "\" is forbidden: exceeded quota: team, requested: pods=1"};
}

// What differs from three large, empty nodes: members of the cluster and of the scenario with a leading comma.
struct SetWorld {
  std::string name;
  int executors = 6;
  std::string cpu = "64";
  std::string cluster{};
  std::string more{};
};

inline std::string pods_quota(int pods) {
  return R"(,"quotas":[{"namespace":"default","name":"team","hard":{"pods":")" + std::to_string(pods) + R"("}}])";
}

// A driver pod on the first node, one application "etl" with this allocator ("statefulset", "deployment").
inline std::string set_text(const std::string& allocator, const SetWorld& world) {
  return R"({"schema":"podramp/v1","seed":3,"end":"10m",
    "cluster":{"nodes":[{"group":"worker","count":3,"cpu":")" +
         world.cpu + R"(","memory":"64Gi"}])" + world.cluster + R"(},
    "background":[{"name":"etl-driver","node":"worker-1","cpu":"1","memory":"1Gi"}],
    "applications":[{"name":"etl","compat":"spark-4.2","stop":"8m","conf":{"spark.executor.instances":")" +
         std::to_string(world.executors) + R"(","spark.kubernetes.container.image":"spark:4",
      "spark.kubernetes.driver.pod.name":"etl-driver","spark.kubernetes.allocation.pods.allocator":")" +
         allocator + "\"}}]" + world.more + "}";
}

}  // namespace podramp::sim
