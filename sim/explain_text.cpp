// What people read of an Explanation.
#include <fmt/format.h>

#include <algorithm>

#include "sim/explain.h"

namespace podramp::sim {
namespace {

constexpr std::size_t kSlowestShown = 10;
constexpr std::size_t kCreatesShown = 2;  // of a round's other creates in a chain

using Share = std::pair<WaitReason, DurationUs>;

std::vector<Share> largest_first(const std::map<WaitReason, DurationUs>& times) {
  std::vector<Share> shares(times.begin(), times.end());
  std::ranges::stable_sort(shares, [](const Share& a, const Share& b) { return a.second > b.second; });
  return shares;
}

DurationUs whole(const std::map<WaitReason, DurationUs>& times) {
  DurationUs all = 0;
  for (const auto& [reason, time] : times) all += time;
  return all;
}

std::string shares_text(const std::map<WaitReason, DurationUs>& times, std::size_t max) {
  const DurationUs all = whole(times);
  std::string text;
  std::size_t shown = 0;
  for (const auto& [reason, time] : largest_first(times)) {
    if (shown++ == max || (shown > 1 && time * 100 < all)) break;
    text += fmt::format("{}{} {} ({} %)", text.empty() ? "" : ", ", to_text(reason), format_time(time),
                        all == 0 ? 0 : time * 100 / all);
  }
  return text.empty() ? "nothing" : text;
}

std::string overview(const Explanation& e) {
  const bool of_sets = std::ranges::all_of(e.waits, [](const ExecutorWait& wait) { return wait.row.of_set; });
  std::string text = fmt::format("waited    {} executors, {} registered: {} in all from wanted to registered\n",
                                 e.asked, e.registered, format_time(whole(e.total)));
  if (e.never_asked > 0) {
    text += fmt::format("missing   {} more {}\n", e.never_asked,
                        of_sets ? "were wanted and got no pod" : "are wanted and were never asked for");
  }
  if (e.refused > 0) text += fmt::format("failed    {} creates; other ids took their places\n", e.refused);
  text += fmt::format("for       {}\n", shares_text(e.total, 6));
  std::size_t shown = 0;
  for (const auto& [reason, time] : largest_first(e.total)) {
    if (shown++ == 2 || time * 10 < whole(e.total)) break;
    text += fmt::format("{}      {}\n", shown == 1 ? "why " : "    ", reason_text(reason, of_sets));
  }
  shown = 0;
  for (const std::size_t i : slowest_first(e.waits)) {
    const ExecutorWait& wait = e.waits[i];
    if (shown++ == kSlowestShown) break;
    text += fmt::format("{} {} {}: {}, {}: {}\n", shown == 1 ? "slowest  " : "         ", wait.application,
                        executor_name(wait), format_time(wait.until_us - wait.wanted_us), fate_text(wait),
                        shares_text(sum(wait.slices), 3));
  }
  if (e.level != "all")
    text += "note      this log has no facts (run with --log all): the cluster's part is \"unknown\"\n";
  return text;
}

// A round creates one after the other: of the creates before this one only the first and the last are shown.
std::string chain_text(const std::vector<ChainLink>& chain, const std::string& pod) {
  std::vector<std::size_t> creates;  // out.called before the executor's own
  std::size_t own = chain.size();
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (chain[i].type == out::Called::kType) creates.push_back(i);
    if (chain[i].key.ends_with(pod) && own == chain.size()) own = i;
  }
  std::erase_if(creates, [&](std::size_t i) { return i >= own; });
  if (!creates.empty()) creates.pop_back();  // its own
  std::size_t hide_from = chain.size();
  std::size_t hide_to = 0;
  if (creates.size() > kCreatesShown) {
    hide_from = creates[1];
    hide_to = creates.back();
  }
  std::string text;
  TimeUs before = chain.empty() ? 0 : chain.front().t;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const ChainLink& link = chain[i];
    if (i == hide_from) {
      text += fmt::format("{:>12}  ... {} creates of the same round ...\n", "", creates.size() - 1);
    }
    if (i < hide_from || i >= hide_to) {
      text += fmt::format("{:>12}  +{:<10} {:<26} {:<12} {}\n", format_time(link.t), format_time(link.t - before),
                          link.type, link.by, link.key);
    }
    before = link.t;
  }
  return text;
}

}  // namespace

std::string fate_text(const ExecutorWait& wait) {
  const std::string at = format_time(wait.until_us);
  switch (wait.end) {
    case WaitEnd::registered: return "registered at " + at;
    case WaitEnd::ended: return "ended unregistered at " + at;
    case WaitEnd::open: return "not registered when the log ends at " + at;
    case WaitEnd::refused: return fmt::format("its create failed at {}, and another id took its place", at);
    case WaitEnd::never_asked:
      return (wait.row.of_set ? "no pod was made for it until " : "never asked for until the log ends at ") + at;
  }
  return "";
}

std::string executor_name(const ExecutorWait& wait) {
  if (wait.row.id != 0) return std::to_string(wait.row.id);
  return wait.row.pod.empty() ? "(no id)" : wait.row.pod;
}

std::string executor_text(const Explanation& e, const ExecutorDetail& detail) {
  const ExecutorWait& wait = e.waits[detail.wait];
  std::string text = fmt::format("executor  {} of {}, pod {}{}\n", executor_name(wait), wait.application, wait.row.pod,
                                 wait.row.node.empty() ? "" : ", node " + wait.row.node);
  text += fmt::format("waited    {} from {}: {}\n", format_time(wait.until_us - wait.wanted_us),
                      format_time(wait.wanted_us), fate_text(wait));
  for (const WaitSlice& slice : wait.slices) {
    text +=
        fmt::format("{:>12}  {:<10}  {:<14} {}\n", format_time(slice.from_us), format_time(slice.to_us - slice.from_us),
                    to_text(slice.reason), reason_text(slice.reason, wait.row.of_set));
  }
  if (wait.row.unschedulable_us) text += fmt::format("scheduler {}\n", wait.row.unschedulable_message);
  for (const std::string& said : detail.said) text += fmt::format("said      {}\n", said);
  text +=
      fmt::format("causes    oldest first, from the event that started its {}\n", wait.row.of_set ? "set" : "round");
  text += chain_text(detail.chain, wait.row.pod);
  return text;
}

std::string_view reason_text(WaitReason reason, bool of_set) {
  if (of_set) {
    switch (reason) {
      case WaitReason::quota:
        return "the namespace's ResourceQuota refused its set's controller, which tries again after a growing back-off";
      case WaitReason::refused:
        return "its set, or a pod of it, was refused; a controller tries again after a growing back-off";
      case WaitReason::api: return "the driver's request for its set was under way";
      default: break;
    }
  }
  switch (reason) {
    case WaitReason::backlog_timer:
      return "tasks waited for dynamic allocation to raise the target (schedulerBacklogTimeout, then doubling steps)";
    case WaitReason::round: return "the allocator's next round had not come (spark.kubernetes.allocation.batch.delay)";
    case WaitReason::batch:
      return "others went first: a round creates spark.kubernetes.allocation.batch.size executors";
    case WaitReason::creating: return "its round was creating others: creates are sent one after the other";
    case WaitReason::pending_cap: return "spark.kubernetes.allocation.maxPendingPods was reached";
    case WaitReason::profile_share: return "its profile's share of the free pending slots was used up";
    case WaitReason::unacknowledged:
      return "a created pod was in no snapshot yet: its profile asks for nothing meanwhile";
    case WaitReason::claims: return "no claim was free to be reused (driver.waitToReusePersistentVolumeClaim)";
    case WaitReason::quota: return "the namespace's ResourceQuota refused creates; every round tried again";
    case WaitReason::refused: return "the API server refused a create; every round tried again";
    case WaitReason::api_error: return "the API server failed or could not be reached";
    case WaitReason::api: return "its create was under way";
    case WaitReason::controller:
      return "its set's controller had not made its pod (at most about 20 a second, and none while an old one is left)";
    case WaitReason::scheduler: return "the scheduler had not looked at it yet";
    case WaitReason::unschedulable: return "no node fitted it";
    case WaitReason::autoscaler: return "no node fitted it, and the autoscaler's was still to come";
    case WaitReason::kubelet: return "the kubelet's way to a running container";
    case WaitReason::image_pull: return "its node pulled the image";
    case WaitReason::start: return "the image was there, the container was not up yet";
    case WaitReason::registration: return "the JVM came up and asked to register";
    case WaitReason::unknown: return "the log does not say";
  }
  return "";
}

std::string explain_text(const Explanation& explanation) {
  return explanation.chosen ? executor_text(explanation, *explanation.chosen) : overview(explanation);
}

}  // namespace podramp::sim
