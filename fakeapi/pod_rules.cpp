#include "fakeapi/pod_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "fakeapi/limit_range.h"

namespace podramp::fakeapi {
namespace {

constexpr std::string_view kNotSubdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view kNotLabel =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kNotKeyName =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kNotLabelValue =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "
    "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

bool is_dns_label(std::string_view s) {
  return !s.empty() && is_lower_alnum(s.front()) && is_lower_alnum(s.back()) &&
         std::ranges::all_of(s, [](char c) { return is_lower_alnum(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view s) {
  while (true) {
    const std::size_t dot = s.find('.');
    if (!is_dns_label(s.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    s.remove_prefix(dot + 1);
  }
}

bool is_qualified_name_part(std::string_view s) {
  return !s.empty() && is_alnum(s.front()) && is_alnum(s.back()) &&
         std::ranges::all_of(s, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

// As Go's %q does for the text that occurs here.
std::string quoted(std::string_view s) {
  std::string out = "\"";
  for (const char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string bad_value(std::string_view path, std::string_view value, std::string_view why) {
  return fmt::format("{}: Invalid value: {}: {}", path, quoted(value), why);
}

std::string too_long(std::size_t most) { return fmt::format("must be no more than {} characters", most); }

void check_label_key(const std::string& key, std::vector<std::string>& errors) {
  const std::string path = "metadata.labels";
  std::string_view name = key;
  if (const std::size_t slash = key.find('/'); slash != std::string::npos) {
    const std::string_view prefix = name.substr(0, slash);
    name = name.substr(slash + 1);
    if (prefix.empty()) {
      errors.push_back(bad_value(path, key, "prefix part must be non-empty"));
    } else {
      if (prefix.size() > 253) errors.push_back(bad_value(path, key, "prefix part " + too_long(253)));
      if (!is_dns_subdomain(prefix)) {
        errors.push_back(bad_value(path, key, fmt::format("prefix part {}", kNotSubdomain)));
      }
    }
  }
  if (name.empty()) {
    errors.push_back(bad_value(path, key, "name part must be non-empty"));
  } else if (name.size() > 63) {
    errors.push_back(bad_value(path, key, "name part " + too_long(63)));
  }
  if (!is_qualified_name_part(name)) errors.push_back(bad_value(path, key, kNotKeyName));
}

// Native resources may be overcommitted, extended ones may not.
bool may_overcommit(std::string_view resource) {
  return (resource.find('/') == std::string_view::npos || resource.find("kubernetes.io/") != std::string_view::npos) &&
         !resource.starts_with("hugepages-");
}

void check_resources(const std::string& path, const Container& c, std::vector<std::string>& errors) {
  const auto limits = by_name(c.limits);
  for (const auto& [name, request] : by_name(c.requests)) {
    const auto limit = limits.find(name);
    if (limit == limits.end()) {
      if (!may_overcommit(name)) {
        errors.push_back(path +
                         ".resources.limits: Required value: Limit must be set for non overcommitable resources");
      }
      continue;
    }
    const bool wrong = may_overcommit(name) ? request > limit->second : request != limit->second;
    if (!wrong) continue;
    const std::string_view rule = may_overcommit(name) ? "must be less than or equal to" : "must be equal to";
    errors.push_back(bad_value(path + ".resources.requests", print_amount(name, request),
                               fmt::format("{} {} limit of {}", rule, name, print_amount(name, limit->second))));
  }
}

void check_containers(std::string_view field, const std::vector<Container>& containers, std::set<std::string>& names,
                      std::vector<std::string>& errors) {
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const Container& c = containers[i];
    const std::string path = fmt::format("spec.{}[{}]", field, i);
    if (c.name.empty()) {
      errors.push_back(path + ".name: Required value");
    } else {
      if (c.name.size() > 63) errors.push_back(bad_value(path + ".name", c.name, too_long(63)));
      if (!is_dns_label(c.name)) errors.push_back(bad_value(path + ".name", c.name, kNotLabel));
      if (!names.insert(c.name).second)
        errors.push_back(fmt::format("{}.name: Duplicate value: {}", path, quoted(c.name)));
    }
    if (c.image.empty()) errors.push_back(path + ".image: Required value");
    check_resources(path, c, errors);
  }
}

// Absent tags are ":latest"; digests are not tags.
bool is_latest(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return false;
  const std::size_t slash = image.rfind('/');
  const std::size_t colon = image.find(':', slash == std::string_view::npos ? 0 : slash);
  return colon == std::string_view::npos || image.substr(colon) == ":latest";
}

void default_containers(std::vector<Container>& containers) {
  for (Container& c : containers) {
    if (c.image_pull_policy.empty()) c.image_pull_policy = is_latest(c.image) ? "Always" : "IfNotPresent";
    if (!c.requests.cpu_milli) c.requests.cpu_milli = c.limits.cpu_milli;
    if (!c.requests.memory_bytes) c.requests.memory_bytes = c.limits.memory_bytes;
    for (const auto& [name, amount] : c.limits.other) c.requests.other.emplace(name, amount);
  }
}

}  // namespace

void apply_api_defaults(PodTemplate& tmpl) {
  default_containers(tmpl.init_containers);
  default_containers(tmpl.containers);
  if (tmpl.restart_policy.empty()) tmpl.restart_policy = "Always";
  if (tmpl.scheduler_name.empty()) tmpl.scheduler_name = "default-scheduler";
  if (tmpl.service_account.empty()) tmpl.service_account = "default";
  if (!tmpl.termination_grace_s) tmpl.termination_grace_s = kDefaultGraceS;
}

void apply_default_tolerations(PodTemplate& tmpl, std::int64_t seconds) {
  for (const std::string key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    const bool has = std::ranges::any_of(tmpl.tolerations, [&](const Toleration& t) {
      return (t.key.empty() || t.key == key) && (t.effect.empty() || t.effect == "NoExecute");
    });
    if (!has) tmpl.tolerations.push_back({key, "Exists", "", "NoExecute", seconds});
  }
}

std::vector<std::string> name_errors(const std::string& name) {
  std::vector<std::string> errors;
  if (name.empty()) {
    errors.emplace_back("metadata.name: Required value: name or generateName is required");
  } else {
    if (name.size() > 253) errors.push_back(bad_value("metadata.name", name, too_long(253)));
    if (!is_dns_subdomain(name)) errors.push_back(bad_value("metadata.name", name, kNotSubdomain));
  }
  return errors;
}

std::vector<std::string> metadata_errors(const Pod& pod) {
  std::vector<std::string> errors = name_errors(pod.name);
  const std::vector<std::string> labels = label_errors(pod.own_labels);
  errors.insert(errors.end(), labels.begin(), labels.end());
  return errors;
}

std::vector<std::string> label_errors(const StringMap& labels) {
  std::vector<std::string> errors;
  for (const auto& [key, value] : labels) {
    check_label_key(key, errors);
    if (value.size() > 63) errors.push_back(bad_value("metadata.labels", value, too_long(63)));
    if (!value.empty() && !is_qualified_name_part(value)) {
      errors.push_back(bad_value("metadata.labels", value, kNotLabelValue));
    }
  }
  return errors;
}

std::vector<std::string> spec_errors(const PodTemplate& tmpl) {
  std::vector<std::string> errors = label_errors(tmpl.labels);
  std::set<std::string> names;
  if (tmpl.containers.empty()) errors.emplace_back("spec.containers: Required value");
  check_containers("containers", tmpl.containers, names, errors);
  check_containers("initContainers", tmpl.init_containers, names, errors);
  const std::string& policy = tmpl.restart_policy;
  if (policy != "Always" && policy != "OnFailure" && policy != "Never") {
    errors.push_back(
        fmt::format("spec.restartPolicy: Unsupported value: {}: supported values: \"Always\", \"OnFailure\", \"Never\"",
                    quoted(policy)));
  }
  if (tmpl.termination_grace_s.value_or(0) < 0) {
    errors.push_back(
        fmt::format("spec.terminationGracePeriodSeconds: Invalid value: {}: must be greater than or equal to 0",
                    *tmpl.termination_grace_s));
  }
  return errors;
}

std::vector<std::string> hostname_errors(const Pod& pod) {
  std::vector<std::string> errors;
  if (pod.hostname.empty()) return errors;
  if (pod.hostname.size() > 63) errors.push_back(bad_value("spec.hostname", pod.hostname, too_long(63)));
  if (!is_dns_label(pod.hostname)) errors.push_back(bad_value("spec.hostname", pod.hostname, kNotLabel));
  return errors;
}

}  // namespace podramp::fakeapi
