#include "fakeapi/manifest_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "fakeapi/pod_rules.h"

namespace podramp::fakeapi {
namespace {

using Errors = std::vector<std::string>;

// A service's name is a label that begins with a letter (RFC 1035).
void check_service_name(const std::string& name, Errors& errors) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool fine = !name.empty() && lower(name.front()) && (lower(name.back()) || digit(name.back())) &&
                    std::ranges::all_of(name, [&](char c) { return lower(c) || digit(c) || c == '-'; });
  if (name.size() > 63) {
    errors.push_back(fmt::format("metadata.name: Invalid value: \"{}\": must be no more than 63 characters", name));
  }
  if (fine) return;
  errors.push_back(fmt::format(
      "metadata.name: Invalid value: \"{}\": a DNS-1035 label must consist of lower case alphanumeric characters or "
      "'-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
      "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
      name));
}

void check_claim(const std::string& path, const ClaimSpec& claim, Errors& errors) {
  static constexpr std::array<std::string_view, 4> kModes{"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce",
                                                          "ReadWriteOncePod"};
  if (claim.access_modes.empty()) {
    errors.push_back(path + ".accessModes: Required value: at least 1 access mode is required");
  }
  for (const std::string& mode : claim.access_modes) {
    if (std::ranges::find(kModes, mode) != kModes.end()) continue;
    errors.push_back(fmt::format("{}.accessModes: Unsupported value: \"{}\": supported values: \"{}\"", path, mode,
                                 fmt::join(kModes, "\", \"")));
  }
  const bool once_pod =
      std::ranges::find(claim.access_modes, std::string_view("ReadWriteOncePod")) != claim.access_modes.end();
  if (once_pod && claim.access_modes.size() > 1) {
    errors.push_back(path + ".accessModes: Forbidden: may not use ReadWriteOncePod with other access modes");
  }
  if (claim.request_bytes <= 0) {
    errors.push_back(fmt::format("{}.resources[storage]: Invalid value: \"{}\": must be greater than zero", path,
                                 format_bytes(claim.request_bytes)));
  }
}

// As Go prints a map of strings.
std::string go_map(const StringMap& map) {
  std::vector<std::string> items;
  for (const auto& [key, value] : map) items.push_back(fmt::format("\"{}\":\"{}\"", key, value));
  return fmt::format("map[string]string{{{}}}", fmt::join(items, ", "));
}

void check_set(const SetSpec& set, Errors& errors) {
  if (set.replicas < 0) {
    errors.push_back(fmt::format("spec.replicas: Invalid value: {}: must be greater than or equal to 0", set.replicas));
  }
  if (set.selector.empty()) {
    errors.emplace_back("spec.selector: Invalid value: {}: empty selector is invalid for this kind");
  }
  if (set.pod == nullptr || set.pod->tmpl == nullptr) {
    errors.emplace_back("spec.template: Required value");
    return;
  }
  const bool selects = std::ranges::all_of(set.selector, [&](const auto& wanted) {
    const std::string* value = set.pod->label(wanted.first);
    return value != nullptr && *value == wanted.second;
  });
  if (!selects) {
    StringMap labels = set.pod->tmpl->labels;
    for (const auto& [key, value] : set.pod->own_labels) labels[key] = value;
    errors.push_back(
        fmt::format("spec.template.metadata.labels: Invalid value: {}: `selector` does not match template `labels`",
                    go_map(labels)));
  }
  for (const std::string& error : spec_errors(*set.pod->tmpl)) errors.push_back("spec.template." + error);
  if (set.pod->tmpl->restart_policy != "Always") {
    errors.push_back(
        fmt::format("spec.template.spec.restartPolicy: Unsupported value: \"{}\": supported values: \"Always\"",
                    set.pod->tmpl->restart_policy));
  }
  for (std::size_t i = 0; i < set.claims.size(); ++i) {
    check_claim(fmt::format("spec.volumeClaimTemplates[{}].spec", i), set.claims[i], errors);
  }
}

}  // namespace

void apply_manifest_defaults(Manifest& object) {
  if (!object.set || object.set->pod == nullptr || object.set->pod->tmpl == nullptr) return;
  PodTemplate full = *object.set->pod->tmpl;
  apply_api_defaults(full);
  auto pod = std::make_shared<Pod>(*object.set->pod);
  pod->tmpl = share(std::move(full));
  object.set->pod = std::move(pod);
}

Manifest daemon_set_of(const DaemonSetSpec& spec) {
  Manifest object;
  object.kind = Kind::daemon_set;
  object.ns = spec.ns;
  object.name = spec.name;
  object.labels = spec.pod.labels;
  auto pod = std::make_shared<Pod>();
  pod->tmpl = share(spec.pod);
  object.set.emplace();
  object.set->selector = spec.pod.labels;
  object.set->pod = std::move(pod);
  apply_manifest_defaults(object);
  return object;
}

std::vector<std::string> manifest_errors(const Manifest& object) {
  Errors errors;
  if (object.kind == Kind::service && !object.name.empty()) {
    check_service_name(object.name, errors);
  } else {
    errors = name_errors(object.name);
    // Names of roles and the like are path segments, which may be nearly anything.
    const bool free_form = object.kind >= Kind::role && object.kind <= Kind::cluster_role_binding;
    if (free_form && !object.name.empty()) errors.clear();
  }
  const Errors labels = label_errors(object.labels);
  errors.insert(errors.end(), labels.begin(), labels.end());
  switch (object.kind) {
    case Kind::persistent_volume_claim: check_claim("spec", object.claim.value_or(ClaimSpec{}), errors); break;
    case Kind::stateful_set:
    case Kind::deployment:
    case Kind::replica_set:
    case Kind::daemon_set: check_set(object.set.value_or(SetSpec{}), errors); break;
    case Kind::config_map: {
      std::size_t bytes = 0;
      for (const auto& [key, value] : object.data) bytes += key.size() + value.size();
      if (bytes > static_cast<std::size_t>(kConfigMapBytesMax)) {
        errors.push_back(fmt::format("[]: Too long: may not be more than {} bytes", kConfigMapBytesMax));
      }
      break;
    }
    default: break;
  }
  return errors;
}

}  // namespace podramp::fakeapi
