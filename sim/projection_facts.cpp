// The part of the projection (projection.h) that follows pods and nodes through the world's facts: what an executor's
// pod goes through, and what its node does to it.
#include <algorithm>

#include "backend/port/json_writer.h"
#include "sim/projection.h"

namespace podramp::sim {
namespace {

bool uses(const ExecutorRow& r, const std::string& image) {
  const auto has = [&](const std::vector<Container>& list) {
    return std::ranges::any_of(list, [&](const Container& c) { return c.image == image; });
  };
  return r.tmpl != nullptr && (has(r.tmpl->containers) || has(r.tmpl->init_containers));
}

}  // namespace

ExecutorRow* Projection::row(const std::string& pod, ApplicationView** app) {
  const auto it = places_.find(pod);
  if (it == places_.end()) return nullptr;
  *app = &applications_[it->second.application];
  return &(*app)->executors[it->second.row];
}

std::optional<Projection::Place> Projection::place_of(const std::string& pod) const {
  const auto it = places_.find(pod);
  return it == places_.end() ? std::nullopt : std::optional(it->second);
}

template <class Visit>
void Projection::each_on_node(const std::string& node, Visit&& visit) {
  const auto rows = on_node_.find(node);
  if (rows == on_node_.end()) return;
  for (const Place& place : rows->second) {
    ApplicationView& app = applications_[place.application];
    visit(app, app.executors[place.row]);
  }
}

// A create that was given up has been carried out after all.
void Projection::revive(ApplicationView& app, ExecutorRow& r) {
  change(app, r, [&] { r.stage = Stage::asked; });
}

void Projection::on(const EventRef& e, const fact::PodCreated& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(pod_key(*data.pod), &app);
  if (r == nullptr) r = row_of_set(*data.pod, &app);
  if (r == nullptr) return;
  if (r->stage == Stage::ended && !r->stored_us) revive(*app, *r);
  r->stored_us = e.t;
  move(*app, *r, Stage::stored);
}

void Projection::on(const EventRef& e, const fact::PodUnschedulable& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r == nullptr) return;
  if (!r->unschedulable_us) r->unschedulable_us = e.t;
  r->unschedulable_message = data.message;
  if (r->stage == Stage::stored) move(*app, *r, Stage::unschedulable);
}

void Projection::on(const EventRef& e, const fact::PodBound& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r == nullptr) return;
  r->bound_us = e.t;
  r->node = data.node;
  on_node_[data.node].push_back(places_.at(data.pod));
  move(*app, *r, Stage::bound);
  const auto first = pulling_.lower_bound({data.node, ""});
  for (auto pull = first; pull != pulling_.end() && pull->first == data.node; ++pull) {
    if (!uses(*r, pull->second)) continue;
    r->pull_started_us = e.t;  // it joins a pull that is under way
    move(*app, *r, Stage::pulling);
  }
}

void Projection::on(const EventRef& e, const fact::PullStarted& data) {
  pulling_.emplace(data.node, data.image);
  each_on_node(data.node, [&](ApplicationView& app, ExecutorRow& r) {
    if (r.stage != Stage::bound || !uses(r, data.image)) return;
    if (!r.pull_started_us) r.pull_started_us = e.t;
    move(app, r, Stage::pulling);
  });
}

void Projection::on(const EventRef& e, const fact::PullFinished& data) {
  pulling_.erase({data.node, data.image});
  each_on_node(data.node, [&](ApplicationView& app, ExecutorRow& r) {
    if (r.stage != Stage::pulling || !uses(r, data.image)) return;
    r.pulled_us = e.t;
    move(app, r, Stage::starting);
  });
}

// The pod goes on waiting for its image; the next attempt is another PullStarted.
void Projection::on(const EventRef& /*e*/, const fact::PullFailed& data) { pulling_.erase({data.node, data.image}); }

void Projection::on(const EventRef& e, const fact::PodRunning& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r == nullptr) return;
  r->running_us = e.t;
  if (r->stage < Stage::running) move(*app, *r, Stage::running);
}

void Projection::on(const EventRef& e, const fact::PodTerminating& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r == nullptr || r->terminating_us) return;
  leave_set(*app, *r);
  change(*app, *r, [&] { r->terminating_us = e.t; });
}

void Projection::on(const EventRef& e, const fact::PodFinished& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r == nullptr) return;
  leave_set(*app, *r);
  r->finished_us = e.t;
  r->exit_code = data.exit_code;
  move(*app, *r, Stage::ended);
}

void Projection::on(const EventRef& e, const fact::PodGone& data) {
  ApplicationView* app = nullptr;
  ExecutorRow* r = row(data.pod, &app);
  if (r == nullptr) return;
  leave_set(*app, *r);
  r->gone_us = e.t;
  move(*app, *r, Stage::ended);
  if (!r->node.empty()) {
    const Place place = places_.at(data.pod);
    std::erase_if(on_node_[r->node],
                  [&](const Place& p) { return p.application == place.application && p.row == place.row; });
  }
  places_.erase(data.pod);
}

void Projection::on(const EventRef& e, const fact::NodeSilent& data) {
  if (!going_.contains(data.node)) ++nodes_lost_;
  if (data.containers_run) partitioned_.insert(data.node);
  each_on_node(data.node, [&](ApplicationView& app, ExecutorRow& r) {
    if (r.lost_us || r.stage < Stage::running || r.stage == Stage::ended) return;
    change(app, r, [&] { r.lost_us = e.t; });
  });
}

void Projection::on(const EventRef& /*e*/, const fact::ScaleDown& data) { going_.insert(data.node); }

void Projection::on(const EventRef& /*e*/, const fact::MachineGone& data) { going_.erase(data.node); }

// Executors behind a partition have gone on running; those of a node without power stay lost (K75).
void Projection::on(const EventRef& /*e*/, const fact::NodeReturned& data) {
  if (partitioned_.erase(data.node) == 0) return;
  each_on_node(data.node, [&](ApplicationView& app, ExecutorRow& r) {
    if (!r.lost_us || r.terminating_us || r.stage == Stage::ended) return;  // a pending delete finishes now
    change(app, r, [&] { r.lost_us.reset(); });
  });
}

void Projection::on(const EventRef& /*e*/, const fact::RequestRefused& data) {
  constexpr std::size_t kRefusalsMax = 1'000;  // reasons that are told apart: some hold a name that people chose
  refused_by(data);
  std::string what = data.reason.empty() ? "transport" : data.reason;
  const std::size_t quota = data.message.find("exceeded quota: ");
  if (quota != std::string::npos) what = data.message.substr(quota, data.message.find(',', quota) - quota);
  const std::size_t invalid = data.message.find(" is invalid: ");
  if (invalid != std::string::npos) what = "Invalid: " + data.message.substr(invalid + 13);
  if (refusals_.size() >= kRefusalsMax && !refusals_.contains(what)) what = "others";
  ++refusals_[what];
}

}  // namespace podramp::sim
