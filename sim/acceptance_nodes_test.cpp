// Issue 2, "holds when": the log of node_failure_wave shows spec/03 B7, "canonical timeline". 20 of the 50 nodes of
// zone a fall silent at 100 s: a-01..a-05 answer again at 220 s, a-06..a-10 at 800 s, the Node objects of a-11..a-15
// are deleted at 900 s, a-16..a-20 stay silent.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "sim/test_runs.h"

namespace podramp::sim::acceptance_nodes_test {
namespace {

constexpr TimeUs kFailure = 100 * kSecondUs;
constexpr TimeUs kFirstReturn = 220 * kSecondUs;
constexpr TimeUs kSecondReturn = 800 * kSecondUs;
constexpr TimeUs kDeletion = 900 * kSecondUs;

struct NodeStory {
  std::optional<TimeUs> silent, unknown, no_schedule, no_execute, untainted;
  std::vector<std::string> pods;  // bound before the failure
};

struct PodStory {
  std::string node;
  std::optional<TimeUs> not_ready, disruption_target, terminating, finished, gone;
  std::string terminating_why;
  std::string finished_by;
};

// 1..20 of group a, 0 for another node.
int number(const std::string& node) { return node.starts_with("a-") ? std::stoi(node.substr(2)) : 0; }
bool between(const std::string& node, int first, int last) { return number(node) >= first && number(node) <= last; }

class NodeFailureWave : public testing::Test {
 protected:
  void SetUp() override {
    events_ = run_and_read(shipped_scenario("node_failure_wave.json"));
    for (const LoggedEvent& e : events_) {
      std::visit([&](const auto& data) { on(e, data); }, e.event.data);
    }
    ASSERT_EQ(nodes_.size(), 20U);
    for (const auto& [name, pod] : pods_) {
      const auto node = nodes_.find(pod.node);
      if (node != nodes_.end()) node->second.pods.push_back(name);
    }
  }

  void on(const LoggedEvent& e, const fact::NodeSilent& data) {
    ASSERT_EQ(e.t(), kFailure);
    nodes_[data.node].silent = e.t();
  }
  void on(const LoggedEvent& e, const fact::NodeReadyChanged& data) {
    if (data.ready == Truth::unknown) nodes_.at(data.node).unknown = e.t();
  }
  void on(const LoggedEvent& e, const fact::NodeTainted& data) {
    NodeStory& node = nodes_.at(data.node);
    for (const Taint& taint : data.taints) {
      EXPECT_EQ(taint.key, "node.kubernetes.io/unreachable");
      auto& since = taint.effect == "NoSchedule" ? node.no_schedule : node.no_execute;
      if (!since) since = e.t();
    }
    if (data.taints.empty()) node.untainted = e.t();
  }
  void on(const LoggedEvent& e, const fact::PodBound& data) {
    PodStory& pod = pods_[data.pod];
    if (e.t() < kFailure) pod.node = data.node;  // replacements are none of this
  }
  void on(const LoggedEvent& e, const fact::PodConditionSet& data) {
    PodStory& pod = pods_.at(data.pod);
    if (data.condition.type == "Ready" && data.condition.status == Truth::no) pod.not_ready = e.t();
    if (data.condition.type == "DisruptionTarget" && !pod.disruption_target) pod.disruption_target = e.t();
  }
  void on(const LoggedEvent& e, const fact::PodTerminating& data) {
    pods_.at(data.pod).terminating = e.t();
    pods_.at(data.pod).terminating_why = data.why;
  }
  void on(const LoggedEvent& e, const fact::PodFinished& data) {
    pods_.at(data.pod).finished = e.t();
    pods_.at(data.pod).finished_by = e.event.by;
    EXPECT_EQ(data.phase, PodPhase::failed);
  }
  void on(const LoggedEvent& e, const fact::PodGone& data) { pods_.at(data.pod).gone = e.t(); }
  template <class T>
  void on(const LoggedEvent& /*e*/, const T& /*data*/) {}

  // Visits (node, pod) of the nodes a-first..a-last; returns how many pods there are.
  template <class Visit>
  std::size_t each_pod(int first, int last, Visit&& visit) {
    std::size_t count = 0;
    for (const auto& [name, node] : nodes_) {
      if (!between(name, first, last)) continue;
      for (const std::string& pod : node.pods) {
        SCOPED_TRACE(name + " " + pod);
        visit(node, pods_.at(pod));
        ++count;
      }
    }
    return count;
  }

  std::vector<LoggedEvent> events_;
  std::map<std::string, NodeStory> nodes_;  // those that fell silent
  std::map<std::string, PodStory> pods_;
};

// K67, K68: the last lease is up to 10 s old at the failure; 50 s later, at a check every 5 s, the node is Unknown.
TEST_F(NodeFailureWave, NodesBecomeUnknownFiftySecondsAfterTheirLastLease) {
  for (const auto& [name, node] : nodes_) {
    ASSERT_TRUE(node.unknown) << name;
    EXPECT_GT(*node.unknown, kFailure + 40 * kSecondUs) << name;
    EXPECT_LE(*node.unknown, kFailure + 55 * kSecondUs) << name;
    EXPECT_EQ(*node.unknown % (5 * kSecondUs), 0) << name;
  }
}

// K69.
TEST_F(NodeFailureWave, UnknownBringsNoScheduleAndReadyFalseAtOnceWhilePodsKeepTheirPhase) {
  for (const auto& [name, node] : nodes_) EXPECT_EQ(node.no_schedule, node.unknown) << name;
  const std::size_t pods = each_pod(1, 20, [](const NodeStory& node, const PodStory& pod) {
    EXPECT_EQ(pod.not_ready, node.unknown);
    EXPECT_TRUE(!pod.finished || *pod.finished >= kSecondReturn);
  });
  EXPECT_GE(pods, 20U);
}

// K70: one NoExecute taint every ten seconds in a zone that is less than 55 % down.
TEST_F(NodeFailureWave, NoExecuteTaintsComeExactlyOnePerTenSeconds) {
  std::vector<TimeUs> taints;
  for (const auto& [name, node] : nodes_) {
    if (!node.no_execute) {
      EXPECT_TRUE(between(name, 1, 5)) << name << " never got its NoExecute taint";
      continue;
    }
    taints.push_back(*node.no_execute);
    EXPECT_GE(*node.no_execute, *node.unknown) << name;
  }
  std::ranges::sort(taints);
  ASSERT_GE(taints.size(), 15U);
  EXPECT_LE(taints.front(), kFailure + 55 * kSecondUs + 10 * kSecondUs);
  for (std::size_t i = 1; i < taints.size(); ++i) EXPECT_EQ(taints[i] - taints[i - 1], 10 * kSecondUs) << i;
}

// K75, before 300 s.
TEST_F(NodeFailureWave, NodesThatReturnAfterTwoMinutesAreUntaintedAndNothingIsDeletedThere) {
  for (const auto& [name, node] : nodes_) {
    if (!between(name, 1, 5)) continue;
    ASSERT_TRUE(node.untainted) << name;
    EXPECT_GE(*node.untainted, kFirstReturn) << name;
    EXPECT_LE(*node.untainted, kFirstReturn + 10 * kSecondUs) << name;
  }
  const std::size_t pods = each_pod(1, 5, [](const NodeStory& /*node*/, const PodStory& pod) {
    EXPECT_FALSE(pod.terminating);
    EXPECT_FALSE(pod.finished);
    EXPECT_FALSE(pod.gone);
  });
  EXPECT_GE(pods, 5U);
}

// K71.
TEST_F(NodeFailureWave, EveryPodIsDeletedExactlyThreeHundredSecondsAfterItsNodesTaint) {
  const std::size_t pods = each_pod(6, 20, [](const NodeStory& node, const PodStory& pod) {
    ASSERT_TRUE(pod.terminating);
    EXPECT_EQ(*pod.terminating, *node.no_execute + 300 * kSecondUs);
    EXPECT_EQ(pod.terminating_why, "eviction");
    EXPECT_EQ(pod.disruption_target, pod.terminating);
  });
  EXPECT_GE(pods, 15U);
}

// K75, after 300 s: the kubelet finishes the pending deletes.
TEST_F(NodeFailureWave, NodesThatReturnAfterSevenHundredSecondsFinishTheirPendingDeletes) {
  const std::size_t pods = each_pod(6, 10, [](const NodeStory& node, const PodStory& pod) {
    ASSERT_TRUE(pod.finished);
    ASSERT_TRUE(pod.gone);
    EXPECT_EQ(pod.finished_by, "kubelet");
    EXPECT_GE(*pod.finished, kSecondReturn);
    EXPECT_GE(*pod.gone, *pod.finished);
    EXPECT_LE(*pod.gone, kSecondReturn + 31 * kSecondUs);
    EXPECT_TRUE(node.untainted);
  });
  EXPECT_GE(pods, 5U);
}

// K73.
TEST_F(NodeFailureWave, PodsOfDeletedNodesFailAndGoFortyToSixtySecondsLater) {
  const std::size_t pods = each_pod(11, 15, [](const NodeStory& /*node*/, const PodStory& pod) {
    ASSERT_TRUE(pod.finished);
    ASSERT_TRUE(pod.gone);
    EXPECT_EQ(pod.finished_by, "pod-gc");
    EXPECT_GE(*pod.finished, kDeletion + 40 * kSecondUs);
    EXPECT_GE(*pod.gone, *pod.finished);
    EXPECT_LE(*pod.gone, kDeletion + 61 * kSecondUs);
  });
  EXPECT_GE(pods, 5U);
}

// K72.
TEST_F(NodeFailureWave, PodsOfNodesThatStaySilentAreTerminatingAtTheEnd) {
  const std::size_t pods = each_pod(16, 20, [](const NodeStory& node, const PodStory& pod) {
    EXPECT_TRUE(pod.terminating);
    EXPECT_FALSE(pod.finished);
    EXPECT_FALSE(pod.gone);
    EXPECT_FALSE(node.untainted);
  });
  EXPECT_GE(pods, 5U);
  for (const LoggedEvent& e : events_) EXPECT_EQ(e.get<out::Exited>(), nullptr) << "the application goes on";
  EXPECT_GE(events_.back().t(), kDeletion + 60 * kSecondUs);
}

// 02 2.4: Running stays Running while the node is Unknown, Terminating counts as nothing in the allocator only once
// the watch shows it. So what Spark has seen as Terminating, Failed or gone is what it may replace, and no more.
TEST_F(NodeFailureWave, ReplacementsAreAskedForOnlyAfterSparkHasSeenThePodsEnd) {
  std::set<std::string> ended;  // seen Failed, deleted, or missing from a list
  std::set<std::string> live;   // seen, not ended
  std::size_t asked = 0;
  std::vector<TimeUs> instants;
  for (const LoggedEvent& e : events_) {
    if (const auto* watched = e.get<in::Watched>()) {
      for (const WatchEvent& event : watched->events) {
        const std::string& name = event.object->name;
        const bool over = event.type == WatchEventType::deleted || event.object->phase == PodPhase::failed;
        if (over) ended.insert(name);
        if (!over) live.insert(name);
      }
    } else if (const auto* reply = e.get<in::Replied>(); reply != nullptr && reply->reply.list) {
      std::set<std::string> listed;
      for (const PodPtr& pod : reply->reply.list->items) listed.insert(pod->name);
      for (const std::string& name : live) {
        if (!listed.contains(name)) ended.insert(name);
      }
    } else if (const auto* call = e.get<out::Called>();
               call != nullptr && call->request.verb == Verb::create && e.t() >= kFailure) {
      ++asked;
      instants.push_back(e.t());
      EXPECT_LE(asked, ended.size()) << e.line;
    }
  }
  const std::size_t finishing = each_pod(6, 15, [](const NodeStory& /*node*/, const PodStory& /*pod*/) {});
  EXPECT_EQ(asked, finishing) << "one replacement for each pod whose object is gone, none for the others";
  ASSERT_FALSE(instants.empty());
  EXPECT_GE(instants.front(), kSecondReturn);
  EXPECT_LE(instants.front(), kSecondReturn + 10 * kSecondUs);
  for (const TimeUs at : instants) {
    EXPECT_TRUE(at < kSecondReturn + 40 * kSecondUs || at >= kDeletion + 40 * kSecondUs) << format_time(at);
    EXPECT_LT(at, kDeletion + 70 * kSecondUs);
  }
}

}  // namespace
}  // namespace podramp::sim::acceptance_nodes_test
