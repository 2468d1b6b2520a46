// Field sets of JSON objects: taken, compared, merged, erased, shown as FieldsV1 and read back (managed_fields.h).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fakeapi/http/managed_fields.h"
#include "fakeapi/http/patches.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

// k:{"name":"a"} of an item of a keyed list, v:"text" of a set's; "" when the list is one value.
std::string item_segment(const std::string& list, const json& item) {
  if (is_text_set(list) && item.is_string()) return "v:" + item.dump();
  json key = json::object();
  for (const std::string_view name : list_keys(list, item)) {
    const auto it = item.find(name);
    if (it != item.end()) {
      key[std::string(name)] = *it;
    } else if (name == "protocol") {
      key["protocol"] = "TCP";
    } else {
      return "";
    }
  }
  return key.empty() ? "" : "k:" + key.dump();
}

bool is_keyed(const std::string& name, const json& list) {
  return list.is_array() && !list.empty() &&
         std::ranges::all_of(list, [&](const json& item) { return !item_segment(name, item).empty(); });
}

void add_fields(const std::string& name, const json& value, FieldPath& path, FieldSet& into) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, member] : value.items()) {
      path.push_back("f:" + key);
      add_fields(key, member, path, into);
      path.pop_back();
    }
  } else if (is_keyed(name, value)) {
    for (const json& item : value) {
      path.push_back(item_segment(name, item));
      into.insert(path);  // that the item is there
      if (item.is_object()) add_fields("", item, path, into);
      path.pop_back();
    }
  } else {
    into.insert(path);
  }
}

// The value at a path, or null.
template <class Json>
Json* value_at(Json& object, const FieldPath& path) {
  Json* at = &object;
  std::string list;
  for (const std::string& segment : path) {
    if (segment.starts_with("f:")) {
      list = segment.substr(2);
      if (!at->is_object()) return nullptr;
      const auto it = at->find(list);
      if (it == at->end()) return nullptr;
      at = &*it;
    } else {
      if (!at->is_array()) return nullptr;
      const auto it = std::ranges::find_if(*at, [&](const json& item) { return item_segment(list, item) == segment; });
      if (it == at->end()) return nullptr;
      at = &*it;
    }
  }
  return at;
}

bool same_at(const json& a, const json& b, const FieldPath& path) {
  const json* x = value_at(a, path);
  const json* y = value_at(b, path);
  if (x == nullptr || y == nullptr) return x == y;
  const bool item = !path.back().starts_with("f:");
  return item || *x == *y;  // of an item only that it is there
}

void erase_at(json& object, const FieldPath& path) {
  const FieldPath parent(path.begin(), path.end() - 1);
  json* at = value_at(object, parent);
  if (at == nullptr) return;
  if (path.back().starts_with("f:")) {
    if (at->is_object()) at->erase(path.back().substr(2));
    return;
  }
  const std::string list = parent.empty() ? "" : parent.back().substr(2);
  if (!at->is_array()) return;
  const auto it = std::ranges::find_if(*at, [&](const json& i) { return item_segment(list, i) == path.back(); });
  if (it != at->end()) at->erase(it);
}

void apply_value(const std::string& name, json& target, const json& applied) {
  if (applied.is_object() && target.is_object()) {
    for (const auto& [key, value] : applied.items()) {
      if (value.is_null()) continue;
      apply_value(key, target[key], value);
    }
  } else if (is_keyed(name, applied) && (target.is_array() || target.is_null())) {
    if (target.is_null()) target = json::array();
    for (const json& item : applied) {
      const std::string segment = item_segment(name, item);
      const auto it = std::ranges::find_if(target, [&](const json& old) { return item_segment(name, old) == segment; });
      if (it == target.end()) {
        target.push_back(item);
      } else {
        apply_value("", *it, item);
      }
    }
  } else {
    target = applied;
  }
}

// The paths of a FieldsV1 tree; "." says that the item itself is there.
void read_fields(const json& tree, FieldPath& path, FieldSet& into) {
  bool is_leaf = true;
  for (const auto& [segment, below] : tree.items()) {
    if (segment == ".") {
      if (!path.empty()) into.insert(path);
      continue;
    }
    is_leaf = false;
    path.push_back(segment);
    read_fields(below, path, into);
    path.pop_back();
  }
  if (is_leaf && !path.empty()) into.insert(path);
}

std::string words_of(const FieldPath& path) {
  std::string text;
  for (const std::string& segment : path) {
    if (segment.starts_with("f:")) {
      text += "." + segment.substr(2);
    } else if (segment.starts_with("k:")) {
      std::vector<std::string> pairs;
      const json key = json::parse(segment.substr(2), nullptr, false);
      for (const auto& [name, value] : key.items()) pairs.push_back(fmt::format("{}={}", name, value.dump()));
      text += fmt::format("[{}]", fmt::join(pairs, ","));
    } else {
      text += "[=" + segment.substr(2) + "]";
    }
  }
  return text;
}

}  // namespace

FieldSet fields_of(const json& object) {
  FieldSet fields;
  json own = object;
  for (const char* name : {"apiVersion", "kind", "status"}) own.erase(name);
  if (own.contains("metadata") && own["metadata"].is_object()) {
    for (const char* name : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation",
                             "managedFields", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
      own["metadata"].erase(name);
    }
    if (own["metadata"].empty()) own.erase("metadata");
  }
  if (own.empty()) return fields;
  FieldPath path;
  add_fields("", own, path, fields);
  return fields;
}

ManagedFields::Applied ManagedFields::apply(json& object, const json& applied, const std::string& uid,
                                            const FieldManager& manager, bool force) const {
  Applied result;
  result.write.manager = manager;
  result.write.after = fields_of(applied);
  static const std::map<FieldManager, Entry> kNone;
  const auto known = entries_.find(uid);
  const auto& entries = known == entries_.end() ? kNone : known->second;
  FieldSet others;
  for (const auto& [other, entry] : entries) {
    if (other == manager) {
      result.write.before = entry.fields;
      continue;
    }
    others.insert(entry.fields.begin(), entry.fields.end());
    for (const FieldPath& path : entry.fields) {
      if (!result.write.after.contains(path) || same_at(object, applied, path)) continue;
      result.write.taken.insert(path);
      if (force) continue;
      const std::string how = other.applies ? "" : fmt::format(" using {}", entry.api_version);
      result.conflicts.push_back({fmt::format("conflict with \"{}\"{}", other.name, how), words_of(path)});
    }
  }
  if (!result.conflicts.empty()) return result;
  apply_value("", object, applied);
  // Deepest first, so that an item goes after what is in it.
  for (auto it = result.write.before.rbegin(); it != result.write.before.rend(); ++it) {
    if (result.write.after.contains(*it) || others.contains(*it)) continue;
    erase_at(object, *it);
    result.write.gone.insert(*it);
  }
  return result;
}

FieldWrite ManagedFields::changed(const json& before, const json& after, const FieldManager& manager) {
  FieldWrite write;
  write.manager = manager;
  const FieldSet now = fields_of(after);
  for (const FieldPath& path : now) {
    if (!same_at(before, after, path)) write.after.insert(path);
  }
  for (const FieldPath& path : fields_of(before)) {
    if (!now.contains(path)) write.gone.insert(path);
  }
  return write;
}

void ManagedFields::note(const std::string& uid, const FieldWrite& write) {
  auto& entries = entries_[uid];
  for (auto& [manager, entry] : entries) {
    if (manager == write.manager) continue;
    for (const FieldPath& path : write.gone) entry.fields.erase(path);
    // Whoever updates a field takes it over; who applies an equal value shares it.
    for (const FieldPath& path : write.manager.applies ? write.taken : write.after) entry.fields.erase(path);
  }
  Entry& own = entries[write.manager];
  if (write.manager.applies) {
    own.fields = write.after;
  } else {
    for (const FieldPath& path : write.gone) own.fields.erase(path);
    own.fields.insert(write.after.begin(), write.after.end());
  }
  own.api_version = write.api_version;
  own.time = write.time;
  std::erase_if(entries, [](const auto& entry) { return entry.second.fields.empty(); });
}

void ManagedFields::forget_gone(const std::function<bool(const std::string& uid)>& is_there) {
  if (entries_.size() < look_at_) return;
  std::erase_if(entries_, [&](const auto& entry) { return !is_there(entry.first); });
  look_at_ = std::max<std::size_t>(1'024, 2 * entries_.size());
}

void ManagedFields::replace(const std::string& uid, const json& list) {
  std::map<FieldManager, Entry> entries;
  if (list.is_array()) {
    for (const json& one : list) {
      if (!one.is_object() || !one.contains("fieldsV1") || !one["fieldsV1"].is_object()) continue;
      const FieldManager manager{one.value("manager", ""), one.value("operation", "") == "Apply",
                                 one.value("subresource", "")};
      Entry& entry = entries[manager];
      entry.api_version = one.value("apiVersion", "v1");
      entry.time = one.value("time", "");
      FieldPath path;
      read_fields(one["fieldsV1"], path, entry.fields);
    }
  }
  entries_[uid] = std::move(entries);
}

json ManagedFields::show(const std::string& uid) const {
  const auto known = entries_.find(uid);
  if (known == entries_.end()) return nullptr;
  json list = json::array();
  for (const auto& [manager, entry] : known->second) {
    json tree = json::object();
    for (const FieldPath& path : entry.fields) {
      json* at = &tree;
      for (const std::string& segment : path) {
        at = &(*at)[segment];
        if (at->is_null()) *at = json::object();
      }
      if (!path.empty() && !path.back().starts_with("f:")) (*at)["."] = json::object();
    }
    json one{{"manager", manager.name},         {"operation", manager.applies ? "Apply" : "Update"},
             {"apiVersion", entry.api_version}, {"time", entry.time},
             {"fieldsType", "FieldsV1"},        {"fieldsV1", tree}};
    if (!manager.subresource.empty()) one["subresource"] = manager.subresource;
    list.push_back(std::move(one));
  }
  return list.empty() ? json() : list;
}

}  // namespace podramp::fakeapi::rest
