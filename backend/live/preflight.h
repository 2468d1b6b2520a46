// Before the first create of a live run: may we do all that the run needs, is there room in the quotas, is there
// nothing of an earlier run? Asks and reads only; decides nothing about Spark. All that is missing is told at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backend/live/cluster_client.h"
#include "backend/live/live_plan.h"

namespace podramp::live {

// One thing that the run does, in the terms of RBAC.
struct Need {
  std::string verb;      // "create", "deletecollection"
  std::string group;     // "" is the core group
  std::string resource;  // "pods"
  std::string subresource{};
  friend bool operator==(const Need&, const Need&) = default;
};
// Of all its applications and of the clean-up, without doubles, by resource.
std::vector<Need> needs_of(const LivePlan& plan);
// The kinds that it makes: what has to be looked for and cleaned up.
std::vector<Kind> kinds_of(const LivePlan& plan);

struct PreflightSettings {
  std::string ns;
  std::int64_t max_pods = 0;
  bool ignore_quota = false;
};

struct Preflight {
  std::vector<std::string> missing;  // each ends the run before it begins
  std::vector<std::string> notes;    // what could not be checked
};

Preflight preflight(ClusterClient& client, const LivePlan& plan, const PreflightSettings& settings);

// --- its parts (preflight_json.cpp) --------------------------------------------------------------------------------

// A SelfSubjectAccessReview's request; and whether its answer allows, or an error when it is none.
std::string access_review_text(const Need& need, const std::string& ns);
Result<bool> access_review_allows(std::string_view body);

// A ResourceQuota that counts all pods of its namespace; with scopes it may not, and is left out.
struct QuotaRoom {
  std::string name;
  std::string resource;   // "pods", "requests.cpu", "requests.memory"
  std::int64_t hard = 0;  // count, thousandths, bytes
  std::int64_t used = 0;
};
std::vector<QuotaRoom> quota_rooms(std::string_view list_body);

// "registry:5000/a/b:tag@sha256:..." as a container runtime takes it: "" or what is wrong.
std::string why_no_image(std::string_view image);

}  // namespace podramp::live
