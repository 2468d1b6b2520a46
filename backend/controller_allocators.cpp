#include "backend/controller_allocators.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "backend/executor_volumes.h"
#include "backend/pod_labels.h"
#include "backend/wiring.h"

namespace podramp::backend {
namespace {

bool is_deployment(const Application& application) {
  return application.conf.pods_allocator == PodsAllocator::deployment;
}
Kind set_kind(const Application& application) {
  return is_deployment(application) ? Kind::deployment : Kind::stateful_set;
}

// 02 6.3: a claim is generated only when both are given.
bool is_generated(const Volume& volume) {
  return volume.type == kClaimType && volume.options.contains("storageClass") && volume.options.contains("sizeLimit");
}

// The pod's own part becomes the template's: all copies share it.
PodTemplate whole_template(const Pod& pod) {
  PodTemplate tmpl = *pod.tmpl;
  for (const auto& [name, value] : pod.own_labels) tmpl.labels[name] = value;
  for (const auto& [name, value] : pod.own_annotations) tmpl.annotations[name] = value;
  for (Container& container : tmpl.containers) {
    if (container.name != "spark-kubernetes-executor" && tmpl.containers.size() > 1) continue;
    container.env.insert(container.env.end(), pod.own_env.begin(), pod.own_env.end());
    break;
  }
  tmpl.restart_policy = "Always";
  return tmpl;
}

// Generated claims become templates under their volume's name; the set fills in the volumes itself.
Result<std::vector<ClaimSpec>> take_claims(const Conf& conf, PodTemplate& tmpl) {
  std::vector<ClaimSpec> claims;
  for (const Volume& volume : tmpl.volumes) {
    if (!is_generated(volume)) continue;
    ClaimSpec claim;
    claim.name = volume.name;
    claim.storage_class = volume.options.at("storageClass");
    const auto bytes = parse_bytes(volume.options.at("sizeLimit"));
    if (!bytes) return tl::unexpected(Error{fmt::format("volume {}: {}", volume.name, bytes.error().message)});
    claim.request_bytes = *bytes;
    claim.access_modes = {conf.read_write_once_claims ? "ReadWriteOnce" : "ReadWriteOncePod"};
    claims.push_back(std::move(claim));
  }
  std::erase_if(tmpl.volumes, is_generated);
  return claims;
}

}  // namespace

std::string executor_set_name(const Application& application, ProfileId profile) {
  return fmt::format("spark-{}-{}-{}", is_deployment(application) ? "d" : "s", application.app_id, profile);
}

Result<ManifestPtr> make_executor_set(const Application& application, ProfileId profile, std::int64_t replicas,
                                      const PodBuilder& builder, const Pod& driver_pod) {
  auto pod = builder.build_for_set(profile);
  if (!pod) return tl::unexpected(pod.error());
  PodTemplate tmpl = whole_template(**pod);
  Pod copied = **pod;
  auto manifest = std::make_shared<Manifest>();
  SetSpec& set = manifest->set.emplace();
  if (is_deployment(application)) {
    if (std::ranges::any_of(tmpl.volumes, [](const Volume& volume) { return volume.type == kClaimType; })) {
      return tl::unexpected(
          Error{"the deployment allocator does not support claims: take the persistentVolumeClaim volumes out, or use "
                "another spark.kubernetes.allocation.pods.allocator"});
    }
    tmpl.annotations.try_emplace(kDeletionCost, "0");
    std::ranges::transform(copied.hostname, copied.hostname.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  } else {
    auto claims = take_claims(application.conf, tmpl);
    if (!claims) return tl::unexpected(claims.error());
    set.claims = std::move(*claims);
    set.pod_management = "Parallel";
  }
  copied.own_labels.clear();
  copied.own_annotations.clear();
  copied.own_env.clear();
  copied.tmpl = share(std::move(tmpl));
  manifest->kind = set_kind(application);
  manifest->name = executor_set_name(application, profile);
  manifest->ns = application.conf.ns;
  manifest->owners.push_back({"Pod", driver_pod.name, driver_pod.uid, true});
  set.replicas = replicas;
  set.selector = {{kAppLabel, application.app_id},
                  {kRoleLabel, "executor"},
                  {"spark-exec-resourceprofile-id", fmt::format("{}", profile)}};
  set.pod = std::make_shared<const Pod>(std::move(copied));
  return manifest;
}

void ControllerAllocator::start(TimeUs /*now*/, const PodPtr& driver_pod, Outbox& /*out*/) {
  driver_pod_ = driver_pod;
  builder_.emplace(pod_builder(app_, driver_pod));
}

bool ControllerAllocator::set_targets(TimeUs /*now*/, const std::map<ProfileId, std::int64_t>& targets, Outbox& out) {
  if (stopped_) return false;
  ++requests_;
  for (const auto& [profile, target] : targets) {
    targets_[profile] = target;
    orders_.push_back({requests_, profile, target});
  }
  if (!in_flight_) proceed(out);
  return false;
}

void ControllerAllocator::proceed(Outbox& out) {
  while (!orders_.empty() && !stopped_ && !fatal_) {
    auto request = call_for(orders_.front(), out);
    if (!request) continue;
    in_flight_ = true;
    calls_.start(CallOwner::allocator, std::move(*request), out);
    return;
  }
}

std::optional<ApiRequest> ControllerAllocator::call_for(const Order& order, Outbox& out) {
  const auto refuse = [&](const std::string& why) -> std::optional<ApiRequest> {
    fail(why, out);
    return std::nullopt;
  };
  ApiRequest request;
  request.kind = set_kind(app_);
  request.ns = app_.conf.ns;
  if (created_.contains(order.profile)) {
    request.verb = Verb::patch;
    request.name = executor_set_name(app_, order.profile);
    request.replicas = order.replicas;
    return request;
  }
  if (!builder_) return refuse("executors were asked for before the allocator was started");
  if (driver_pod_ == nullptr) {
    return refuse(fmt::format("{} of executors need a driver pod as their owner; set spark.kubernetes.driver.pod.name",
                              to_text(request.kind)));
  }
  auto set = make_executor_set(app_, order.profile, order.replicas, *builder_, *driver_pod_);
  if (!set) return refuse(set.error().message);
  request.verb = Verb::create;
  request.manifest = std::move(*set);
  return request;
}

void ControllerAllocator::resume(TimeUs /*now*/, const Completed& completed, Outbox& out) {
  CHECK(in_flight_ && !orders_.empty());
  in_flight_ = false;
  const Order order = orders_.front();
  const std::string name = executor_set_name(app_, order.profile);
  if (!completed.reply.ok()) {
    const bool scaled = created_.contains(order.profile);
    fail(fmt::format("{} {} {} {} replicas: {}", scaled ? "scaling" : "creating", name, scaled ? "to" : "with",
                     order.replicas, describe_failure(completed.reply)),
         out);
  } else {
    created_.insert(order.profile);
    orders_.pop_front();
  }
  proceed(out);
}

void ControllerAllocator::fail(const std::string& why, Outbox& out) {
  const std::uint64_t request = orders_.front().request;
  std::erase_if(orders_, [&](const Order& order) { return order.request == request; });
  if (request == 1) {
    fatal_ = out::Exited{1, why};
  } else {
    out.add(out::Noted{"error", "requesting executors: " + why});
  }
}

void ControllerAllocator::drop_run() {
  orders_.clear();
  in_flight_ = false;
}

std::vector<ApiRequest> ControllerAllocator::clean_up() const {
  std::vector<ApiRequest> requests;
  for (const ProfileId profile : created_) {
    ApiRequest request;
    request.verb = Verb::remove;
    request.kind = set_kind(app_);
    request.ns = app_.conf.ns;
    request.name = executor_set_name(app_, profile);
    requests.push_back(std::move(request));
  }
  return requests;
}

void ControllerAllocator::fill(Books& books) const {
  for (const auto& [profile, target] : targets_) {
    ProfileReport report;
    report.profile = profile;
    report.target = target;
    books.profiles.push_back(report);
  }
}

std::string ControllerAllocator::describe() const {
  std::string text = fmt::format("allocator: {}\n", to_text(set_kind(app_)));
  for (const auto& [profile, target] : targets_) {
    text += fmt::format("target of profile {}: {}{}\n", profile, target,
                        created_.contains(profile) ? "" : ", its set not created");
  }
  return text;
}

}  // namespace podramp::backend
