#include "sim/fuzz/coverage.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "fakeapi/faults.h"

namespace podramp::sim {
namespace {

// These change when or how something happens and leave no event of their own: their windows count.
constexpr std::array<std::string_view, 5> kSilent{"watch.delay", "clock.skew", "pull.fail", "registry.outage",
                                                  "image.not_found"};

// No simulated run of a scenario has these.
constexpr std::array<std::string_view, 13> kElsewhere{
    "note.text",  // words of a shuffle service, too rare for a minute of runs
    "in.executors_requested",
    "fact.pod_resized",  // no scenario asks for them
    "check.failed",
    "check.seen",     // a failure; nobody emits the other
    "run.requested",  // a live run's
    "fact.node_edited",
    "fact.pod_edited",
    "fact.pod_labelled",
    "fact.object_changed",
    "fact.request_queued",
    "fact.seats_moved",
    "fact.history_trimmed"};

template <std::size_t... I>
std::vector<std::string_view> all_types(std::index_sequence<I...>) {
  return {std::variant_alternative_t<I, EventData>::kType...};
}

}  // namespace

void Coverage::add(const Coverage& other) {
  for (const auto& [type, n] : other.events) events[type] += n;
  for (const auto& [point, n] : other.points) points[point] += n;
  for (const auto& [why, n] : other.refusals) refusals[why] += n;
}

std::vector<std::string_view> probes() {
  std::vector<std::string_view> all = all_types(std::make_index_sequence<std::variant_size_v<EventData>>());
  std::erase_if(all, [](std::string_view type) { return std::ranges::find(kElsewhere, type) != kElsewhere.end(); });
  return all;
}

std::vector<std::string> unreached(const Coverage& coverage) {
  std::vector<std::string> missing;
  for (const std::string_view type : probes()) {
    if (!coverage.events.contains(std::string(type))) missing.emplace_back(type);
  }
  for (const std::string_view point : fakeapi::Faults::kPoints) {
    if (!coverage.points.contains(std::string(point))) missing.emplace_back(point);
  }
  return missing;
}

void CoverageSink::append(const EventRef& event, PodMemory& /*memory*/) {
  ++events_[type_name(event.data)];
  if (const auto* fired = std::get_if<const fault::Fired*>(&event.data)) ++points_[(*fired)->point];
  if (const auto* opened = std::get_if<const fault::WindowOpened*>(&event.data)) {
    if (std::ranges::find(kSilent, (*opened)->point) != kSilent.end()) ++points_[(*opened)->point];
  }
}

Coverage CoverageSink::take() const {
  Coverage coverage;
  for (const auto& [type, n] : events_) coverage.events[std::string(type)] = n;
  coverage.points = points_;
  return coverage;
}

}  // namespace podramp::sim
