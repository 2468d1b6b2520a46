// The three patches (patches.h). Strategic merge: directives $patch, $retainKeys, $setElementOrder and
// $deleteFromPrimitiveList, as k8s.io/apimachinery documents them.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "fakeapi/http/patches.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

constexpr std::string_view kOrder = "$setElementOrder/";
constexpr std::string_view kDeleteTexts = "$deleteFromPrimitiveList/";

std::string directive(const json& patch) {
  const auto it = patch.is_object() ? patch.find("$patch") : patch.end();
  return it != patch.end() && it->is_string() ? it->get<std::string>() : "";
}

// Without what is meant for the merge only.
json plain(const json& value) {
  if (value.is_array()) {
    json list = json::array();
    for (const json& item : value) {
      if (directive(item).empty()) list.push_back(plain(item));
    }
    return list;
  }
  if (!value.is_object()) return value;
  json object = json::object();
  for (const auto& [key, member] : value.items()) {
    if (!key.starts_with("$") && !member.is_null()) object[key] = plain(member);
  }
  return object;
}

bool same_item(const json& a, const json& b, const std::vector<std::string_view>& keys) {
  return a.is_object() && b.is_object() && std::ranges::all_of(keys, [&](std::string_view key) {
           const auto x = a.find(key);
           const auto y = b.find(key);
           return x != a.end() && y != b.end() && *x == *y;
         });
}

void merge_object(json& target, const json& patch);

// Strategic merge has one key a list, the first of list_keys.
std::vector<std::string_view> merge_keys(std::string_view list, const json& patch) {
  for (const json& item : patch) {
    auto keys = list_keys(list, item);
    if (!keys.empty()) return {keys.front()};
  }
  return {};
}

void merge_list(json& target, const json& patch, const std::vector<std::string_view>& keys) {
  const bool replaces = std::ranges::any_of(patch, [](const json& item) { return directive(item) == "replace"; });
  if (replaces || !target.is_array()) {
    target = plain(patch);
    return;
  }
  for (const json& item : patch) {
    const auto same = std::ranges::find_if(target, [&](const json& old) { return same_item(old, item, keys); });
    if (directive(item) == "delete") {
      if (same != target.end()) target.erase(same);
    } else if (same == target.end()) {
      target.push_back(plain(item));
    } else {
      merge_object(*same, item);
    }
  }
}

// The items that the order names come first, in its order; the others keep theirs.
void reorder(json& list, const json& order, const std::vector<std::string_view>& keys) {
  if (!list.is_array() || !order.is_array()) return;
  const auto place = [&](const json& item) {
    const auto it = std::ranges::find_if(
        order, [&](const json& wanted) { return keys.empty() ? wanted == item : same_item(wanted, item, keys); });
    return it - order.begin();
  };
  std::stable_sort(list.begin(), list.end(), [&](const json& a, const json& b) { return place(a) < place(b); });
}

void merge_member(json& target, const std::string& key, const json& value) {
  json& member = target[key];
  if (value.is_object()) {
    if (member.is_object()) return merge_object(member, value);
    member = plain(value);
  } else if (value.is_array()) {
    const auto keys = merge_keys(key, value);
    if (!keys.empty()) return merge_list(member, value, keys);
    if (!is_text_set(key) || !member.is_array()) {
      member = plain(value);
      return;
    }
    for (const json& text : value) {
      if (std::ranges::find(member, text) == member.end()) member.push_back(text);
    }
  } else {
    member = value;
  }
}

void merge_object(json& target, const json& patch) {
  if (directive(patch) == "replace") {
    target = plain(patch);
    return;
  }
  if (const auto retained = patch.find("$retainKeys"); retained != patch.end() && retained->is_array()) {
    json kept = json::object();
    for (const auto& [key, value] : target.items()) {
      if (std::ranges::find(*retained, json(key)) != retained->end()) kept[key] = value;
    }
    target = std::move(kept);
  }
  for (const auto& [key, value] : patch.items()) {
    if (key.starts_with(kDeleteTexts)) {
      const auto list = target.find(key.substr(kDeleteTexts.size()));
      if (list == target.end() || !list->is_array()) continue;
      json kept = json::array();
      for (const json& text : *list) {
        if (std::ranges::find(value, text) == value.end()) kept.push_back(text);
      }
      *list = std::move(kept);
    } else if (key.starts_with("$")) {
      continue;
    } else if (value.is_null() || directive(value) == "delete") {
      target.erase(key);
    } else {
      merge_member(target, key, value);
    }
  }
  for (const auto& [key, value] : patch.items()) {
    if (!key.starts_with(kOrder)) continue;
    const std::string list = key.substr(kOrder.size());
    if (target.contains(list)) reorder(target[list], value, merge_keys(list, value));
  }
}

}  // namespace

std::vector<std::string_view> list_keys(std::string_view list, const json& item) {
  if (!item.is_object()) return {};
  static constexpr std::string_view kByName[] = {"containers", "initContainers", "ephemeralContainers",
                                                 "env",        "volumes",        "imagePullSecrets",
                                                 "secrets",    "resourceClaims"};
  if (std::ranges::find(kByName, list) != std::end(kByName)) return {"name"};
  if (list == "ports") {
    if (item.contains("containerPort")) return {"containerPort", "protocol"};
    return {"port", "protocol"};
  }
  if (list == "volumeMounts") return {"mountPath"};
  if (list == "volumeDevices") return {"devicePath"};
  if (list == "conditions" || list == "addresses") return {"type"};
  if (list == "ownerReferences") return {"uid"};
  if (list == "hostAliases") return {"ip"};
  if (list == "topologySpreadConstraints") return {"topologyKey", "whenUnsatisfiable"};
  return {};
}

bool is_text_set(std::string_view list) { return list == "finalizers"; }

json merge_patched(json object, const json& patch) {
  object.merge_patch(patch);
  return object;
}

Result<json> json_patched(const json& object, const json& operations) {
  try {
    return object.patch(operations);
  } catch (const json::exception& e) {
    return tl::unexpected(Error{e.what()});
  }
}

json strategic_patched(json object, const json& patch) {
  if (!patch.is_object()) return object;
  merge_object(object, patch);
  return object;
}

}  // namespace podramp::fakeapi::rest
