// Admission of pods, in the server's order (K2): defaults and LimitRange -> validation is the caller's -> LimitRange
// bounds -> ResourceQuota charged from status.used. And the quota controller, which counts again after pods have gone.
// It keeps live usage per namespace, so counting again costs nothing in proportion to pods. Words: quota_usage.h.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/quota_usage.h"

namespace podramp::fakeapi {

// What the server makes of a template in one namespace; made once and kept, so that pods share it.
struct PreparedTemplate {
  TemplatePtr tmpl;                      // as stored
  std::vector<std::string> spec_errors;  // causes of a 422
  std::string outside_limits;            // text of a 403, "" when within every LimitRange
  std::string no_priority;               // text of a 403, "" when its class and priority are in order
  fact::Usage usage;
  Unstated unstated;
};

class Admission {
 public:
  explicit Admission(Context& context);

  // Defaults (API, LimitRange, tolerations) applied to a template that somebody sends to this namespace.
  const PreparedTemplate& prepare(const std::string& ns, const TemplatePtr& tmpl);

  // Why the namespace's quotas do not admit one pod: the text of the 403, or "".
  std::string refusal(const std::string& ns, const PreparedTemplate& prepared);
  // Charges the namespace's quotas for one pod; all must admit (K41). Returns the text of the 403, or "" when charged.
  std::string charge(const std::string& ns, const std::string& pod, const PreparedTemplate& prepared, Seq cause);
  // Is anything to be charged in this namespace?
  bool has_quota(std::string_view ns) const {
    const auto it = namespaces_.find(ns);
    return it != namespaces_.end() && !it->second.quotas.empty();
  }
  // The pod that was charged was not stored (409): the charge stays until somebody counts (K2).
  void leaked(const std::string& ns, Seq cause);

  // A quota is created or its limits change (K43). A new one refuses everything until it has been counted.
  void set_quota(const QuotaSpec& quota, Seq cause);
  // At the start: the configured quotas come to be; count_all then counts the pods that are there, without lag.
  void start();
  void count_all(Seq cause);

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

  // Appends "quota ns/q has refused N pods: used: ..., limited: ...".
  void waiting(std::vector<std::string>& lines) const;

 private:
  enum Kind : std::uint8_t { kRecount, kResync, kOverdue };

  struct Quota {
    std::string key;  // "namespace/name"
    std::vector<std::string> scopes;
    bool recount_armed = false;
    bool leaked = false;
    std::uint64_t recounts = 0;
    std::int64_t refused = 0;
  };
  // A namespace that has a quota.
  struct Namespace {
    std::vector<std::uint32_t> quotas;  // indexes in quotas_, by name
    fact::Usage counted;                // of pods that count now (K36, K37)
    std::int64_t stored = 0;            // count/pods (K38)
  };
  using Deadline = std::pair<TimeUs, PodId>;

  std::uint32_t put_quota(const QuotaSpec& quota, Seq cause);
  Namespace& track(const std::string& ns);
  const fact::Usage& usage_of(const TemplatePtr& tmpl);
  void count(Namespace& where, const Pod& pod, std::int64_t sign);
  bool counts(PodId id, const Pod& pod) const;
  void pod_changed(const ClusterState::Change& change, Seq seq);
  void range_changed(const Manifest* before, const Manifest* after);
  void pod_resized(const ClusterState::Change& change, Seq seq);
  void watch_deadline(const ClusterState::Change& change, Seq seq);
  void arm_deadline();
  void release_overdue();
  void arm_recounts(const Namespace& where, Seq cause);
  void arm_recount(std::uint32_t quota, Seq cause);
  void recount(Quota& quota, Seq cause);
  std::pair<fact::Usage, std::int64_t> in_scope(const Quota& quota, const QuotaRecord& record) const;

  Context& context_;
  std::map<std::string, std::vector<LimitRangeSpec>, std::less<>> limit_ranges_;  // with their own defaults
  // By namespace and template's hash; full, they are begun anew.
  std::map<std::string, std::unordered_map<std::uint64_t, PreparedTemplate>, std::less<>> prepared_;  // never iterated
  std::unordered_map<std::uint64_t, fact::Usage> usage_;  // by template hash
  std::vector<Quota> quotas_;
  std::map<std::string, std::uint32_t, std::less<>> quota_index_;
  std::map<std::string, Namespace, std::less<>> namespaces_;
  std::map<Deadline, Seq> deadlines_;   // when Terminating pods stop counting (K37), and which event says so
  std::unordered_set<PodId> released_;  // Terminating pods that do not count any more
  TimeUs deadline_armed_us_ = kNever;
  bool resync_armed_ = false;
};

}  // namespace podramp::fakeapi
