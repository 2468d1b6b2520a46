#include "sim/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "backend/snapshots.h"
#include "sim/admission_queue.h"
#include "sim/platform.h"
#include "sim/settling.h"
#include "sim/watch_contract.h"

namespace podramp::sim {
namespace {

std::set<std::string, std::less<>> scoped_quotas(const Scenario& scenario) {
  std::set<std::string, std::less<>> scoped;
  const auto note = [&](const fakeapi::QuotaSpec& quota) {
    if (!quota.scopes.empty()) scoped.insert(quota.ns + "/" + quota.name);
  };
  for (const fakeapi::QuotaSpec& quota : scenario.cluster.quotas) note(quota);
  for (const TimelineEntry& entry : scenario.timeline) {
    const auto* world = std::get_if<WorldAction>(&entry.action);
    if (world == nullptr) continue;
    if (const auto* set = std::get_if<fakeapi::to::SetQuota>(world)) note(set->quota);
  }
  return scoped;
}

// Pods of stopped applications that nothing explains break a property; they can be seen at the end only. in_time: the
// run has given them the time to go, so that its end explains nothing.
void check_leftovers(RunSummary& summary, bool in_time, Properties& properties, Ledger& ledger) {
  for (const Leftover& pod : summary.leftovers) {
    const bool explained = !pod.why.empty() && !(in_time && pod.why.starts_with("the run ended"));
    if (!pod.leaked || explained) continue;
    const std::size_t before = properties.violations().size();
    properties.fail(kNothingLeftAfterStop, fmt::format("pod {} was left behind, and nothing explains it", pod.pod),
                    ledger.last_seq(), ledger.now());
    if (properties.violations().size() == before) continue;
    PodMemory memory(false);
    const Violation& violation = properties.violations().back();
    ledger.append("properties", 0, "", ref(check::Failed{violation.property, violation.detail}), memory);
    summary.ending = Ending::property_failed;
  }
}

void add_shuffle_left(const std::optional<std::map<std::string, std::int64_t>>& left, Kpis& kpis, RunSummary& summary) {
  if (!left) return;
  std::int64_t& sum = kpis["shuffle_left_bytes"];
  for (const auto& [node, bytes] : *left) {
    sum += bytes;
    summary.shuffle_left[node] += bytes;
  }
}

RunSummary summarise(const Scenario& scenario, const Kernel& kernel, const fakeapi::Cluster& cluster,
                     const Projection& projection, const RunOptions& options, Ending ending) {
  RunSummary summary;
  summary.scenario = scenario.name;
  summary.seed = scenario.seed;
  summary.ending = ending;
  summary.t = kernel.now();
  std::int64_t leaked = 0;
  std::vector<Kpis> all;
  for (std::size_t i = 0; i < projection.applications().size(); ++i) {
    const ApplicationView& app = projection.applications()[i];
    std::vector<Leftover> left = options.leftovers(app, scenario.applications[i].conf, cluster.state(), kernel.now());
    Kpis kpis = application_kpis(app, kernel.now());
    kpis["leaked_pods"] = std::ranges::count_if(left, &Leftover::leaked);
    leaked += kpis["leaked_pods"];
    add_shuffle_left(kernel.shuffle_left(i), kpis, summary);
    for (Leftover& pod : left) summary.leftovers.push_back(std::move(pod));
    all.push_back(kpis);
    summary.applications[app.name] = std::move(kpis);
  }
  summary.kpis = run_kpis(all, {projection.pending_max(), projection.requests_per_s_max()}, leaked);
  summary.broken_budgets = broken_budgets(scenario.expect.budgets, summary.kpis, summary.applications);
  for (const std::string& type : scenario.expect.sometimes) {
    if (projection.count(type) == 0) summary.never_seen.push_back(type);
  }
  if (ending != Ending::quiet) summary.waiting = kernel.waiting();
  summary.refusals = projection.refusals();
  for (const auto& [why, count] : kernel.shuffle_refusals()) summary.refusals[why] += count;
  for (const ApplicationView& app : projection.applications()) {
    for (const auto& [what, count] : app.requests) summary.requests[what] += count;
  }
  return summary;
}

// The fork lists pods only now and then, and does not open its watches again in every case (01 1.8).
Settling::Habits habits(const backend::Conf& conf) {
  if (conf.compat == backend::Compat::fork_2_2 || !conf.local_master.empty()) return {0, false, false};
  return {conf.enable_api_polling ? conf.api_polling_interval_us : 0, conf.enable_api_watcher,
          conf.delete_on_termination};
}

}  // namespace

Result<RunResult> run_experiment(const Scenario& scenario, const RunOptions& options) {
  set_check_context(fmt::format("scenario {} seed {}", scenario.name, scenario.seed));
  LogHeader header;
  header.seed = scenario.seed;
  header.level = options.level;
  header.engine = options.engine == EngineKind::simgrid ? "simgrid" : "fluid";
  header.ties = options.ties_shuffled ? "shuffled" : "fixed";
  header.scenario_json = to_json_line(scenario);
  std::vector<backend::Application> applications;
  for (std::size_t i = 0; i < scenario.applications.size(); ++i) {
    auto app = make_application(scenario.applications[i], scenario);
    if (!app) return tl::unexpected(app.error());
    header.applications.push_back({app->name, i, app->app_id, app->pod_name_prefix, app->revision});
    applications.push_back(std::move(*app));
  }

  EventLog log(options.level);
  if (!options.log_path.empty()) {
    if (auto opened = log.open(options.log_path, header); !opened) return tl::unexpected(opened.error());
  }
  Projection projection;
  const bool one_binder = scenario.cluster.schedulers.empty() && options.host == nullptr;
  Properties properties({scenario.expect.skip_properties.begin(), scenario.expect.skip_properties.end()},
                        one_binder ? Binders::one : Binders::several);
  WatchContract contract(properties);
  Pulse pulse;
  Settling settling(scenario.expect.settles_by, projection, properties);
  std::vector<EventSink*> sinks{&log, &settling, &projection, &properties, &contract, &pulse};
  sinks.insert(sinks.end(), options.more_sinks.begin(), options.more_sinks.end());
  Ledger ledger(sinks);
  fakeapi::Cluster cluster(scenario.cluster, scenario.seed, ledger);
  contract.look_at(cluster.state());
  const auto engine = make_engine(options.engine, platform_of(scenario.cluster));
  AdmissionQueue admission(*engine, admission_limits(scenario.cluster));
  const bool hosted = options.host != nullptr;
  Kernel kernel({hosted ? kNever : scenario.end_us, !hosted && scenario.until_quiet, options.ties_shuffled,
                 scenario.seed, options.livelock_items, hosted, options.poll},
                {ledger, cluster, admission, properties, pulse});
  settling.ask_ended([&kernel](std::size_t application) { return kernel.exit_code(application).has_value(); });
  for (const ShuffleServiceSpec& service : scenario.shuffle_services) kernel.add(service);
  for (std::size_t i = 0; i < applications.size(); ++i) {
    const backend::Application& app = applications[i];
    projection.add_application(app.name, app.app_id, app.conf.initial_executors);
    settling.add_application(app.name, habits(app.conf));
    kernel.add(scenario.applications[i], std::make_unique<backend::Session>(app, ledger), app.app_id, app.conf);
  }
  for (const TimelineEntry& entry : scenario.timeline) kernel.add(entry);
  for (const auto& [at, event] : options.forged) kernel.forge(at, event.first, event.second);

  if (options.before_run) options.before_run();
  if (hosted) options.host->attach(kernel, cluster);
  const Ending ending = kernel.run(options.host);
  projection.finish(kernel.now());
  RunSummary summary = summarise(scenario, kernel, cluster, projection, options, ending);
  check_leftovers(summary, scenario.expect.settles_by.has_value(), properties, ledger);
  if (ending == Ending::quiet || ending == Ending::end) settling.finish(kernel.now(), ledger.last_seq());
  if (ending == Ending::quiet || ending == Ending::end) {
    properties.check_quotas(cluster.state(), scenario.cluster.profile.quota_resync_us, kernel.now(),
                            scoped_quotas(scenario));
  }
  summary.violations = properties.violations();
  auto footer = log.close(std::string(to_text(summary.ending)), kernel.now());
  if (!footer) return tl::unexpected(footer.error());
  summary.footer = std::move(*footer);
  return RunResult{std::move(summary), std::move(projection)};
}

}  // namespace podramp::sim
