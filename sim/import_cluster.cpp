#include "sim/import_cluster.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "fakeapi/priority_rules.h"
#include "sim/import_parts.h"
#include "sim/scenario_read.h"

namespace podramp::sim {
namespace {

constexpr std::string_view kCommand = "kubectl get nodes,pods,resourcequotas,limitranges -A -o json > cluster.json";

// Where managed services and autoscalers write the name of a node's pool.
constexpr std::array<std::string_view, 7> kPoolLabels{"cloud.google.com/gke-nodepool",
                                                      "eks.amazonaws.com/nodegroup",
                                                      "kubernetes.azure.com/agentpool",
                                                      "karpenter.sh/nodepool",
                                                      "node.kubernetes.io/pool",
                                                      "nodepool",
                                                      "pool"};

std::string name_of(const ClusterItem& item) { return text_at(*item.object, {"metadata", "name"}); }

void import_images(const JsonValue& node, fakeapi::NodeSpec& spec, ImportedCluster& cluster) {
  const JsonValue* images = dig(node, {"status", "images"});
  if (images == nullptr) return;
  for (const JsonValue& image : images->items) {
    const JsonValue* names = image.find("names");
    if (names == nullptr) continue;
    const auto bytes = parse_bytes(text_at(image, {"sizeBytes"}));
    for (const JsonValue& name : names->items) {
      const std::string normal = normal_image_name(name.text);
      spec.node.images.push_back(normal);
      if (bytes) cluster.image_bytes[normal] = *bytes;
    }
  }
}

bool is_ready(const JsonValue& node) {
  const JsonValue* conditions = dig(node, {"status", "conditions"});
  if (conditions == nullptr) return true;
  return std::ranges::all_of(conditions->items, [](const JsonValue& condition) {
    return text_at(condition, {"type"}) != "Ready" || text_at(condition, {"status"}) == "True";
  });
}

void import_node(Reading& reading, const ClusterItem& item, ImportedCluster& cluster) {
  const JsonValue& object = *item.object;
  fakeapi::NodeSpec spec;
  Node& node = spec.node;
  node.name = name_of(item);
  node.labels = map_at(object, {"metadata", "labels"});
  node.unschedulable = text_at(object, {"spec", "unschedulable"}) == "true";
  if (const JsonValue* taints = dig(object, {"spec", "taints"})) {
    for (const JsonValue& taint : taints->items) {
      node.taints.push_back({text_at(taint, {"key"}), text_at(taint, {"value"}), text_at(taint, {"effect"})});
    }
  }
  const std::string path = item.path + ".status.allocatable";
  const JsonValue* allocatable = dig(object, {"status", "allocatable"});
  node.allocatable = import_amounts(reading, allocatable, path);
  if (const auto pods = node.allocatable.other.extract("pods")) node.pods_max = pods.mapped();
  if (!node.allocatable.cpu_milli || !node.allocatable.memory_bytes) {
    reading.error(allocatable == nullptr ? object : *allocatable, path,
                  fmt::format("node \"{}\" does not say how much cpu and memory it has", node.name));
  }
  import_images(object, spec, cluster);
  if (!is_ready(object)) cluster.silent_nodes.push_back(node.name);
  cluster.nodes.push_back(std::move(spec));
}

void group_nodes(ImportedCluster& cluster) {
  for (std::uint32_t i = 0; i < cluster.nodes.size(); ++i) {
    const StringMap& labels = cluster.nodes[i].node.labels;
    for (const std::string_view label : kPoolLabels) {
      const auto at = labels.find(std::string(label));
      if (at == labels.end()) continue;
      cluster.groups[at->second].push_back(i);
      break;
    }
  }
}

// ------------------------------------------------------------------------------------------ quotas and limit ranges

std::int64_t usage_of(const ImportedCluster& cluster, std::string_view ns, std::string_view resource) {
  const bool limits = resource.starts_with("limits.");
  std::string_view name = resource;
  for (const std::string_view prefix : {"requests.", "limits."}) {
    if (resource.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  std::int64_t sum = 0;
  for (const fakeapi::ExistingPod& existing : cluster.existing) {
    if (existing.pod.ns != ns) continue;
    const Resources amounts = limits ? pod_limits(*existing.pod.tmpl) : pod_requests(*existing.pod.tmpl);
    if (resource == "pods" || resource == "count/pods") {
      ++sum;
    } else if (name == "cpu") {
      sum += amounts.cpu_milli.value_or(0);
    } else if (name == "memory") {
      sum += amounts.memory_bytes.value_or(0);
    } else if (const auto at = amounts.other.find(std::string(name)); at != amounts.other.end()) {
      sum += at->second;
    }
  }
  return sum;
}

Result<std::int64_t> quota_amount(QuotaUnit unit, const std::string& text) {
  return unit == QuotaUnit::cpu_milli ? parse_cpu_milli(text) : parse_bytes(text);
}

void compare_usage(const JsonValue& object, const fakeapi::QuotaSpec& quota, ImportedCluster& cluster) {
  const JsonValue* used = dig(object, {"status", "used"});
  if (used == nullptr) return;
  for (const auto& [resource, limit] : quota.hard) {
    const JsonValue* written = used->find(resource);
    if (written == nullptr) continue;
    const QuotaUnit unit = *quota_unit(resource);
    const auto before = quota_amount(unit, written->text);
    const std::int64_t sum = usage_of(cluster, quota.ns, resource);
    if (before && *before == sum) continue;
    const std::string counted = unit == QuotaUnit::cpu_milli ? format_cpu_milli(sum)
                                : unit == QuotaUnit::bytes   ? format_bytes(sum)
                                                             : std::to_string(sum);
    cluster.warnings.push_back(
        {fmt::format("quota {}/{}", quota.ns, quota.name),
         fmt::format("status.used says {}={}, but the pods that are used from the file add up to "
                     "{}; the run starts from the latter",
                     resource, written->text, counted),
         true});
  }
}

void import_quota(Reading& reading, const ClusterItem& item, ImportedCluster& cluster) {
  const JsonValue& object = *item.object;
  fakeapi::QuotaSpec quota{text_at(object, {"metadata", "namespace"}), name_of(item), {}};
  const std::string subject = fmt::format("quota {}/{}", quota.ns, quota.name);
  if (dig(object, {"spec", "scopes"}) != nullptr || dig(object, {"spec", "scopeSelector"}) != nullptr) {
    cluster.warnings.push_back({subject, "quotas with scopes are not modelled; this one is left out", true});
    return;
  }
  const JsonValue* hard = dig(object, {"spec", "hard"});
  if (hard == nullptr) return;
  std::vector<std::string> unused;
  for (const JsonValue& entry : hard->items) {
    const auto unit = quota_unit(entry.key);
    if (!unit) {
      unused.push_back(entry.key);
      continue;
    }
    const auto amount = quota_amount(*unit, entry.text);
    if (amount) {
      quota.hard[entry.key] = *amount;
    } else {
      reading.error(entry, fmt::format("{}.spec.hard.{}", item.path, entry.key), amount.error().message);
    }
  }
  if (!unused.empty()) {
    cluster.warnings.push_back(
        {subject, fmt::format("limits on {} do not concern pods and are not used", fmt::join(unused, ", ")), false});
  }
  if (quota.hard.empty()) return;
  compare_usage(object, quota, cluster);
  cluster.quotas.push_back(std::move(quota));
}

void import_limit_range(Reading& reading, const ClusterItem& item, ImportedCluster& cluster) {
  const JsonValue& object = *item.object;
  fakeapi::LimitRangeSpec range;
  range.ns = text_at(object, {"metadata", "namespace"});
  range.name = name_of(item);
  const std::string subject = fmt::format("limit range {}/{}", range.ns, range.name);
  const JsonValue* limits = dig(object, {"spec", "limits"});
  bool any = false;
  for (std::size_t i = 0; limits != nullptr && i < limits->items.size(); ++i) {
    const JsonValue& limit = limits->items[i];
    const std::string type = text_at(limit, {"type"});
    if (type != "Container") {
      cluster.warnings.push_back(
          {subject, fmt::format("limits of type {} are not modelled and not used", type), type == "Pod"});
      continue;
    }
    const std::string path = fmt::format("{}.spec.limits[{}]", item.path, i);
    any = true;
    range.default_limit = import_amounts(reading, limit.find("default"), path + ".default");
    range.default_request = import_amounts(reading, limit.find("defaultRequest"), path + ".defaultRequest");
    range.min = import_amounts(reading, limit.find("min"), path + ".min");
    range.max = import_amounts(reading, limit.find("max"), path + ".max");
    if (limit.find("maxLimitRequestRatio") != nullptr) {
      cluster.warnings.push_back({subject, "maxLimitRequestRatio is not modelled and not used", true});
    }
  }
  if (any) cluster.limit_ranges.push_back(std::move(range));
}

std::optional<std::int64_t> parse_priority(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

void import_priority_class(Reading& reading, const ClusterItem& item, ImportedCluster& cluster) {
  const JsonValue& object = *item.object;
  const JsonValue* value = object.find("value");
  const auto amount = parse_priority(text_at(object, {"value"}));
  if (!amount) {
    return reading.error(value == nullptr ? object : *value, item.path + ".value", "must be a whole number");
  }
  cluster.priority_classes.push_back({name_of(item), *amount, text_at(object, {"globalDefault"}) == "true",
                                      text_at(object, {"preemptionPolicy"}) != "Never"});
}

// Classes that pods name and the file does not hold: pods say their value.
void classes_of_pods(ImportedCluster& cluster) {
  const auto known = [&](const std::string& name) {
    const auto& system = fakeapi::system_priority_classes();
    return std::ranges::find(cluster.priority_classes, name, &fakeapi::PriorityClassSpec::name) !=
               cluster.priority_classes.end() ||
           std::ranges::find(system, name, &fakeapi::PriorityClassSpec::name) != system.end();
  };
  for (const fakeapi::ExistingPod& existing : cluster.existing) {
    const PodTemplate& tmpl = *existing.pod.tmpl;
    if (tmpl.priority_class.empty() || known(tmpl.priority_class)) continue;
    cluster.priority_classes.push_back({tmpl.priority_class, tmpl.priority.value_or(0)});
  }
}

// --------------------------------------------------------------------------------------------------------- the whole

using ItemsByKind = std::map<std::string, std::vector<ClusterItem>>;

// By kind; within a kind by namespace and name, so that the order in the file does not matter.
ItemsByKind sort_items(Reading& reading, const JsonValue& list) {
  ItemsByKind by_kind;
  const std::string list_kind = text_at(list, {"kind"});
  const std::string kind_of_all = list_kind.size() > 4 ? list_kind.substr(0, list_kind.size() - 4) : "";
  const JsonValue* items = list.find("items");
  std::set<std::string> seen;
  for (std::size_t i = 0; items != nullptr && i < items->items.size(); ++i) {
    const JsonValue& object = items->items[i];
    const std::string path = fmt::format("items[{}]", i);
    std::string kind = text_at(object, {"kind"});
    if (kind.empty()) kind = kind_of_all;
    const std::string name = text_at(object, {"metadata", "name"});
    if (kind.empty() || name.empty()) {
      reading.error(object, path, "is no Kubernetes object: it has no kind or no metadata.name");
      continue;
    }
    const std::string ns = text_at(object, {"metadata", "namespace"});
    if (!seen.insert(fmt::format("{} {}/{}", kind, ns, name)).second) {
      reading.error(object, path, fmt::format("a second {} named \"{}\"", kind, name));
      continue;
    }
    by_kind[kind].push_back({&object, path});
  }
  for (auto& [kind, list_of_kind] : by_kind) {
    std::ranges::stable_sort(list_of_kind, {}, [](const ClusterItem& item) {
      return std::pair(text_at(*item.object, {"metadata", "namespace"}), name_of(item));
    });
  }
  return by_kind;
}

void warn_of_the_rest(const ItemsByKind& by_kind, ImportedCluster& cluster) {
  for (const auto& [kind, items] : by_kind) {
    if (kind == "Node" || kind == "Pod" || kind == "ResourceQuota" || kind == "LimitRange") continue;
    if (kind == "PriorityClass") continue;
    cluster.warnings.push_back({kind, fmt::format("{} objects of this kind are not used", items.size()), false});
  }
  cluster.warnings.push_back(
      {"network", "the file says nothing of it: each node has 1Gbps, the registry 10Gbps", false});
  if (by_kind.contains("Pod")) return;
  cluster.warnings.push_back({"pods", "the file has none, so all of every node is free in this run", true});
}

FieldErrors not_a_list(const NamedText& source, int line, std::string_view what) {
  return {{source.file, line, "", fmt::format("{}; write it with: {}", what, kCommand)}};
}

}  // namespace

std::string normal_image_name(std::string_view name) {
  std::string text(name);
  const std::size_t slash = text.find('/');
  const std::string first = text.substr(0, slash);
  const bool has_registry =
      slash != std::string::npos && (first.find_first_of(".:") != std::string::npos || first == "localhost");
  if (!has_registry) text = (slash == std::string::npos ? "docker.io/library/" : "docker.io/") + text;
  const std::size_t last_slash = text.rfind('/');
  const bool has_tag = text.find_first_of(":@", last_slash) != std::string::npos;
  return has_tag ? text : text + ":latest";
}

tl::expected<ImportedCluster, FieldErrors> import_cluster(const NamedText& source) {
  Reading reading;
  ParseOptions options;
  options.source = reading.add_source(source.file, SourceKind::scenario);
  options.depth_max = 200;  // objects hold whole schemas in places that we do not read
  options.skip = {"managedFields"};
  const Parsed parsed = parse_json(source.file, source.text, options);
  if (!parsed.usable) {
    FieldErrors errors = parsed.errors;
    for (FieldError& error : errors) error.message += fmt::format("; one JSON list is needed: {}", kCommand);
    return tl::unexpected(std::move(errors));
  }
  const JsonValue& root = parsed.root;
  if (root.kind != JsonKind::object || !text_at(root, {"kind"}).ends_with("List")) {
    return tl::unexpected(not_a_list(
        source, root.line,
        fmt::format("must be a Kubernetes List (got {}{})", describe(root),
                    root.kind == JsonKind::object ? fmt::format(" of kind \"{}\"", text_at(root, {"kind"})) : "")));
  }
  const ItemsByKind by_kind = sort_items(reading, root);
  if (reading.errors.empty() && !by_kind.contains("Node")) {
    return tl::unexpected(not_a_list(source, root.line, "has no Node in its items"));
  }
  ImportedCluster cluster;
  const auto each = [&](const std::string& kind, auto import) {
    const auto at = by_kind.find(kind);
    if (at == by_kind.end()) return;
    for (const ClusterItem& item : at->second) import(reading, item, cluster);
  };
  each("Node", import_node);
  group_nodes(cluster);
  if (const auto pods = by_kind.find("Pod"); pods != by_kind.end()) import_pods(reading, pods->second, cluster);
  each("ResourceQuota", import_quota);
  each("LimitRange", import_limit_range);
  each("PriorityClass", import_priority_class);
  std::erase_if(cluster.priority_classes, [](const auto& one) { return one.name.starts_with("system-"); });
  classes_of_pods(cluster);
  warn_of_the_rest(by_kind, cluster);
  if (!reading.errors.empty()) return tl::unexpected(std::move(reading.errors));
  return cluster;
}

}  // namespace podramp::sim
