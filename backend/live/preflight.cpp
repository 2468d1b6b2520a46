#include "backend/live/preflight.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "backend/live/clean_up.h"
#include "backend/port/resource.h"

namespace podramp::live {
namespace {

constexpr const char* kReviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
constexpr std::int64_t kMib = 1 << 20;

void need(std::vector<Need>& all, Kind kind, std::initializer_list<Verb> verbs, const std::string& subresource = "") {
  const ResourceType& type = resource_type(kind);
  for (const Verb verb : verbs) {
    Need one{std::string(to_text(verb)), std::string(type.group), std::string(type.plural), subresource};
    if (std::ranges::find(all, one) == all.end()) all.push_back(std::move(one));
  }
}

bool makes_claims(const backend::Conf& conf) {
  return std::ranges::any_of(conf.volumes, [](const backend::ExecutorVolume& volume) {
    return volume.volume.type == "persistentVolumeClaim" && volume.volume.source.find("OnDemand") != std::string::npos;
  });
}

std::optional<Kind> set_kind_of(const backend::Conf& conf) {
  if (conf.pods_allocator == backend::PodsAllocator::stateful_set) return Kind::stateful_set;
  if (conf.pods_allocator == backend::PodsAllocator::deployment) return Kind::deployment;
  return std::nullopt;
}

std::string access_name(const Need& need) {
  const std::string group = need.group.empty() ? "" : "." + need.group;
  return fmt::format("{} {}{}{}", need.verb, need.resource, group,
                     need.subresource.empty() ? "" : "/" + need.subresource);
}

// False: this server has no such API, and nothing can be said.
bool check_access(ClusterClient& client, const LivePlan& plan, const std::string& ns, Preflight& into) {
  std::vector<std::string> denied;
  for (const Need& one : needs_of(plan)) {
    const HttpReply reply = client.ask("POST", kReviews, access_review_text(one, ns), 10 * kSecondUs);
    if (reply.failure != HttpFailure::none) {
      into.missing.push_back(fmt::format("the server cannot be asked for our rights: {}", reply.error));
      return true;
    }
    if (reply.status == 404 || reply.status == 405) return false;
    const auto allows = access_review_allows(reply.body);
    if (reply.status / 100 != 2 || !allows) {
      into.missing.push_back(fmt::format("the server does not tell our rights: HTTP {}", reply.status));
      return true;
    }
    if (!*allows) denied.push_back(access_name(one));
  }
  if (!denied.empty()) {
    into.missing.push_back(fmt::format("rights in namespace {}: {} (scenarios/live/role.yaml has all that is needed)",
                                       ns, fmt::join(denied, ", ")));
  }
  return true;
}

// What the largest targets of all applications ask of the quotas.
std::map<std::string, std::int64_t> wanted_of(const LivePlan& plan, std::int64_t max_pods) {
  std::map<std::string, std::int64_t> wanted;
  for (const LiveApplication& app : plan.applications) {
    std::map<ProfileId, std::int64_t> most{{kDefaultProfile, app.application.conf.initial_executors}};
    for (const PlannedInput& planned : app.planned) {
      const auto* targets = std::get_if<in::TargetSet>(&planned.input);
      if (targets == nullptr) continue;
      for (const auto& [profile, n] : targets->targets) most[profile] = std::max(most[profile], n);
    }
    for (const auto& [id, n] : most) {
      backend::ResourceProfile profile;
      for (const auto& known : app.application.profiles) profile = known.id == id ? known : profile;
      const backend::Conf& conf = app.application.conf;
      const backend::ExecutorSize size = backend::executor_size(conf, profile);
      const std::int64_t pods = max_pods > 0 ? std::min(n, max_pods) : n;
      wanted["pods"] += pods;
      wanted["requests.cpu"] += pods * conf.request_cpu_milli.value_or(size.cores * 1000);
      wanted["requests.memory"] += pods * size.total_mib() * kMib;
    }
  }
  return wanted;
}

void check_quota(ClusterClient& client, const LivePlan& plan, const PreflightSettings& settings, Preflight& into) {
  const std::string path = resource_path(Kind::resource_quota, settings.ns, "");
  const HttpReply reply = client.ask("GET", path, "", 10 * kSecondUs);
  if (reply.failure != HttpFailure::none || reply.status != 200) {
    into.notes.push_back(
        fmt::format("resource quotas of namespace {} cannot be read: their room is not checked", settings.ns));
    return;
  }
  const auto wanted = wanted_of(plan, settings.max_pods);
  for (const QuotaRoom& room : quota_rooms(reply.body)) {
    const auto want = wanted.find(room.resource);
    if (want == wanted.end() || room.used + want->second <= room.hard) continue;
    const auto shown = [&](std::int64_t n) {
      if (room.resource == "requests.cpu") return format_cpu_milli(n);
      return room.resource == "pods" ? fmt::format("{}", n) : format_bytes(n);
    };
    std::string text = fmt::format("room in quota {}: {} of {} {} are used, and the run wants {} more", room.name,
                                   shown(room.used), shown(room.hard), room.resource, shown(want->second));
    (settings.ignore_quota ? into.notes : into.missing).push_back(std::move(text));
  }
}

}  // namespace

std::vector<Need> needs_of(const LivePlan& plan) {
  std::vector<Need> all;
  need(all, Kind::pod,
       {Verb::get, Verb::list, Verb::watch, Verb::create, Verb::remove, Verb::remove_collection, Verb::patch});
  for (const LiveApplication& app : plan.applications) {
    const backend::Conf& conf = app.application.conf;
    if (conf.config_map) {
      need(all, Kind::config_map, {Verb::list, Verb::create, Verb::remove, Verb::remove_collection});
    }
    if (conf.delete_services) need(all, Kind::service, {Verb::remove_collection});
    if (conf.own_claims) need(all, Kind::persistent_volume_claim, {Verb::remove_collection});
    if (makes_claims(conf)) {
      need(all, Kind::persistent_volume_claim, {Verb::list, Verb::create, Verb::remove, Verb::patch});
    }
    if (const auto set = set_kind_of(conf)) {
      need(all, *set, {Verb::list, Verb::create, Verb::remove});
      need(all, *set, {Verb::patch}, "scale");
    }
  }
  std::ranges::stable_sort(all, {}, [](const Need& one) { return std::pair(one.group, one.resource); });
  return all;
}

std::vector<Kind> kinds_of(const LivePlan& plan) {
  std::vector<Kind> kinds;
  for (const Kind kind : swept_kinds()) {
    const bool made = kind == Kind::pod || std::ranges::any_of(plan.applications, [&](const LiveApplication& app) {
                        const backend::Conf& conf = app.application.conf;
                        if (kind == Kind::config_map) return conf.config_map;
                        if (kind == Kind::persistent_volume_claim) return makes_claims(conf);
                        return set_kind_of(conf) == kind;
                      });
    if (made) kinds.push_back(kind);
  }
  return kinds;
}

std::string why_no_image(std::string_view image) {
  if (image.empty()) return "it is empty";
  const auto legal = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("._-/:@+").find(c) != std::string::npos;
  };
  if (const auto bad = std::ranges::find_if_not(image, legal); bad != image.end()) {
    return fmt::format("it has the character '{}'", *bad);
  }
  if (!std::isalnum(static_cast<unsigned char>(image.front()))) return "it must begin with a letter or a digit";
  const std::string_view path = image.substr(image.find('/') == std::string_view::npos ? 0 : image.find('/') + 1);
  const std::string_view repository = path.substr(0, path.find_first_of(":@"));
  const bool upper = std::ranges::any_of(repository, [](unsigned char c) { return std::isupper(c) != 0; });
  return upper ? "a repository's name has no capital letters" : "";
}

Preflight preflight(ClusterClient& client, const LivePlan& plan, const PreflightSettings& settings) {
  Preflight result;
  const HttpReply version = client.ask("GET", "/version", "", 10 * kSecondUs);
  if (version.failure != HttpFailure::none) {
    result.missing.push_back(
        fmt::format("the server {} cannot be reached: {}", client.access().server(), version.error));
    return result;
  }
  if (version.status == 401) {
    result.missing.push_back(fmt::format("the server {} does not know us: the credentials of {} are refused (HTTP 401)",
                                         client.access().server(), client.access().origin()));
    return result;
  }
  if (const std::string why = why_no_image(plan.live.stand_in.image); !why.empty()) {
    result.missing.push_back(fmt::format("a usable image: \"{}\" is none: {}", plan.live.stand_in.image, why));
  }
  const HttpReply ns = client.ask("GET", resource_path(Kind::name_space, "", settings.ns), "", 10 * kSecondUs);
  if (ns.status == 404) {  // whoever may not look at namespaces is told 403
    result.missing.push_back(fmt::format("the namespace {}: kubectl create namespace {}", settings.ns, settings.ns));
    return result;
  }
  if (!check_access(client, plan, settings.ns, result)) {
    result.notes.emplace_back("the server has no SelfSubjectAccessReview: our rights are not checked");
  }
  if (!result.missing.empty()) return result;
  check_quota(client, plan, settings, result);
  const auto left = left_by_others(client, settings.ns, kinds_of(plan));
  if (!left) result.missing.push_back("a look for objects of other runs: " + left.error().message);
  for (const std::string& object : left.value_or(std::vector<std::string>{})) {
    result.missing.push_back(fmt::format(
        "a clean namespace: {} is there from another run; end it, or clean up with --clean-up LOG", object));
  }
  return result;
}

}  // namespace podramp::live
