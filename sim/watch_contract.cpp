#include "sim/watch_contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <variant>

#include "backend/port/json_writer.h"

namespace podramp::sim {
namespace {

constexpr std::size_t kChangesMax = 102'400;       // as many as the server's own history (K19)
constexpr std::size_t kChangesMin = 1'000;         // kept however old
constexpr DurationUs kChangesUs = 15 * kMinuteUs;  // longer than the server keeps anything (K19)
constexpr std::array<std::string_view, 3> kBreaking{"watch.drop", "watch.duplicate", "api.stale"};

bool has_labels(const LabelSelector& selector, const Pod& pod, const StringMap& over) {
  if (over.empty()) return selector.matches(pod);
  Pod relabelled = pod;
  for (const auto& [key, value] : over) relabelled.own_labels[key] = value;
  return selector.matches(relabelled);
}

}  // namespace

void WatchContract::append(const EventRef& event, PodMemory& /*memory*/) {
  if (broken_on_purpose_) return;
  std::visit([&](const auto* data) { on(event, *data); }, event.data);
}

void WatchContract::on(const EventRef& /*event*/, const fault::Fired& fired) {
  if (std::ranges::find(kBreaking, fired.point) == kBreaking.end()) return;
  broken_on_purpose_ = true;
  watches_.clear();
  changes_.clear();
}

// --- what happens to pods ----------------------------------------------------------------------------------------

bool WatchContract::selects(const Watch& watch, const Change& change) {
  if (!watch.ns.empty() && watch.ns != change.pod->ns) return false;
  return watch.labels.matches(*change.pod) ||
         (!change.labels.empty() && has_labels(watch.labels, *change.pod, change.labels));
}

void WatchContract::note(Change change) {
  const auto offer = [&](const std::vector<WatchKey>& keys) {
    for (const WatchKey& key : keys) {
      Watch& watch = watches_.at(key);
      if (!watch.open || !selects(watch, change)) continue;
      if (watch.expected.empty() || watch.expected.back() != change.rv) watch.expected.push_back(change.rv);
    }
  };
  offer(unindexed_);
  for (const auto& [key, values] : index_) {
    std::vector<const std::string*> found;
    if (const std::string* before = change.pod->label(key)) found.push_back(before);
    if (const auto after = change.labels.find(key); after != change.labels.end()) found.push_back(&after->second);
    for (const std::string* value : found) {
      if (const auto watches = values.find(*value); watches != values.end()) offer(watches->second);
    }
  }
  const TimeUs old_us = change.at_us - kChangesUs;
  changes_.push_back(std::move(change));
  while (changes_.size() > kChangesMax || (changes_.size() > kChangesMin && changes_.front().at_us < old_us)) {
    forgotten_rv_ = changes_.front().rv;
    changes_.pop_front();
  }
}

void WatchContract::on(const EventRef& event, const fact::PodCreated& created) {
  note({created.pod->resource_version, created.pod, {}, event.t});
}

void WatchContract::on(const EventRef& event, const fact::PodLabelled& labelled) {
  changed(event, labelled.pod, labelled.rv, labelled.labels);
}

void WatchContract::on(const EventRef& event, const fact::PodEdited& edited) {
  StringMap labels = edited.object->own_labels;
  labels.insert(edited.object->tmpl->labels.begin(), edited.object->tmpl->labels.end());
  changed(event, edited.pod, edited.rv, labels);
}

void WatchContract::changed(const EventRef& event, const std::string& pod, std::uint64_t rv, const StringMap& labels) {
  const fakeapi::PodRecord* record = state_ == nullptr ? nullptr : state_->find_pod(pod);
  if (record != nullptr) note({rv, record->pod, labels, event.t});
}

// --- what clients see --------------------------------------------------------------------------------------------

void WatchContract::on(const EventRef& event, const out::Called& called) {
  const ApiRequest& request = called.request;
  if (request.verb != Verb::watch || request.kind != Kind::pod || !request.field_selector.all.empty()) return;
  const WatchKey key{std::string(event.by), called.call.value};
  Watch& watch = watches_[key];
  watch.ns = request.ns;
  watch.labels = request.label_selector;
  if (!request.resource_version.empty() && request.resource_version != "0") {
    watch.after_rv = std::stoull(request.resource_version);
  }
  for (const Requirement& r : watch.labels.all) {
    if (r.op == SelectorOp::equals && watch.indexed_by == nullptr) watch.indexed_by = &r;
  }
  (watch.indexed_by == nullptr ? unindexed_ : index_[watch.indexed_by->key][watch.indexed_by->values.front()])
      .push_back(key);
}

void WatchContract::on(const EventRef& event, const in::Replied& replied) {
  const WatchKey key{std::string(event.by), replied.call.value};
  const auto found = watches_.find(key);
  if (found == watches_.end()) return;
  if (!replied.reply.ok()) return drop(key);
  Watch& watch = found->second;
  watch.open = true;
  watch.opened_rv = replied.reply.resource_version;
  const std::uint64_t from = watch.after_rv.value_or(watch.opened_rv);
  if (from < forgotten_rv_) return drop(key);  // more than we remember
  watch.last_rv = from;
  for (auto it = std::ranges::upper_bound(changes_, from, {}, &Change::rv); it != changes_.end(); ++it) {
    if (selects(watch, *it)) watch.expected.push_back(it->rv);
  }
}

void WatchContract::on(const EventRef& event, const in::Watched& watched) {
  const WatchKey key{std::string(event.by), watched.watch.value};
  const auto found = watches_.find(key);
  if (found == watches_.end()) return;
  Watch& watch = found->second;
  for (const WatchEvent& seen : watched.events) {
    const std::uint64_t rv = seen.object->resource_version;
    const bool synthetic = !watch.after_rv && rv <= watch.opened_rv && seen.type == WatchEventType::added;
    if (synthetic) continue;
    if (seen.type == WatchEventType::bookmark) {
      if (!watch.expected.empty() && watch.expected.front() <= rv) {
        return fail(event, key,
                    fmt::format("a bookmark says {}, but version {} has not come", rv, watch.expected.front()));
      }
    } else if (watch.expected.empty() || watch.expected.front() != rv) {
      const std::string next = watch.expected.empty() ? "nothing" : std::to_string(watch.expected.front());
      return fail(
          event, key,
          fmt::format("version {} of {} came, {} was next after {}", rv, pod_key(*seen.object), next, watch.last_rv));
    } else {
      watch.expected.pop_front();
    }
    watch.last_rv = rv;
  }
}

void WatchContract::on(const EventRef& event, const in::WatchClosed& closed) {
  drop({std::string(event.by), closed.watch.value});
}

void WatchContract::on(const EventRef& event, const out::WatchReleased& released) {
  drop({std::string(event.by), released.watch.value});
}

void WatchContract::on(const EventRef& event, const out::Exited& /*exited*/) { forget_session(event.by); }

void WatchContract::fail(const EventRef& event, const WatchKey& key, const std::string& what) {
  properties_.fail(kWatchContract, fmt::format("watch {} of {}: {}", key.second, key.first, what), event.seq, event.t);
  drop(key);
}

void WatchContract::drop(const WatchKey& key) {
  const auto found = watches_.find(key);
  if (found == watches_.end()) return;
  const Requirement* by = found->second.indexed_by;
  std::erase(by == nullptr ? unindexed_ : index_[by->key][by->values.front()], key);
  watches_.erase(found);
}

void WatchContract::forget_session(std::string_view session) {
  std::vector<WatchKey> gone;
  for (const auto& [key, watch] : watches_) {
    if (key.first == session) gone.push_back(key);
  }
  for (const WatchKey& key : gone) drop(key);
}

}  // namespace podramp::sim
