// Hand-made event streams for the tests of properties, projection and kpis, and small scenarios for run-level tests.
// Not part of the library.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/port/json_writer.h"
#include "sim/experiment.h"

namespace podramp::sim {

// An executor's pod "ns/etl-exec-ID" with these requests and image "spark:4".
inline PodPtr stream_pod(ExecutorId id, std::int64_t cpu_milli = 1000, std::int64_t memory = 1 << 20,
                         const std::string& node = "") {
  PodTemplate tmpl;
  tmpl.containers.emplace_back();
  tmpl.containers[0].image = "spark:4";
  tmpl.containers[0].requests.cpu_milli = cpu_milli;
  tmpl.containers[0].requests.memory_bytes = memory;
  Pod pod;
  pod.name = "etl-exec-" + std::to_string(id);
  pod.ns = "ns";
  pod.own_labels["spark-exec-id"] = std::to_string(id);
  pod.tmpl = share(std::move(tmpl));
  pod.node = node;
  return std::make_shared<const Pod>(std::move(pod));
}

inline std::string stream_key(ExecutorId id) { return "ns/etl-exec-" + std::to_string(id); }

// Appends events to one sink at stated times.
class Stream {
 public:
  explicit Stream(EventSink& sink) : ledger_({&sink}) {}
  Stream& at(TimeUs t) {
    ledger_.set_now(t);
    return *this;
  }
  template <class T>
  Stream& add(const T& data, const std::string& by = "etl") {
    PodMemory memory(false);
    ledger_.append(by, 0, "", ref(data), memory);
    return *this;
  }
  Stream& create(ExecutorId id, int attempt = 1, std::int64_t cpu_milli = 1000) {
    ApiRequest request;
    request.verb = Verb::create;
    request.body = stream_pod(id, cpu_milli);
    return add(out::Called{CallId{static_cast<std::uint64_t>(id)}, attempt, request});
  }
  Stream& answer(ExecutorId id, int code, Transport transport = Transport::ok) {
    ApiReply reply;
    reply.transport = transport;
    reply.code = code;
    return add(in::Replied{CallId{static_cast<std::uint64_t>(id)}, reply});
  }
  Seq last() const { return ledger_.last_seq(); }

 private:
  Ledger ledger_;
};

// Three nodes, one application "etl"; `more` are further top-level members, with a leading comma.
inline std::string tiny_text(int executors = 6, const std::string& cpu = "16", const std::string& more = "") {
  return R"({"schema":"podramp/v1","seed":3,
    "cluster":{"nodes":[{"group":"worker","count":3,"cpu":")" +
         cpu + R"(","memory":"64Gi"}]},
    "applications":[{"name":"etl","conf":{"spark.executor.instances":")" +
         std::to_string(executors) + R"(","spark.kubernetes.container.image":"spark:4"}}])" + more + "}";
}

inline Scenario scenario_of(const std::string& text) {
  auto loaded = load_scenario({"tiny.json", text}, {}, {});
  PODRAMP_CHECK(loaded.has_value(), loaded ? "" : to_string(loaded.error().front()));
  return loaded->scenario;
}

inline RunResult run_tiny(const std::string& text, RunOptions options = {}) {
  options.engine = EngineKind::fluid;
  auto result = run_experiment(scenario_of(text), options);
  PODRAMP_CHECK(result.has_value(), result ? "" : result.error().message);
  return std::move(*result);
}

}  // namespace podramp::sim
