// Who set which field of an object last (metadata.managedFields), and server-side apply, which is decided by it: what
// an applier no longer names and nobody else has set goes; what somebody else has set to another value is a conflict.
// Fields are named as in FieldsV1: f:spec, k:{"name":"a"}. Kept here by uid, not in the store.
// Source: Kubernetes' documentation of Server-Side Apply; structured-merge-diff.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/status.h"

namespace podramp::fakeapi::rest {

using FieldPath = std::vector<std::string>;
using FieldSet = std::set<FieldPath>;

struct FieldManager {
  std::string name;
  bool applies = false;  // operation Apply, else Update
  std::string subresource;
  friend auto operator<=>(const FieldManager&, const FieldManager&) = default;
};

// A write that is on its way: noted once it is done.
struct FieldWrite {
  FieldManager manager;
  std::string api_version;
  std::string time;
  FieldSet before;  // what the manager had, of an apply
  FieldSet after;   // what it has now; of an update, what it has changed
  FieldSet gone;    // what the object no longer has
  FieldSet taken;   // what an apply gives another value than somebody else's, by force
};

struct FieldConflict {
  std::string manager;  // "conflict with \"kubectl\"..."
  std::string field;    // ".spec.replicas"
};

class ManagedFields {
 public:
  // The object with `applied` merged into it; or the conflicts, unless forced. current: null when there is none yet.
  struct Applied {
    std::vector<FieldConflict> conflicts;
    FieldWrite write;
  };
  Applied apply(nlohmann::json& object, const nlohmann::json& applied, const std::string& uid,
                const FieldManager& manager, bool force) const;
  // What an update changes.
  static FieldWrite changed(const nlohmann::json& before, const nlohmann::json& after, const FieldManager& manager);

  void note(const std::string& uid, const FieldWrite& write);
  // The client says itself who has set what (as show() does): kubectl, when it moves an object to server-side apply.
  void replace(const std::string& uid, const nlohmann::json& list);
  void forget(const std::string& uid) { entries_.erase(uid); }
  // Objects go without a word to us, too: now and then those that are not there any more are forgotten.
  void forget_gone(const std::function<bool(const std::string& uid)>& is_there);
  // metadata.managedFields; null when nobody is known.
  nlohmann::json show(const std::string& uid) const;

 private:
  struct Entry {
    std::string api_version;
    std::string time;
    FieldSet fields;
  };
  std::map<std::string, std::map<FieldManager, Entry>> entries_;  // by uid
  std::size_t look_at_ = 1'024;                                   // entries at which to look for those that are gone
};

// The leaves of an object, but for what identifies it and its status.
FieldSet fields_of(const nlohmann::json& object);

}  // namespace podramp::fakeapi::rest
