#include "sim/import/frame_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backend/port/kube.h"
#include "sim/scenario_conf.h"
#include "sim/scenario_json.h"
#include "sim/scenario_write.h"

namespace podramp::sim {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::int64_t kMibBytes = std::int64_t{1} << 20;
constexpr std::int64_t kNodeCpuMilli = 16'000;

// Equal nodes of about 16 cpus that hold the executors of the largest profile.
OrderedJson made_nodes(const FramedApplication& application, ImportNotes& notes) {
  backend::ConfOptions options;
  options.unknown_keys = backend::UnknownKeys::kWarn;
  const auto conf = backend::make_conf(application.conf, application.compat, options).conf.value_or(backend::Conf{});
  std::int64_t cpu_milli = 1;
  std::int64_t mib = 1;
  std::map<std::string, std::int64_t> others = application.resources;
  std::vector<backend::ResourceProfile> profiles = application.profiles;
  profiles.emplace_back();
  for (const backend::ResourceProfile& profile : profiles) {
    const backend::ExecutorSize size = executor_size(conf, profile);
    const bool own = profile.id == kDefaultProfile;
    cpu_milli = std::max({cpu_milli, size.cores * 1000, own ? conf.request_cpu_milli.value_or(0) : 0});
    mib = std::max(mib, size.total_mib());
    for (const backend::CustomResource& resource : size.custom_resources) {
      if (resource.vendor.empty()) continue;
      std::int64_t& most = others[fmt::format("{}/{}", resource.vendor, resource.name)];
      most = std::max(most, resource.amount);
    }
  }
  const std::int64_t on_each = std::max<std::int64_t>(kNodeCpuMilli / cpu_milli, 1);
  const std::int64_t count = std::max<std::int64_t>((application.executors + on_each - 1) / on_each, 1);
  OrderedJson nodes{{"group", "worker"},
                    {"count", count},
                    {"cpu", format_cpu_milli(on_each * cpu_milli + 1000)},
                    {"memory", format_bytes((on_each * mib + 1024) * kMibBytes)}};
  for (const auto& [name, amount] : others) nodes["resources"][name] = on_each * amount;
  for (const auto& [label, value] : conf.node_selector) nodes["labels"][label] = value;
  notes.assumed("cluster", fmt::format("nodes: {}, with room for {} executors each, of which {} are needed; --base "
                                       "takes that of a scenario",
                                       count, on_each, application.executors));
  return OrderedJson::array({std::move(nodes)});
}

// Claims that volumes of the conf name.
void need_claims_of_conf(const FramedApplication& application, OrderedJson& root, ImportNotes& notes) {
  for (const auto& [key, value] : application.conf) {
    const bool names = key.starts_with("spark.kubernetes.executor.volumes.persistentVolumeClaim.") &&
                       key.ends_with(".options.claimName");
    if (names && value != "OnDemand") need_claim(application.conf, value, root, notes);
  }
}

// Pods that name a scheduler nobody plays would wait for ever.
bool is_unserved(const std::string& key, const std::string& value, const std::optional<Scenario>& base) {
  return key.ends_with("scheduler.name") && value != "default-scheduler" && !has_scheduler(base, value);
}

}  // namespace

bool has_scheduler(const std::optional<Scenario>& base, const std::string& name) {
  return base && std::ranges::find(base->cluster.schedulers, name, &fakeapi::OtherScheduler::name) !=
                     base->cluster.schedulers.end();
}

void need_claim(const StringMap& conf, const std::string& name, OrderedJson& root, ImportNotes& notes) {
  const auto at = conf.find("spark.kubernetes.namespace");
  const std::string ns = at == conf.end() ? "default" : at->second;
  OrderedJson& claims = root["cluster"]["claims"];
  for (const OrderedJson& claim : claims) {
    if (claim.value("name", "") == name && claim.value("namespace", "default") == ns) return;
  }
  claims.push_back({{"namespace", ns}, {"name", name}, {"size", "100Gi"}, {"access_modes", {"ReadWriteMany"}}});
  notes.assumed("claim " + name, "pods name it: it is there, of 100Gi, and all may mount it");
}

OrderedJson scenario_frame(const FramedApplication& application, const std::optional<Scenario>& base,
                           ImportNotes& notes) {
  OrderedJson root{{"schema", "podramp/v1"}, {"about", application.about}, {"seed", 1}};
  if (base) {
    const OrderedJson whole = OrderedJson::parse(to_json(*base), nullptr, false);
    for (const char* part : {"kubernetes", "cluster", "background", "background_load"}) {
      if (whole.contains(part)) root[part] = whole[part];
    }
  } else {
    root["cluster"]["nodes"] = made_nodes(application, notes);
  }
  OrderedJson entry{{"name", application.name}, {"compat", std::string(to_text(application.compat))}};
  entry["conf"] = OrderedJson::object();
  for (const auto& [key, value] : application.conf) {
    if (is_unserved(key, value, base)) {
      notes.left_out("conf " + key, fmt::format("the cluster has no scheduler \"{}\": the default one", value));
    } else {
      entry["conf"][key] = value;
    }
  }
  for (const auto& profile : application.profiles) entry["profiles"].push_back(profile_json(profile));
  root["applications"] = OrderedJson::array({std::move(entry)});
  need_claims_of_conf(application, root, notes);
  return root;
}

tl::expected<ImportedScenario, FieldErrors> finish_import(const OrderedJson& root, ImportNotes notes) {
  ImportedScenario imported{root.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + "\n", std::move(notes)};
  auto loaded = load_scenario({"the imported scenario", imported.json}, {}, {});
  if (!loaded) return tl::unexpected(std::move(loaded.error()));
  return imported;
}

std::string image_of(const std::optional<Scenario>& base) {
  return base && !base->applications.empty() ? executor_image(base->applications.front()) : "";
}

}  // namespace podramp::sim
