// Reads and writes "background_load": other people's pods that come and go (fakeapi/background_load.h).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/scenario_read.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;
using fakeapi::BackgroundLoadSpec;

constexpr std::int64_t kTracedPodsMax = 1'000'000;

PodTemplate read_load_pod(ReadState& state, ObjectReader& reader) {
  PodTemplate tmpl = read_pod_template(state, reader);
  tmpl.restart_policy = "Never";
  return tmpl;
}

// An entry is a pod with its dates; equal pods are one template.
void read_trace(ReadState& state, ObjectReader& load, BackgroundLoadSpec& into) {
  load.each_item("trace", [&](const JsonValue& value, const std::string& path) {
    if (into.trace.size() >= static_cast<std::size_t>(kTracedPodsMax)) return;
    ObjectReader reader(state.reading, value, path);
    fakeapi::TracedPod pod;
    if (reader.require("at", pod.at_us, as_duration)) state.warn_if_late(path, pod.at_us);
    DurationUs lifetime_us = 0;
    if (reader.read("lifetime", lifetime_us, as_duration)) pod.lifetime_us = lifetime_us;
    const fakeapi::WeightedPod one{1, read_load_pod(state, reader)};
    const auto known = std::ranges::find(into.pods, one);
    pod.pod = static_cast<std::size_t>(known - into.pods.begin());
    if (known == into.pods.end()) into.pods.push_back(one);
    reader.finish();
    into.trace.push_back(pod);
  });
  std::ranges::stable_sort(into.trace, {}, &fakeapi::TracedPod::at_us);
  for (const std::string_view key : {"every", "lifetime", "from", "until", "count", "pods"}) {
    if (load.has(key)) load.error(key, "does not go with a trace");
  }
}

void read_pace(ReadState& state, ObjectReader& load, BackgroundLoadSpec& into) {
  load.each_item("pods", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    fakeapi::WeightedPod& one = into.pods.emplace_back();
    reader.read("weight", one.weight, whole_between(1, 1'000'000));
    one.pod = read_load_pod(state, reader);
    reader.finish();
  });
  if (into.pods.empty()) load.error("pods", "needs at least one pod");
  if (const JsonValue* every = load.find_required("every")) {
    read_latency_model(state, *every, load.path_of("every"), into.every);
  }
  if (const JsonValue* lifetime = load.find("lifetime")) {
    read_latency_model(state, *lifetime, load.path_of("lifetime"), into.lifetime.emplace());
  }
  if (load.read("from", into.from_us, as_duration)) state.warn_if_late(load.path_of("from"), into.from_us);
  load.read("until", into.until_us, as_duration);
  load.read("count", into.count, whole_between(1, 100'000'000));
  if (into.until_us == kNever && into.count == 0 && state.scenario.until_quiet) {
    load.error("until", "is missing: without until, count or the scenario's end it would never be over");
  }
}

Json load_json(const BackgroundLoadSpec& load) {
  Json object{{"name", load.name}, {"namespace", load.ns}};
  for (const fakeapi::TracedPod& pod : load.trace) {
    Json entry{{"at", duration(pod.at_us)}};
    if (pod.lifetime_us) entry["lifetime"] = duration(*pod.lifetime_us);
    put_pod_template(entry, load.pods.at(pod.pod).pod);
    object["trace"].push_back(std::move(entry));
  }
  if (!load.trace.empty()) return object;
  for (const fakeapi::WeightedPod& one : load.pods) {
    Json entry{{"weight", one.weight}};
    put_pod_template(entry, one.pod);
    object["pods"].push_back(std::move(entry));
  }
  object["every"] = latency_model_json(load.every);
  if (load.lifetime) object["lifetime"] = latency_model_json(*load.lifetime);
  object["from"] = duration(load.from_us);
  if (load.until_us != kNever) object["until"] = duration(load.until_us);
  if (load.count > 0) object["count"] = load.count;
  return object;
}

}  // namespace

void read_background_load(ReadState& state, ObjectReader& top) {
  top.each_item("background_load", [&](const JsonValue& value, const std::string& path) {
    ObjectReader reader(state.reading, value, path);
    BackgroundLoadSpec load;
    if (reader.require("name", load.name, as_dns_label)) {
      const auto& loads = state.scenario.cluster.loads;
      if (std::ranges::find(loads, load.name, &BackgroundLoadSpec::name) != loads.end()) {
        reader.error("name", "a load of that name is there already");
      }
    }
    reader.read("namespace", load.ns, as_dns_label);
    if (reader.find("trace") != nullptr) {
      read_trace(state, reader, load);
    } else {
      read_pace(state, reader, load);
    }
    reader.finish();
    state.scenario.cluster.loads.push_back(std::move(load));
  });
}

Json background_load_json(const std::vector<BackgroundLoadSpec>& loads) {
  Json list = Json::array();
  for (const BackgroundLoadSpec& load : loads) list.push_back(load_json(load));
  return list;
}

}  // namespace podramp::sim
