#include "sim/measures.h"

#include <algorithm>

#include "backend/port/json_writer.h"

namespace podramp::sim {
namespace {

std::int64_t milli_seconds(DurationUs us) { return us / kMillisecondUs; }

// The value of which `permille` thousandths are not above it.
DurationUs quantile(std::vector<DurationUs> values, std::int64_t permille) {
  std::ranges::sort(values);
  const auto n = static_cast<std::int64_t>(values.size());
  const std::int64_t rank = std::clamp<std::int64_t>((n * permille + 999) / 1000, 1, n);
  return values[static_cast<std::size_t>(rank - 1)];
}

std::optional<std::int64_t> kpi_milli(const std::string& name, const Kpis& run,
                                      const std::map<std::string, Kpis>& applications) {
  const Kpis* list = &run;
  std::string kpi = name;
  if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
    const auto app = applications.find(name.substr(0, slash));
    if (app == applications.end()) return std::nullopt;
    list = &app->second;
    kpi = name.substr(slash + 1);
  }
  const auto found = list->find(kpi);
  if (found == list->end()) return std::nullopt;
  if (!kpi.ends_with("_ms")) return found->second * 1000;
  return found->second < 0 ? std::nullopt : std::optional(found->second);
}

}  // namespace

Measurer::Measurer(std::vector<Measure> measures) {
  for (Measure& measure : measures) {
    wants_pods_ = wants_pods_ || measure.kind == MeasureKind::pod_start;
    Seen seen;
    seen.event = pattern(measure.event);
    seen.to = pattern(measure.to);
    seen.measure = std::move(measure);
    seen_.push_back(std::move(seen));
  }
}

Measurer::Pattern Measurer::pattern(const std::string& text) {
  const std::size_t space = text.find(' ');
  if (space == std::string::npos) return {text, ""};
  return {text.substr(0, space), text.substr(space + 1)};
}

bool Measurer::matches(const Pattern& pattern, const EventRef& event) {
  if (pattern.type.empty() || type_name(event.data) != pattern.type) return false;
  return pattern.key_part.empty() || event.key.find(pattern.key_part) != std::string_view::npos;
}

void Measurer::note_pod(const EventRef& event) {
  if (const auto* const* created = std::get_if<const fact::PodCreated*>(&event.data)) {
    if (event.t > 0 || (*created)->pod->node.empty()) created_[pod_key(*(*created)->pod)] = event.t;
  } else if (const auto* const* running = std::get_if<const fact::PodRunning*>(&event.data)) {
    const auto it = created_.find((*running)->pod);
    if (it == created_.end()) return;
    starts_.push_back(event.t - it->second);
    created_.erase(it);
  } else if (const auto* const* gone = std::get_if<const fact::PodGone*>(&event.data)) {
    created_.erase((*gone)->pod);
  }
}

void Measurer::append(const EventRef& event, PodMemory& /*memory*/) {
  if (wants_pods_) note_pod(event);
  for (Seen& seen : seen_) {
    if (event.t <= seen.measure.until_us && matches(seen.event, event)) seen.at.push_back(event.t);
    const bool ends = matches(seen.to, event) && !seen.at.empty() && (seen.measure.last || !seen.to_at);
    if (ends) seen.to_at = event.t;
  }
}

std::optional<std::int64_t> Measurer::value_milli(std::size_t measure, const Kpis& kpis,
                                                  const std::map<std::string, Kpis>& applications) const {
  const Seen& seen = seen_.at(measure);
  switch (seen.measure.kind) {
    case MeasureKind::pod_start:
      if (starts_.empty()) return std::nullopt;
      return milli_seconds(quantile(starts_, seen.measure.quantile_permille));
    case MeasureKind::between:
      if (!seen.to_at) return std::nullopt;
      return milli_seconds(*seen.to_at - seen.at.front());
    case MeasureKind::rate: {
      const auto first = static_cast<std::size_t>(seen.measure.skip);
      if (seen.at.size() < first + 2) return std::nullopt;
      const DurationUs lasted = seen.at.back() - seen.at[first];
      const auto events = static_cast<std::int64_t>(seen.at.size() - first - 1);
      return lasted == 0 ? std::nullopt : std::optional(events * 1000 * kSecondUs / lasted);
    }
    case MeasureKind::count: return static_cast<std::int64_t>(seen.at.size()) * 1000;
    case MeasureKind::kpi: return kpi_milli(seen.measure.kpi, kpis, applications);
  }
  return std::nullopt;
}

}  // namespace podramp::sim
