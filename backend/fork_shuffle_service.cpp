#include "backend/fork_shuffle_service.h"

#include "backend/pod_labels.h"

namespace podramp::backend {
namespace {

LabelSelector driver_pods() {
  LabelSelector selector;
  selector.all.push_back({kRoleLabel, SelectorOp::equals, {"driver"}});
  return selector;
}

}  // namespace

ForkShuffleService::ForkShuffleService(std::string ns, const Fixes& fixes, Registrations known)
    : calls_(kNoRetries),
      watch_(fixes.contains(Fix::q30) ? "" : ns, driver_pods(), 0),
      cleaner_(std::move(ns), fixes),
      known_(std::move(known)) {
  for (const std::string& app_id : known_.drivers) cleaner_.add(app_id);
}

void ForkShuffleService::start(Outbox& out) { watch_.open(calls_, out); }

std::vector<ForkShuffleService::Removal> ForkShuffleService::step(TimeUs now, const Input& input, Outbox& out) {
  if (const auto* replied = std::get_if<in::Replied>(&input)) {
    if (const auto completed = calls_.on_reply(now, *replied, out)) watch_.opened(now, *completed, out);
  } else if (const auto* closed = std::get_if<in::WatchClosed>(&input)) {
    watch_.on_closed(now, *closed, out);
  } else if (std::holds_alternative<in::TimerDue>(input)) {
    watch_.on_reconnect_due(calls_, out);
  } else if (const auto* events = std::get_if<in::Watched>(&input)) {
    return watched(*events);
  }
  return {};
}

std::vector<ForkShuffleService::Removal> ForkShuffleService::watched(const in::Watched& watched) {
  std::vector<Removal> removals;
  if (!watch_.takes(watched)) return removals;
  for (const WatchEvent& event : watched.events) {
    const auto app_id = cleaner_.on_event(event);
    if (!app_id) continue;
    known_.drivers.erase(*app_id);
    auto executors = known_.executors.extract(*app_id);
    removals.push_back({*app_id, executors ? std::move(executors.mapped()) : std::set<ExecutorId>{}});
  }
  return removals;
}

void ForkShuffleService::register_driver(const std::string& app_id) {
  cleaner_.add(app_id);
  known_.drivers.insert(app_id);
}

void ForkShuffleService::register_executor(const std::string& app_id, ExecutorId executor) {
  known_.executors[app_id].insert(executor);
}

bool ForkShuffleService::knows(const std::string& app_id, ExecutorId executor) const {
  const auto app = known_.executors.find(app_id);
  return app != known_.executors.end() && app->second.contains(executor);
}

}  // namespace podramp::backend
