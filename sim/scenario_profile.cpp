#include "sim/scenario_profile.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

// Where each default comes from (docs/behaviour.md, "Latencies"; 03 B11).
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kSources{
    {{"request", "assumed: half a millisecond within a cluster"},
     {"reply", "assumed: half a millisecond within a cluster"},
     {"write",
      "03 B11: medians of pod writes between 4.6 ms (kubernetes#51899) and tens of ms; capped by the SLO of 1 s"},
     {"read", "03 B11: tens of ms at the 99th percentile; capped by the SLO of 1 s"},
     {"watch", "assumed: a few milliseconds from commit to client"},
     {"schedule", "fitted: 680 pods a second at 5,000 nodes (scheduler_perf, docs/fidelity.md)"},
     {"bind", "03 B11, suggested"},
     {"kubelet", "03 B11, suggested"},
     {"start", "fitted: pod start in a 100-node cluster, 2015 (docs/fidelity.md)"},
     {"status", "03 B11, suggested"},
     {"stop", "assumed: a JVM that ends on SIGTERM"},
     {"jvm", "assumed: from the container's start to RegisterExecutor"},
     {"quota", "03 K42: a tenth of a second to several seconds"},
     {"provision", "assumed: a cloud volume"},
     {"attach", "assumed: a cloud volume"},
     {"reattach", "02 8.5: 2 to 5 min on average, 10 at worst"}}};

JsonValue* object_at(JsonValue& root, std::string_view key) {
  JsonValue* value = root.find(key);
  if (value == nullptr) {
    JsonValue made;
    made.kind = JsonKind::object;
    made.key = std::string(key);
    root.items.push_back(std::move(made));
    value = &root.items.back();
  }
  return value->kind == JsonKind::object ? value : nullptr;
}

// Members that are not there yet.
void merge_below(JsonValue& into, const JsonValue& from) {
  for (const JsonValue& member : from.items) {
    if (into.find(member.key) == nullptr) into.items.push_back(member);
  }
}

std::optional<JsonValue> parse_profile(ReadState& state, const NamedText& file) {
  ParseOptions options;
  options.source = state.reading.add_source(file.file, SourceKind::scenario);
  Parsed parsed = parse_json(file.file, file.text, options);
  state.reading.errors.insert(state.reading.errors.end(), parsed.errors.begin(), parsed.errors.end());
  if (!parsed.usable) return std::nullopt;
  ObjectReader reader(state.reading, parsed.root, "");
  std::string text;
  if (reader.require("schema", text, as_text) && text != kProfileSchema) {
    reader.error("schema", fmt::format("must be \"{}\" (got \"{}\")", kProfileSchema, text));
  }
  for (const std::string_view key : {"about", "sources", "kubernetes", "latency"}) reader.find(key);
  reader.finish();
  return std::move(parsed.root);
}

}  // namespace

void load_profile_file(ReadState& state, JsonValue& root, const ReadFile& read_file) {
  JsonValue* kubernetes = root.find("kubernetes");
  if (kubernetes == nullptr) return;
  JsonValue* named = kubernetes->kind == JsonKind::object ? kubernetes->find("profile") : kubernetes;
  if (named == nullptr || named->kind != JsonKind::string || !named->text.ends_with(".json")) return;
  const std::string path = kubernetes == named ? "kubernetes" : "kubernetes.profile";
  const std::string file = beside(state.reading.sources.front().name, named->text);
  const Result<std::string> text = read_file ? read_file(file) : tl::unexpected(Error{"cannot be read from here"});
  std::optional<JsonValue> profile;
  if (text) {
    profile = parse_profile(state, {file, *text});
  } else {
    state.reading.error(*named, path, "could not read the profile: " + text.error().message);
  }
  if (kubernetes == named) {
    kubernetes->kind = JsonKind::object;
    kubernetes->text.clear();
  } else {
    std::erase_if(kubernetes->items, [](const JsonValue& member) { return member.key == "profile"; });
  }
  if (!profile) return;
  if (const JsonValue* settings = profile->find("kubernetes")) merge_below(*kubernetes, *settings);
  const JsonValue* latency = profile->find("latency");
  if (latency == nullptr) return;
  JsonValue* cluster = object_at(root, "cluster");
  JsonValue* models = cluster == nullptr ? nullptr : object_at(*cluster, "latency");
  if (models != nullptr) merge_below(*models, *latency);
}

std::string profile_document(std::string_view name) {
  const ClusterProfile profile = fakeapi::find_profile(name).value();
  Json root{{"schema", std::string(kProfileSchema)}};
  root["about"] = fmt::format(
      "The defaults of {}, to copy and change: name the copy in a scenario as \"kubernetes\": {{\"profile\": "
      "\"FILE.json\"}}. "
      "What the scenario says itself wins.",
      name);
  root["kubernetes"] = profile_settings_json(profile);
  const fakeapi::Latencies latencies;
  for (const auto& [latency, member] : fakeapi::Latencies::kByName) {
    root["latency"][latency] = latency_model_json(latencies.*member);
  }
  for (const auto& [latency, source] : kSources) root["sources"][latency] = source;
  return root.dump(2) + "\n";
}

}  // namespace podramp::sim
