#include "sim/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "backend/port/json_writer.h"
#include "sim/experiment.h"
#include "sim/log_reader.h"

namespace podramp::sim {
namespace {

// What is kept of every event, so that causes can be walked.
struct Kept {
  TimeUs t = 0;
  Seq cause = 0;
  std::string_view type;
  std::string by;
  std::string key;
};

// Everything that starts a round or a life: a chain ends there.
bool is_beginning(std::string_view type) {
  return type == in::Started::kType || type == in::TargetSet::kType || type == in::TimerDue::kType ||
         type == in::JobSubmitted::kType || type == in::ConfChanged::kType;
}

std::vector<ChainLink> chain_to(Seq seq, const std::unordered_map<Seq, Kept>& events) {
  std::vector<ChainLink> chain;
  while (seq != 0) {
    const auto it = events.find(seq);
    if (it == events.end()) break;
    const Kept& event = it->second;
    chain.push_back({seq, event.t, std::string(event.type), event.by, event.key});
    if (is_beginning(event.type)) break;
    seq = event.cause;
  }
  std::ranges::reverse(chain);
  return chain;
}

// What is said in words of one executor: of its configuration, and in notes about its pod.
class Words {
 public:
  void note(const EventRef& event) {
    if (const auto* given = std::get_if<const out::ConfigGiven*>(&event.data); given != nullptr) {
      if (!(*given)->error.empty())
        of_executor_[{std::string(event.by), (*given)->executor}].push_back((*given)->error);
    } else if (const auto* text = std::get_if<const note::Text*>(&event.data); text != nullptr) {
      of_pod_[std::string(event.key)].push_back((*text)->text);
    } else {
      note_autoscaler(event);
    }
  }
  std::vector<std::string> of(const ExecutorWait& wait) const {
    std::vector<std::string> words;
    const auto add = [&](const auto& map, const auto& key) {
      const auto it = map.find(key);
      if (it != map.end()) words.insert(words.end(), it->second.begin(), it->second.end());
    };
    add(of_executor_, std::pair(wait.application, wait.row.id));
    add(of_pod_, "pods/" + wait.row.pod);
    for (const WaitSlice& slice : wait.slices) {
      if (slice.reason != WaitReason::autoscaler) continue;
      std::size_t told = 0;  // the newest
      for (auto it = autoscaler_.rbegin(); it != autoscaler_.rend() && told < kAutoscalerWords; ++it) {
        if (it->first < slice.from_us || it->first > slice.to_us) continue;
        words.insert(words.end() - static_cast<std::ptrdiff_t>(told++), it->second);
      }
    }
    return words;
  }

 private:
  static constexpr std::size_t kAutoscalerWords = 8;

  // What an autoscaler did and could not do, while somebody waited for it.
  void note_autoscaler(const EventRef& event) {
    const auto add = [&](std::string text) {
      autoscaler_.emplace_back(event.t, fmt::format("{} at {}: {}", event.by, format_time(event.t), text));
    };
    if (const auto* up = std::get_if<const fact::ScaleUp*>(&event.data)) {
      add(fmt::format("group {} from {} to {} nodes for {} pods", (*up)->group, (*up)->from, (*up)->to, (*up)->pods));
    } else if (const auto* failed = std::get_if<const fact::ScaleUpFailed*>(&event.data)) {
      add(fmt::format("{} nodes of group {} did not come: {}; passed over until {}", (*failed)->machines,
                      (*failed)->group, (*failed)->reason, format_time((*failed)->until_us)));
    } else if (const auto* refused = std::get_if<const fact::ScaleUpRefused*>(&event.data)) {
      if ((*refused)->pods > 0) add(fmt::format("no node for {} pods: {}", (*refused)->pods, (*refused)->reason));
    }
  }

  std::vector<std::pair<TimeUs, std::string>> autoscaler_;
  std::map<std::pair<std::string, ExecutorId>, std::vector<std::string>> of_executor_;
  std::map<std::string, std::vector<std::string>> of_pod_;
};

// The last event that says what became of an executor.
class Fates {
 public:
  void note(const EventRef& event) {
    std::visit(
        [&]<class T>(const T* data) {
          if constexpr (std::is_same_v<T, out::RegistrationAccepted>) {
            registered_[{std::string(event.by), data->executor}] = event.seq;
          } else if constexpr (std::is_same_v<T, out::ExecutorRemoved>) {
            removed_[{std::string(event.by), data->executor}] = event.seq;
          } else if constexpr (std::is_same_v<T, fact::PodUnschedulable> || std::is_same_v<T, fact::PodWaiting> ||
                               std::is_same_v<T, fact::PodRunning> || std::is_same_v<T, fact::PodBound>) {
            pod_[data->pod] = event.seq;
          } else if constexpr (std::is_same_v<T, fact::PodCreated>) {
            pod_.try_emplace(pod_key(*data->pod), event.seq);  // of a set: no create of the driver's
          } else if constexpr (std::is_same_v<T, out::Called>) {
            if (data->request.verb == Verb::create && data->request.body) {
              pod_[pod_key(*data->request.body)] = event.seq;
            }
          }
        },
        event.data);
  }
  Seq of(const ExecutorWait& wait) const {
    const std::pair key{wait.application, wait.row.id};
    if (const auto it = registered_.find(key); it != registered_.end()) return it->second;
    if (const auto it = removed_.find(key); it != removed_.end()) return it->second;
    const auto it = pod_.find(wait.row.pod);
    return it == pod_.end() ? 0 : it->second;
  }

 private:
  std::map<std::pair<std::string, ExecutorId>, Seq> registered_;
  std::map<std::pair<std::string, ExecutorId>, Seq> removed_;
  std::unordered_map<std::string, Seq> pod_;
};

Result<std::size_t> choose_pod(const std::vector<ExecutorWait>& waits, const std::string& pod) {
  const auto is_it = [&](const ExecutorWait& wait) { return wait.row.pod == pod || wait.row.pod.ends_with("/" + pod); };
  const auto last = std::find_if(waits.rbegin(), waits.rend(), is_it);
  if (last == waits.rend()) return tl::unexpected(Error{fmt::format("no executor was in a pod {}", pod)});
  return static_cast<std::size_t>(waits.rend() - last - 1);
}

Result<std::size_t> choose(const std::vector<ExecutorWait>& waits, const ExplainWhat& what) {
  if (what.pod) return choose_pod(waits, *what.pod);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < waits.size(); ++i) {
    if (waits[i].row.id == *what.executor) found.push_back(i);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return tl::unexpected(Error{fmt::format("no executor {} was asked for{}", *what.executor,
                                            what.application ? " by " + *what.application : "")});
  }
  std::string names;
  for (const std::size_t i : found) names += (names.empty() ? "" : ", ") + waits[i].application;
  return tl::unexpected(Error{fmt::format("{} applications have an executor {}: name one with --application ({})",
                                          found.size(), *what.executor, names)});
}

}  // namespace

std::vector<std::size_t> slowest_first(const std::vector<ExecutorWait>& waits) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < waits.size(); ++i) {
    if (waits[i].end != WaitEnd::refused) order.push_back(i);
  }
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return waits[a].until_us - waits[a].wanted_us > waits[b].until_us - waits[b].wanted_us;
  });
  return order;
}

Result<Explanation> explain_log(const std::string& path, const ExplainWhat& what) {
  auto log = LogReader::open(path);
  if (!log) return tl::unexpected(log.error());
  const auto logged = logged_applications(log->header());
  if (!logged) return tl::unexpected(Error{path + ": " + logged.error().message});
  WaitSlices slices;
  bool known = !what.application;
  for (const auto& [by, app] : *logged) {
    slices.add_application(by, app.app_id, app.conf.initial_executors);
    known = known || by == *what.application;
  }
  if (!known) return tl::unexpected(Error{fmt::format("{}: there is no application {}", path, *what.application)});

  const bool in_detail = what.executor || what.pod || what.slowest > 0;
  std::unordered_map<Seq, Kept> events;  // never iterated
  Fates fates;
  Words words;
  for (;;) {
    auto event = log->next();
    if (!event) return tl::unexpected(event.error());
    if (!*event) break;
    const EventRef ref = (*event)->ref();
    slices.append(ref);
    if (!in_detail) continue;
    fates.note(ref);
    words.note(ref);
    events[ref.seq] = {ref.t, ref.cause, type_name(ref.data), std::string(ref.by), std::string(ref.key)};
  }

  Explanation explanation{path, std::string(to_text(log->header().level)), slices.finish(), {}, 0, 0, 0, 0, {}, {}};
  if (what.application) {
    std::erase_if(explanation.waits, [&](const ExecutorWait& wait) { return wait.application != *what.application; });
  }
  for (const ExecutorWait& wait : explanation.waits) {
    if (wait.end == WaitEnd::refused) {
      ++explanation.refused;
      continue;
    }
    for (const auto& [reason, time] : sum(wait.slices)) explanation.total[reason] += time;
    ++(wait.end == WaitEnd::never_asked ? explanation.never_asked : explanation.asked);
    explanation.registered += wait.end == WaitEnd::registered ? 1 : 0;
  }
  const auto detail = [&](std::size_t i) {
    return ExecutorDetail{i, chain_to(fates.of(explanation.waits[i]), events), words.of(explanation.waits[i])};
  };
  if (what.executor || what.pod) {
    const auto chosen = choose(explanation.waits, what);
    if (!chosen) return tl::unexpected(chosen.error());
    explanation.chosen = detail(*chosen);
  }
  if (what.slowest > 0) {
    for (const std::size_t i : slowest_first(explanation.waits)) {
      if (explanation.slowest.size() == what.slowest) break;
      explanation.slowest.push_back(detail(i));
    }
  }
  return explanation;
}

}  // namespace podramp::sim
