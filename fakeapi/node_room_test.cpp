#include "fakeapi/node_room.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

namespace podramp::fakeapi::node_room_test {
namespace {

constexpr std::int64_t kGi = 1LL << 30;

Node node(const std::string& name, std::int64_t cpu_milli, std::int64_t memory_gi, std::int64_t pods = 110) {
  Node n;
  n.name = name;
  n.allocatable = {cpu_milli, memory_gi * kGi, {}};
  n.pods_max = pods;
  return n;
}

PodTemplate tmpl(std::int64_t cpu_milli, std::int64_t memory_gi) {
  PodTemplate t;
  t.containers.push_back({});
  t.containers[0].requests = {cpu_milli, memory_gi * kGi, {}};
  return t;
}

Draw any_draw() { return Draw(1, "test", "x"); }

// What a pod is told when it fits nowhere.
std::string told(NodeRoom& room, const PodTemplate& t) {
  const auto shape = room.shape(*share(t));
  EXPECT_FALSE(room.choose(shape, any_draw()).has_value());
  return room.refusal(shape).message;
}

TEST(NodeRoom, without_nodes_it_says_so) {
  NodeRoom room;
  EXPECT_EQ(told(room, tmpl(1000, 1)), "no nodes available to schedule pods");
}

TEST(NodeRoom, the_message_counts_every_lacking_resource_and_sorts_the_reasons_as_text_K53) {  // K57: pods too
  NodeRoom room;
  room.set_node(node("a", 500, 64));
  room.set_node(node("b", 500, 1));
  room.set_node(node("c", 500, 64));
  room.set_node(node("d", 8000, 64, 0));
  EXPECT_EQ(told(room, tmpl(1000, 2)),
            "0/4 nodes are available: 1 Insufficient memory, 1 Too many pods, 3 Insufficient cpu. "
            "preemption: 0/4 nodes are available: 4 No preemption victims found for incoming pod.");
}

TEST(NodeRoom, reasons_are_sorted_with_their_counts_so_twelve_comes_before_two) {
  NodeRoom room;
  for (int i = 0; i < 12; ++i) room.set_node(node(fmt::format("small-{}", i), 500, 64));
  for (int i = 0; i < 2; ++i) room.set_node(node(fmt::format("full-{}", i), 8000, 64, 0));
  EXPECT_EQ(told(room, tmpl(1000, 2)),
            "0/14 nodes are available: 12 Insufficient cpu, 2 Too many pods. "
            "preemption: 0/14 nodes are available: 14 No preemption victims found for incoming pod.");
}

TEST(NodeRoom, the_first_failing_filter_speaks_for_a_node) {
  NodeRoom room;
  Node cordoned = node("cordoned", 500, 1);
  cordoned.unschedulable = true;
  cordoned.taints = {{"gpu", "yes", "NoSchedule"}};
  Node tainted = node("tainted", 500, 1);
  tainted.taints = {{"gpu", "yes", "NoSchedule"}, {"other", "", "NoExecute"}};
  Node unreachable = node("unreachable", 500, 1);
  unreachable.taints = {{"node.kubernetes.io/unreachable", "", "NoSchedule"}};
  Node unselected = node("unselected", 500, 1);
  Node small = node("small", 500, 1);
  small.labels = {{"pool", "spark"}};
  for (const Node& n : {cordoned, tainted, unreachable, unselected, small}) room.set_node(n);
  PodTemplate t = tmpl(1000, 2);
  t.node_selector = {{"pool", "spark"}};
  EXPECT_EQ(told(room, t),
            "0/5 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, "
            "1 node(s) didn't match Pod's node affinity/selector, "
            "1 node(s) had untolerated taint {gpu: yes}, "
            "1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 1 node(s) were unschedulable. "
            "preemption: 0/5 nodes are available: 1 No preemption victims found for incoming pod, "
            "4 Preemption is not helpful for scheduling.");
  EXPECT_EQ(room.refusal(room.shape(*share(t))).filters, kAllFilters);
}

TEST(NodeRoom, other_resources_are_named) {
  NodeRoom room;
  Node with_gpu = node("g", 8000, 64);
  with_gpu.allocatable.other = {{"nvidia.com/gpu", 2}};
  room.set_node(with_gpu);
  room.set_node(node("a", 8000, 64));
  PodTemplate t = tmpl(1000, 1);
  t.containers[0].requests.other = {{"nvidia.com/gpu", 1}};
  const auto shape = room.shape(*share(t));
  const auto g = room.index("g");
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(room.choose(shape, any_draw()), g);
    room.take(g, shape);
  }
  EXPECT_EQ(told(room, t),
            "0/2 nodes are available: 2 Insufficient nvidia.com/gpu. "
            "preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.");
  room.give_back(g, shape);
  EXPECT_EQ(room.choose(shape, any_draw()), g);
}

TEST(NodeRoom, a_tolerated_taint_and_a_preferred_one_do_not_refuse) {
  NodeRoom room;
  Node n = node("a", 8000, 64);
  n.taints = {{"gpu", "yes", "NoSchedule"}, {"soft", "", "PreferNoSchedule"}};
  room.set_node(n);
  PodTemplate t = tmpl(1000, 1);
  EXPECT_FALSE(room.choose(room.shape(*share(t)), any_draw()).has_value());
  t.tolerations = {{"gpu", "Equal", "yes", "NoSchedule", std::nullopt}};
  EXPECT_EQ(room.choose(room.shape(*share(t)), any_draw()), room.index("a"));
}

TEST(NodeRoom, the_emptiest_node_wins) {
  NodeRoom room;
  room.set_node(node("a", 4000, 16));
  room.set_node(node("b", 8000, 32));
  const auto shape = room.shape(*share(tmpl(1000, 4)));
  const auto b = room.index("b");
  // b scores 87 and 75 with one and two pods; a scores 75 with one: the third pod finds a tie or better on a.
  EXPECT_EQ(room.choose(shape, any_draw()), b);
  room.take(b, shape);
  room.take(b, shape);
  EXPECT_EQ(room.choose(shape, any_draw()), room.index("a"));
}

TEST(NodeRoom, ties_are_broken_by_the_draw_and_by_nothing_else) {
  std::set<NodeRoom::NodeIndex> chosen;
  for (int i = 0; i < 50; ++i) {
    NodeRoom room;
    for (int n = 0; n < 4; ++n) room.set_node(node(fmt::format("n{}", n), 4000, 16));
    const auto shape = room.shape(*share(tmpl(1000, 4)));
    const Draw tie(7, "tie", fmt::format("pod-{}", i));
    const auto first = room.choose(shape, tie);
    EXPECT_EQ(first, room.choose(shape, tie));
    chosen.insert(*first);
  }
  EXPECT_EQ(chosen.size(), 4U);
}

TEST(NodeRoom, a_sample_is_all_of_a_small_cluster_and_a_share_of_a_big_one_K48) {
  EXPECT_EQ(NodeRoom::sample_size(99), 99U);
  EXPECT_EQ(NodeRoom::sample_size(100), 100U);
  EXPECT_EQ(NodeRoom::sample_size(1000), 420U);
  EXPECT_EQ(NodeRoom::sample_size(5000), 500U);
  EXPECT_EQ(NodeRoom::sample_size(6000), 300U);
  EXPECT_EQ(NodeRoom::sample_size(15000), 750U);
}

TEST(NodeRoom, the_sample_starts_where_the_last_one_ended) {
  NodeRoom room;
  for (int n = 0; n < 200; ++n) room.set_node(node(fmt::format("n{:03}", n), 4000, 16));
  const auto shape = room.shape(*share(tmpl(1000, 4)));
  // 200 nodes: samples of 100 (percent 49 is below the minimum). All equal, so the choice is within the sample.
  for (int i = 0; i < 20; ++i) {
    const auto chosen = room.choose(shape, Draw(3, "tie", fmt::format("p{}", i)));
    EXPECT_EQ(*chosen < 100, i % 2 == 0) << i;
  }
}

TEST(NodeRoom, zones_take_turns_in_the_order_of_the_nodes) {
  std::set<NodeRoom::NodeIndex> chosen;
  for (int i = 0; i < 100; ++i) {
    NodeRoom room;
    for (int n = 0; n < 300; ++n) {
      Node one = node(fmt::format("n{:03}", n), 4000, 16);
      one.labels[std::string(kZoneLabel)] = n < 100 ? "a" : "b";
      room.set_node(one);
    }
    const Draw tie(3, "tie", fmt::format("p{}", i));
    chosen.insert(*room.choose(room.shape(*share(tmpl(1000, 4))), tie));
  }
  // 300 nodes: the first sample is 48 percent, 144 of them: 72 of each zone.
  for (const auto n : chosen) EXPECT_TRUE(n < 72 || (n >= 100 && n < 172)) << n;
  EXPECT_LT(*chosen.begin(), 72U);
  EXPECT_GE(*chosen.rbegin(), 100U);
}

TEST(NodeRoom, a_node_that_leaves_and_comes_back_keeps_what_is_placed_on_it) {
  NodeRoom room;
  room.set_node(node("a", 1000, 16));
  const auto shape = room.shape(*share(tmpl(1000, 4)));
  room.take(room.index("a"), shape);
  room.remove_node("a");
  EXPECT_EQ(room.size(), 0U);
  EXPECT_EQ(told(room, tmpl(1000, 4)), "no nodes available to schedule pods");
  room.set_node(node("a", 1000, 16));
  EXPECT_EQ(told(room, tmpl(1000, 4)),
            "0/1 nodes are available: 1 Insufficient cpu. "
            "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.");
  room.give_back(room.index("a"), shape);
  EXPECT_EQ(room.choose(shape, any_draw()), room.index("a"));
}

TEST(NodeRoom, could_fit_asks_about_the_empty_node) {
  NodeRoom room;
  room.set_node(node("a", 1000, 16));
  const auto fits = room.shape(*share(tmpl(1000, 4)));
  const auto big = room.shape(*share(tmpl(1001, 4)));
  room.take(room.index("a"), fits);
  EXPECT_TRUE(room.could_fit(fits, room.index("a")));
  EXPECT_FALSE(room.could_fit(big, room.index("a")));
  Node tainted = node("a", 1000, 16);
  tainted.taints = {{"x", "", "NoExecute"}};
  room.set_node(tainted);
  EXPECT_FALSE(room.could_fit(fits, room.index("a")));
}

TEST(NodeRoom, more_shapes_than_kept_tables_change_no_verdict) {
  NodeRoom room;
  room.set_node(node("a", 100'000, 400));
  std::vector<NodeRoom::ShapeId> shapes;
  for (int i = 0; i < 200; ++i) shapes.push_back(room.shape(*share(tmpl(1 + i, 1))));
  std::int64_t used = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 200; ++i) {
      const bool fits = used + 1 + i <= 100'000 && round * 200 + i < 110;
      ASSERT_EQ(room.choose(shapes[static_cast<std::size_t>(i)], any_draw()).has_value(), fits) << round << " " << i;
      if (!fits) continue;
      room.take(0, shapes[static_cast<std::size_t>(i)]);
      used += 1 + i;
    }
  }
}

}  // namespace
}  // namespace podramp::fakeapi::node_room_test
