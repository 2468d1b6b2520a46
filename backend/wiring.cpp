#include "backend/wiring.h"

namespace podramp::backend {

RetryPolicy retry_policy(const Application& application) {
  RetryPolicy policy;
  policy.request_timeout_us = application.conf.request_timeout_us;
  return policy;
}

PodSourceSettings pod_source_settings(const Application& application) {
  const Conf& conf = application.conf;
  PodSourceSettings settings;
  settings.ns = conf.ns;
  settings.app_id = application.app_id;
  settings.watch_enabled = conf.enable_api_watcher;
  settings.poll_enabled = conf.enable_api_polling;
  settings.poll_interval_us = conf.api_polling_interval_us;
  settings.poll_from_cache = conf.polling_with_resource_version;
  settings.watch_bookmarks = application.revision >= kBookmarksRevision;
  settings.watch_skips_inactive = conf.compat >= Compat::spark_4_1;  // SPARK-54188
  settings.classify.check_all_containers = conf.check_all_containers;
  if (conf.pod_template_container) settings.classify.spark_container = *conf.pod_template_container;
  return settings;
}

LifecycleSettings lifecycle_settings(const Application& application) {
  const Conf& conf = application.conf;
  LifecycleSettings settings;
  settings.ns = conf.ns;
  settings.delete_on_termination = conf.delete_on_termination;
  settings.missing_pod_delta_us = conf.missing_pod_detect_delta_us;
  settings.removed_cache_us = conf.deleted_executors_cache_timeout_us;
  if (conf.pod_template_container) settings.spark_container = *conf.pod_template_container;
  if (application.revision >= kLooksRevision && conf.compat < Compat::spark_4_1) {
    settings.looks = conf.compat < Compat::spark_4_0 ? Looks::never : Looks::once;
  }
  settings.once_per_batch = conf.compat >= Compat::spark_4_1;     // SPARK-54198
  settings.exit_code_by_name = conf.compat >= Compat::spark_4_0;  // SPARK-49804
  settings.counts_failed = conf.compat >= Compat::spark_4_0;      // SPARK-49868
  return settings;
}

FailureTracker failure_tracker(const Application& application) {
  return {application.conf.failures_validity_interval_us, application.conf.max_executor_failures};
}

AllocatorSettings allocator_settings(const Application& application) {
  const Conf& conf = application.conf;
  AllocatorSettings settings;
  settings.app_id = application.app_id;
  settings.ns = conf.ns;
  settings.batch_size = conf.batch_size;
  settings.max_pending_pods = conf.max_pending_pods;
  settings.max_pending_pods_per_rp = conf.max_pending_pods_per_profile;
  settings.creation_timeout_us = conf.creation_timeout_us;
  settings.idle_timeout_us = conf.executor_idle_timeout_us;
  settings.delete_on_termination = conf.delete_on_termination;
  settings.ids_max = conf.executor_ids_max;
  settings.goes_on_after_refusal = conf.compat >= Compat::spark_4_2;                                  // SPARK-55075
  if (conf.compat < Compat::spark_4_0) settings.counts_failed.emplace(failure_tracker(application));  // SPARK-49868
  settings.claims.own = conf.own_claims;
  settings.claims.reuse = conf.reuse_claims;
  settings.claims.wait = conf.wait_to_reuse_claims;
  settings.claims.larger_fits = conf.compat >= Compat::spark_4_2;  // SPARK-55496
  settings.claims.age_min_us = conf.compat >= Compat::spark_4_0 ? conf.creation_timeout_us : conf.batch_delay_us;
  settings.claims.claims_max = conf.claims_max;
  settings.claims.some_made = claim_builder(application).makes_claims();
  settings.drops_ghosts = application.fixes.contains(Fix::ghost_executors);
  settings.backs_off = application.fixes.contains(Fix::back_off);
  settings.shares_unused = application.fixes.contains(Fix::unused_shares);
  settings.creates_parallel = application.fixes.contains(Fix::parallel_creates);
  return settings;
}

SchedulerSettings scheduler_settings(const Application& application) {
  const Conf& conf = application.conf;
  SchedulerSettings settings;
  settings.initial_executors = conf.initial_executors;
  settings.min_registered_ratio = conf.min_registered_ratio;
  settings.max_registered_wait_us = conf.max_registered_wait_us;
  settings.cores[kDefaultProfile] = conf.executor_cores;
  for (const ResourceProfile& profile : application.profiles) {
    settings.cores[profile.id] = executor_size(conf, profile).cores;
  }
  settings.kill_grace_us = conf.delete_grace_period_us;
  settings.decommission_label = conf.decommission_label;
  settings.decommission_label_value = conf.decommission_label_value;
  if (conf.pods_allocator == PodsAllocator::deployment) settings.deletion_cost = conf.pod_deletion_cost;
  settings.force_kill_us = conf.decommission_force_kill_us;
  settings.network_timeout_us = conf.network_timeout_us;
  settings.network_timeout_interval_us = conf.network_timeout_interval_us;
  return settings;
}

ClaimBuilder claim_builder(const Application& application) {
  return {application.conf, application.app_id, application.pod_name_prefix};
}

std::optional<OwnerReference> owner_of(const PodPtr& driver_pod) {
  if (driver_pod == nullptr) return std::nullopt;
  return OwnerReference{"Pod", driver_pod->name, driver_pod->uid, true};
}

PodBuilder pod_builder(const Application& application, const PodPtr& driver_pod) {
  AppIdentity identity;
  identity.app_id = application.app_id;
  identity.pod_name_prefix = application.pod_name_prefix;
  identity.executor_template = application.executor_template;
  // The user's own classes cannot run here (the conf's reader has said so): they add nothing.
  for (const std::string& name : application.conf.feature_steps) {
    UserStep step;
    step.class_name = name;
    step.roles = {PodRole::executor};
    identity.user_steps.push_back(std::move(step));
  }
  return {application.conf, identity, owner_of(driver_pod), application.profiles};
}

}  // namespace podramp::backend
