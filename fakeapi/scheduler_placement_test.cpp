// Where pods go that ask for more than room: node affinity, taints to avoid, images, neighbours, spread.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/testing_context.h"

namespace podramp::fakeapi::scheduler_placement_test {
namespace {

using namespace parts;  // NOLINT: of testing_context.h
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::StartsWith;

constexpr TimeUs kSec = kSecondUs;
const std::string kHost = "kubernetes.io/hostname";

NodeSpec host(const std::string& name, std::int64_t cpu_milli, const std::string& zone = "") {
  NodeSpec spec = make_node(name, cpu_milli, 64, zone);
  spec.node.labels[kHost] = name;
  return spec;
}

LabelSelector app(const std::string& name) { return {{{"app", SelectorOp::equals, {name}}}}; }

PodTemplate labelled(const std::string& name, std::int64_t cpu_milli = 1000) {
  PodTemplate tmpl = make_template(cpu_milli, 1);
  tmpl.labels = {{"app", name}};
  return tmpl;
}

class Placing : public testing::Test {
 protected:
  void start(std::vector<NodeSpec> nodes) { start(make_config(std::move(nodes))); }
  void start(ClusterConfig config) {
    c.emplace(std::move(config));
    c->lifecycle->start();
  }
  // Where it is after a second; its condition's message when it is nowhere.
  std::string place(const std::string& name, const PodTemplate& tmpl) {
    c->create(name, tmpl);
    c->run_until(c->now() + kSec);
    return where(name);
  }
  std::string where(const std::string& name) const {
    const Pod& pod = *c->pod(name);
    return !pod.node.empty() ? pod.node : pod.condition("PodScheduled")->message;
  }
  std::optional<TestCluster> c;
};

TEST_F(Placing, required_node_affinity_is_a_filter) {
  start({host("small", 4000), host("large", 16'000)});
  PodTemplate tmpl = labelled("a");
  tmpl.placement.required_nodes = {{{{kHost, SelectorOp::in, {"small"}}}, {}}, {{}, {}}};
  EXPECT_EQ(place("a", tmpl), "small");
  tmpl.placement.required_nodes = {{{}, {{"metadata.name", SelectorOp::in, {"none"}}}}};
  EXPECT_EQ(place("b", tmpl),
            "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. "
            "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.");
}

TEST_F(Placing, preferences_of_nodes_outweigh_their_room_K49) {
  start({host("small", 4000), host("large", 16'000)});
  PodTemplate tmpl = labelled("a");
  EXPECT_EQ(place("plain", tmpl), "large");
  tmpl.placement.preferred_nodes = {{1, {{{kHost, SelectorOp::in, {"small"}}}, {}}}};
  EXPECT_EQ(place("a", tmpl), "small");
  EXPECT_EQ(place("b", tmpl), "small");
  tmpl.placement.preferred_nodes.push_back(
      {2, {{{kHost, SelectorOp::exists, {}}, {kHost, SelectorOp::not_in, {"small"}}}, {}}});
  EXPECT_EQ(place("c", tmpl), "large");
}

TEST_F(Placing, a_taint_to_avoid_is_avoided_by_those_who_do_not_tolerate_it) {
  std::vector<NodeSpec> nodes{host("small", 4000), host("large", 16'000)};
  nodes[1].node.taints = {{"spot", "", "PreferNoSchedule"}};
  start(nodes);
  EXPECT_EQ(place("a", labelled("a")), "small");
  PodTemplate tolerant = labelled("a");
  tolerant.tolerations = {{"spot", "Exists", "", "", std::nullopt}};
  EXPECT_EQ(place("b", tolerant), "large");
}

TEST_F(Placing, most_allocated_fills_nodes_up_K49) {
  ClusterConfig config = make_config({host("small", 4000), host("large", 16'000)});
  config.most_allocated = true;
  start(config);
  EXPECT_EQ(place("a", make_template(1000, 16)), "small");
}

TEST_F(Placing, a_warm_image_draws_pods_and_is_seen_within_ten_seconds_K50) {
  ClusterConfig config = make_config({host("a", 8000), host("b", 8000)});
  config.images = {{"spark:4", 1000LL << 20, 0}};
  start(config);
  const std::string first = place("p0", make_template(1000, 8));
  c->run_until(30 * kSec);
  // The other node is emptier by some 12 points of room; the image is worth 48.
  EXPECT_EQ(place("p1", make_template(1000, 8)), first);
  EXPECT_NE(place("other", make_template(1000, 8, "java:21")), first);
}

TEST_F(Placing, pods_that_repel_their_like_take_a_node_each_and_wait_for_one_to_go_K47) {
  start({host("a", 8000), host("b", 8000)});
  PodTemplate tmpl = labelled("db");
  tmpl.placement.forbidden_pods = {{app("db"), kHost, {}}};
  EXPECT_NE(place("db-0", tmpl), place("db-1", tmpl));
  const std::string refused =
      "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules. "
      "preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.";
  EXPECT_EQ(place("db-2", tmpl), refused);
  EXPECT_EQ(place("web", labelled("web")).size(), 1U);
  c->deletion->remove(c->state().find_pod("ns/web")->id, 0, "api", "apiserver", 0);
  c->run_until(c->now() + 20 * kSec);
  EXPECT_EQ(where("db-2"), refused);
  const std::string freed = where("db-0");
  c->deletion->remove(c->state().find_pod("ns/db-0")->id, 0, "api", "apiserver", 0);
  c->run_until(c->now() + 20 * kSec);
  EXPECT_EQ(where("db-2"), freed);
}

TEST_F(Placing, pods_that_are_there_repel_newcomers) {
  start({host("a", 8000)});
  PodTemplate guarded = labelled("db");
  guarded.placement.forbidden_pods = {{app("web"), kHost, {}}};
  EXPECT_EQ(place("db", guarded), "a");
  EXPECT_THAT(place("web", labelled("web")),
              StartsWith("0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules."));
  EXPECT_EQ(place("other", labelled("other")), "a");
}

TEST_F(Placing, pods_that_want_company_wait_for_it_and_the_first_of_a_kind_may_start_K47) {
  start({host("a", 8000, "x"), host("b", 8000, "y")});
  PodTemplate tmpl = labelled("web");
  const std::string zone(kZoneLabel);
  tmpl.placement.required_pods = {{app("db"), zone, {}}};
  EXPECT_EQ(place("web", tmpl),
            "0/2 nodes are available: 2 node(s) didn't match pod affinity rules. "
            "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.");
  const std::string db = place("db", labelled("db"));
  c->run_until(c->now() + 5 * kSec);
  EXPECT_EQ(where("web"), db);
  PodTemplate gathering = labelled("batch");
  gathering.placement.required_pods = {{app("batch"), zone, {}}};
  const std::string first = place("batch-0", gathering);
  EXPECT_EQ(place("batch-1", gathering), first);
  EXPECT_EQ(place("batch-2", gathering), first);
}

TEST_F(Placing, preferred_neighbours_draw_and_shunned_ones_drive_away) {
  start({host("a", 8000), host("b", 8000)});
  PodTemplate fond = labelled("web");
  fond.placement.preferred_pods = {{100, {app("db"), kHost, {}}}};
  PodTemplate shy = labelled("shy");
  shy.placement.shunned_pods = {{100, {app("web"), kHost, {}}}};
  const std::string db = place("db", labelled("db", 3000));
  EXPECT_EQ(place("web-0", fond), db);
  EXPECT_EQ(place("web-1", fond), db);
  EXPECT_NE(place("shy", shy), db);
  // Symmetry: the shy pod's dislike holds for those who come later.
  EXPECT_EQ(place("web-2", labelled("web")), db);
}

TEST_F(Placing, a_hard_spread_keeps_zones_level_and_says_so) {
  start({host("a", 16'000, "x"), host("b", 2000, "y"), make_node("c", 16'000, 64)});
  PodTemplate tmpl = labelled("web");
  tmpl.placement.spread = {{1, std::string(kZoneLabel), true, app("web")}};
  EXPECT_EQ(place("w0", tmpl), "a");
  EXPECT_EQ(place("w1", tmpl), "b");
  EXPECT_EQ(place("w2", tmpl), "a");
  EXPECT_EQ(place("w3", tmpl), "b");
  EXPECT_EQ(place("w4", tmpl), "a");
  EXPECT_EQ(place("w5", tmpl),
            "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints, "
            "1 node(s) didn't match pod topology spread constraints (missing required label). "
            "preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, "
            "2 No preemption victims found for incoming pod.");
  c->deletion->remove(c->state().find_pod("ns/w4")->id, 0, "api", "apiserver", 0);
  c->run_until(c->now() + 5 * kSec);
  EXPECT_EQ(where("w5"), "a");
}

TEST_F(Placing, too_few_domains_count_as_one_that_is_empty) {
  start({host("a", 16'000, "x"), host("b", 16'000, "y")});
  PodTemplate tmpl = labelled("web");
  tmpl.placement.spread = {{1, std::string(kZoneLabel), true, app("web"), 3}};
  EXPECT_NE(place("w0", tmpl), place("w1", tmpl));
  EXPECT_THAT(place("w2", tmpl),
              StartsWith("0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints."));
}

TEST_F(Placing, pods_of_a_replica_set_are_spread_without_saying_so_and_bare_pods_are_not_K51) {
  start({host("large", 100'000), host("small", 20'000)});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(place(fmt::format("bare-{}", i), labelled("bare")), "large");
  for (int i = 0; i < 3; ++i) {
    c->deletion->remove(c->state().find_pod(fmt::format("ns/bare-{}", i))->id, 0, "api", "apiserver", 0);
  }
  auto set = std::make_shared<Manifest>();
  set->kind = podramp::Kind::replica_set;
  set->ns = "ns";
  set->name = "web";
  set->uid = object_uid_text(1);
  set->set.emplace();
  set->set->selector = {{"app", "web"}};
  c->emit("apiserver", 0, fact::ObjectCreated{set});
  PodTemplate owned = labelled("web");
  owned.owners = {{"ReplicaSet", "web", set->uid, true}};
  EXPECT_THAT((std::vector{place("w0", owned), place("w1", owned), place("w2", owned), place("w3", owned)}),
              ElementsAre("large", "small", "large", "small"));
}

TEST_F(Placing, a_kubelet_rejects_a_pod_that_its_node_does_not_answer_K59) {
  start({host("a", 8000)});
  PodTemplate tmpl = labelled("a");
  tmpl.node_selector = {{"disk", "ssd"}};
  c->create("p", share(tmpl), "a");
  c->run_until(kSec);
  EXPECT_EQ(c->pod("p")->phase, PodPhase::failed);
  EXPECT_EQ(c->pod("p")->reason, "NodeAffinity");
  EXPECT_THAT(c->pod("p")->message, EndsWith("node(s) didn't match Pod's node affinity/selector"));
}

}  // namespace
}  // namespace podramp::fakeapi::scheduler_placement_test
