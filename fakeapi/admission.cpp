#include "fakeapi/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "backend/port/json_writer.h"
#include "fakeapi/limit_range.h"
#include "fakeapi/pod_rules.h"
#include "fakeapi/priority_rules.h"
#include "fakeapi/quota_scopes.h"
#include "fakeapi/replies.h"
#include "fakeapi/template_cache.h"

namespace podramp::fakeapi {

Admission::Admission(Context& context) : context_(context) {
  for (const LimitRangeSpec& range : context_.config().limit_ranges) {
    limit_ranges_[range.ns].push_back(with_own_defaults(range));
  }
  for (auto& [ns, ranges] : limit_ranges_) std::ranges::stable_sort(ranges, {}, &LimitRangeSpec::name);
}

const PreparedTemplate& Admission::prepare(const std::string& ns, const TemplatePtr& tmpl) {
  auto& known = prepared_[ns];
  if (const auto it = known.find(tmpl->hash); it != known.end()) return it->second;
  if (known.size() >= kTemplatesMax) known.clear();

  PodTemplate full = *tmpl;
  apply_api_defaults(full);
  const auto ranges = limit_ranges_.find(ns);
  if (ranges != limit_ranges_.end()) {
    for (const LimitRangeSpec& range : ranges->second) apply_defaults(range, full);
  }
  PreparedTemplate prepared;
  prepared.no_priority = resolve_priority(full, context_.config().priority_classes);
  apply_default_tolerations(full, context_.config().profile.toleration_s);

  prepared.spec_errors = spec_errors(full);
  if (ranges != limit_ranges_.end()) {
    // The server stops at the first LimitRange that is violated.
    for (const LimitRangeSpec& range : ranges->second) {
      const std::vector<std::string> errors = violations(range, full);
      if (errors.empty()) continue;
      prepared.outside_limits = replies::aggregate(errors);
      break;
    }
  }
  prepared.usage = quota_usage(full);
  prepared.unstated = unstated_resources(full);
  prepared.tmpl = share(std::move(full));
  return known.emplace(tmpl->hash, std::move(prepared)).first->second;
}

std::string Admission::refusal(const std::string& ns, const PreparedTemplate& prepared) {
  const auto where = namespaces_.find(ns);
  if (where == namespaces_.end()) return "";
  for (const std::uint32_t index : where->second.quotas) {
    Quota& quota = quotas_[index];
    if (!in_scopes(quota.scopes, *prepared.tmpl)) continue;
    const QuotaRecord& record = context_.state().quotas().find(quota.key)->second;
    std::string why = quota_refusal(record, prepared.usage, prepared.unstated);
    if (!record.counted && !why.starts_with("failed quota")) {
      std::vector<std::string> names;
      for (const auto& [name, limit] : record.hard) names.push_back(name);
      why = fmt::format("status unknown for quota: {}, resources: {}", record.name, fmt::join(names, ","));
    }
    if (why.empty()) continue;
    ++quota.refused;
    return why;
  }
  return "";
}

std::string Admission::charge(const std::string& ns, const std::string& pod, const PreparedTemplate& prepared,
                              Seq cause) {
  const auto where = namespaces_.find(ns);
  if (where == namespaces_.end()) return "";
  std::string refused = refusal(ns, prepared);
  if (!refused.empty()) return refused;
  for (const std::uint32_t index : where->second.quotas) {
    const std::string& key = quotas_[index].key;
    if (!in_scopes(quotas_[index].scopes, *prepared.tmpl)) continue;
    fact::Usage used = context_.state().quotas().find(key)->second.used;
    bool charged = false;
    for (auto& [name, amount] : used) {
      const auto cost = prepared.usage.find(name);
      if (cost == prepared.usage.end() || cost->second == 0) continue;
      amount += cost->second;
      charged = true;
    }
    if (charged) context_.emit("quota", cause, fact::QuotaCharged{key, pod, std::move(used)});
  }
  return "";
}

void Admission::leaked(const std::string& ns, Seq cause) {
  const auto where = namespaces_.find(ns);
  if (where == namespaces_.end()) return;
  for (const std::uint32_t index : where->second.quotas) quotas_[index].leaked = true;
  if (resync_armed_ || where->second.quotas.empty()) return;
  resync_armed_ = true;
  const DurationUs period = context_.config().profile.quota_resync_us;
  context_.timer((context_.now() / period + 1) * period, cause, {Part::admission, kResync, 0, 0});  // K42
}

void Admission::start() {
  for (const QuotaSpec& quota : context_.config().quotas) (void)put_quota(quota, 0);
}

void Admission::set_quota(const QuotaSpec& spec, Seq cause) { arm_recount(put_quota(spec, cause), cause); }

std::uint32_t Admission::put_quota(const QuotaSpec& spec, Seq cause) {
  const std::string key = spec.ns + "/" + spec.name;
  const bool fresh = !quota_index_.contains(key);
  Namespace& where = track(spec.ns);
  if (fresh) {
    const auto index = static_cast<std::uint32_t>(quotas_.size());
    quotas_.push_back({key, spec.scopes, false, false, 0, 0});
    quota_index_.emplace(key, index);
    where.quotas.push_back(index);
    std::ranges::sort(where.quotas, {}, [&](std::uint32_t i) { return quotas_[i].key; });
  }
  const std::uint32_t index = quota_index_.at(key);
  quotas_[index].scopes = spec.scopes;
  context_.emit("apiserver", cause, fact::QuotaSet{key, spec.hard});
  return index;
}

void Admission::count_all(Seq cause) {
  for (Quota& quota : quotas_) recount(quota, cause);
}

Admission::Namespace& Admission::track(const std::string& ns) {
  const auto [it, fresh] = namespaces_.try_emplace(ns);
  if (!fresh) return it->second;
  const auto& pods = context_.state().pods_by_name();
  const std::string prefix = ns + "/";
  for (auto pod = pods.lower_bound(prefix); pod != pods.end() && pod->first.starts_with(prefix); ++pod) {
    const PodRecord& record = *context_.state().find_pod(pod->second);
    it->second.stored += 1;
    if (!is_terminal(*record.pod)) count(it->second, *record.pod, +1);
    if (record.pod->deletion_us) watch_deadline({record.id, record.pod, record.pod, {}}, 0);
  }
  return it->second;
}

const fact::Usage& Admission::usage_of(const TemplatePtr& tmpl) {
  const auto it = usage_.find(tmpl->hash);
  if (it == usage_.end() && usage_.size() >= kTemplatesMax) usage_.clear();
  return it != usage_.end() ? it->second : usage_.emplace(tmpl->hash, quota_usage(*tmpl)).first->second;
}

void Admission::count(Namespace& where, const Pod& pod, std::int64_t sign) {
  for (const auto& [name, amount] : usage_of(pod.tmpl)) where.counted[name] += sign * amount;
}

bool Admission::counts(PodId id, const Pod& pod) const { return !is_terminal(pod) && !released_.contains(id); }

void Admission::on_fact(const Fact& fact, Seq seq) {
  if (std::holds_alternative<fact::ObjectCreated>(fact) || std::holds_alternative<fact::ObjectChanged>(fact) ||
      std::holds_alternative<fact::ObjectGone>(fact)) {
    const auto& change = context_.state().last_object_change();
    range_changed(change.before.get(), change.after.get());
  }
  if (namespaces_.empty()) return;
  const bool matters = std::holds_alternative<fact::PodCreated>(fact) ||
                       std::holds_alternative<fact::PodFinished>(fact) ||
                       std::holds_alternative<fact::PodTerminating>(fact) ||
                       std::holds_alternative<fact::PodGraceOver>(fact) || std::holds_alternative<fact::PodGone>(fact);
  if (matters) pod_changed(context_.state().last_change(), seq);
  if (std::holds_alternative<fact::PodResized>(fact)) pod_resized(context_.state().last_change(), seq);
}

// One of the store takes the place of its configured namesake.
void Admission::range_changed(const Manifest* before, const Manifest* after) {
  const Manifest& object = after != nullptr ? *after : *before;
  if (object.kind != podramp::Kind::limit_range) return;
  std::vector<LimitRangeSpec>& ranges = limit_ranges_[object.ns];
  std::erase_if(ranges, [&](const LimitRangeSpec& range) { return range.name == object.name; });
  if (after != nullptr) std::ranges::move(limit_ranges_of(object), std::back_inserter(ranges));
  std::ranges::stable_sort(ranges, {}, &LimitRangeSpec::name);
  if (ranges.empty()) limit_ranges_.erase(object.ns);
  prepared_.erase(object.ns);
}

void Admission::pod_changed(const ClusterState::Change& change, Seq seq) {
  const auto it = namespaces_.find((change.after != nullptr ? change.after : change.before)->ns);
  if (it == namespaces_.end()) return;
  Namespace& where = it->second;
  const bool before = change.before != nullptr && counts(change.id, *change.before);
  const bool after = change.after != nullptr && counts(change.id, *change.after);
  if (before != after) count(where, before ? *change.before : *change.after, before ? -1 : +1);
  if (change.before == nullptr) where.stored += 1;
  if (change.after == nullptr) where.stored -= 1;
  watch_deadline(change, seq);
  if (change.after == nullptr) released_.erase(change.id);
  const bool freed = (before && !after) || change.after == nullptr;
  if (freed) arm_recounts(where, seq);
}

void Admission::pod_resized(const ClusterState::Change& change, Seq seq) {
  const auto it = namespaces_.find(change.after->ns);
  if (it == namespaces_.end() || !counts(change.id, *change.after)) return;
  count(it->second, *change.before, -1);
  count(it->second, *change.after, +1);
  arm_recounts(it->second, seq);
}

// K37: from deletionTimestamp + grace on a Terminating pod does not count.
void Admission::watch_deadline(const ClusterState::Change& change, Seq seq) {
  const auto deadline = [&](const Pod& pod) {
    return Deadline{*pod.deletion_us + pod.deletion_grace_s.value_or(0) * kSecondUs + 1, change.id};
  };
  if (change.before != nullptr && change.before->deletion_us) deadlines_.erase(deadline(*change.before));
  if (change.after == nullptr || !change.after->deletion_us || !counts(change.id, *change.after)) return;
  deadlines_.emplace(deadline(*change.after), seq);
  arm_deadline();
}

void Admission::arm_deadline() {
  if (deadlines_.empty() || deadlines_.begin()->first.first >= deadline_armed_us_) return;
  deadline_armed_us_ = deadlines_.begin()->first.first;
  const Seq cause = deadlines_.begin()->second;
  context_.timer(std::max(deadline_armed_us_, context_.now()), cause, {Part::admission, kOverdue, 0, 0});
}

void Admission::release_overdue() {
  while (!deadlines_.empty() && deadlines_.begin()->first.first <= context_.now()) {
    const auto [deadline, cause] = *deadlines_.begin();
    const PodId id = deadline.second;
    deadlines_.erase(deadlines_.begin());
    const PodRecord* record = context_.state().find_pod(id);
    if (record == nullptr || !counts(id, *record->pod)) continue;
    Namespace& where = namespaces_.find(record->pod->ns)->second;
    count(where, *record->pod, -1);
    released_.insert(id);
    arm_recounts(where, cause);
  }
}

void Admission::arm_recounts(const Namespace& where, Seq cause) {
  for (const std::uint32_t quota : where.quotas) arm_recount(quota, cause);
}

void Admission::arm_recount(std::uint32_t index, Seq cause) {
  Quota& quota = quotas_[index];
  if (quota.recount_armed) return;
  quota.recount_armed = true;
  const DurationUs lag = context_.sample(context_.config().latency.quota, "cluster.quota", quota.key, quota.recounts);
  ++quota.recounts;
  context_.timer(context_.now() + lag, cause, {Part::admission, kRecount, index, 0});
}

// What counts for a scoped quota, and how many pods are stored: pod by pod, as the books are of the whole namespace.
std::pair<fact::Usage, std::int64_t> Admission::in_scope(const Quota& quota, const QuotaRecord& record) const {
  fact::Usage counted;
  std::int64_t stored = 0;
  const auto& pods = context_.state().pods_by_name();
  const std::string prefix = record.ns + "/";
  for (auto it = pods.lower_bound(prefix); it != pods.end() && it->first.starts_with(prefix); ++it) {
    const Pod& pod = *context_.state().find_pod(it->second)->pod;
    if (!in_scopes(quota.scopes, *pod.tmpl)) continue;
    ++stored;
    if (!counts(it->second, pod)) continue;
    for (const auto& [name, amount] : quota_usage(*pod.tmpl)) counted[name] += amount;
  }
  return {std::move(counted), stored};
}

void Admission::recount(Quota& quota, Seq cause) {
  const QuotaRecord& record = context_.state().quotas().find(quota.key)->second;
  const Namespace& where = namespaces_.find(record.ns)->second;
  fact::Usage scoped;
  std::int64_t stored = where.stored;
  if (!quota.scopes.empty()) std::tie(scoped, stored) = in_scope(quota, record);
  const fact::Usage& counted = quota.scopes.empty() ? where.counted : scoped;
  fact::Usage used;
  for (const auto& [name, limit] : record.hard) {
    const auto it = counted.find(name);
    used[name] = name == "count/pods" ? stored : it == counted.end() ? 0 : it->second;
  }
  quota.leaked = false;
  if (used == record.used && record.counted) return;
  context_.emit("quota", cause, fact::QuotaRecounted{quota.key, std::move(used)});
}

void Admission::on_timer(const ClusterTimer& timer, Seq cause) {
  switch (static_cast<Kind>(timer.kind)) {
    case kRecount:
      quotas_[timer.index].recount_armed = false;
      recount(quotas_[timer.index], cause);
      break;
    case kResync:
      resync_armed_ = false;
      for (Quota& quota : quotas_) {
        if (quota.leaked) recount(quota, cause);
      }
      break;
    case kOverdue:
      if (context_.now() >= deadline_armed_us_) deadline_armed_us_ = kNever;
      release_overdue();
      arm_deadline();
      break;
  }
}

void Admission::waiting(std::vector<std::string>& lines) const {
  for (const auto& [key, index] : quota_index_) {
    const Quota& quota = quotas_[index];
    if (quota.refused == 0) continue;
    const QuotaRecord& record = context_.state().quotas().find(key)->second;
    std::vector<std::string> names;
    for (const auto& [name, limit] : record.hard) names.push_back(name);
    lines.push_back(fmt::format("quota {} has refused {} creates; used: {}, limited: {}", key, quota.refused,
                                print_usage(record.used, names), print_usage(record.hard, names)));
  }
}

}  // namespace podramp::fakeapi
