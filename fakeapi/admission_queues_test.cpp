#include "fakeapi/admission_queues.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::admission_queues_test {
namespace {

using testing::Contains;
using testing::ElementsAre;

ClusterConfig queue_cluster() {
  ClusterConfig config = steady_cluster(4);
  config.queues = {{"batch", {2500, std::nullopt, {}}, std::nullopt}, {"few", {}, 2}};
  return config;
}

TemplatePtr queued(const std::string& queue, std::int64_t cpu_milli = 1000, std::int64_t priority = 0) {
  PodTemplate tmpl = small_template(cpu_milli, 1LL << 30);
  tmpl.labels[std::string(kQueueLabel)] = queue;
  if (priority != 0) tmpl.priority_class = "high";
  return share(std::move(tmpl));
}

class Queueing : public testing::Test {
 protected:
  ApiReply create(const std::string& name, const TemplatePtr& tmpl) {
    return world.ask(create_of(make_pod(name, tmpl)));
  }
  std::vector<std::string> placed() const {
    std::vector<std::string> names;
    for (const auto& [t, f] : world.facts<fact::PodBound>()) names.push_back(f.pod.substr(3));
    return names;
  }
  void remove(const std::string& name) { world.step(to::DeletePods{{"ns/" + name}, 0}); }
  World world{[] {
    ClusterConfig config = queue_cluster();
    config.priority_classes = {{"high", 100}};
    return config;
  }()};
};

TEST_F(Queueing, a_pod_of_a_queue_is_stored_gated_and_let_through_by_the_queue) {
  const ApiReply reply = create("p", queued("batch"));
  EXPECT_THAT(reply.object->gates, ElementsAre("kueue.x-k8s.io/admission"));
  ASSERT_NE(reply.object->condition("PodScheduled"), nullptr);
  EXPECT_EQ(reply.object->condition("PodScheduled")->reason, "SchedulingGated");
  world.run_until(kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("p"));
  EXPECT_TRUE(world.pod("p")->gates.empty());
  EXPECT_TRUE(world.folds());
}

TEST_F(Queueing, nobody_is_refused_and_who_does_not_fit_waits_while_smaller_ones_pass) {
  create("p0", queued("batch", 2000));
  EXPECT_EQ(create("p1", queued("batch", 2000)).code, 201);
  create("small", queued("batch", 500));
  create("free", queued("", 1000));  // an empty name is nobody's queue
  world.run_until(10 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("p0", "small"));
  EXPECT_THAT(world.cluster.waiting(), Contains("queue batch has not admitted 1 pods; used: cpu=2500m,memory=2Gi,"
                                                "pods=2, it has: cpu=2500m"));
  EXPECT_THAT(world.cluster.waiting(),
              Contains("pod ns/free and 1 more wait for: its scheduling gates: kueue.x-k8s.io/admission"));
  remove("p0");
  world.run_until(20 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("p0", "small", "p1"));
}

TEST_F(Queueing, the_higher_priority_is_admitted_first) {
  create("p0", queued("few"));
  create("p1", queued("few"));
  create("low", queued("few"));
  create("high", queued("few", 1000, 100));
  world.run_until(10 * kSecondUs);
  remove("p0");
  world.run_until(20 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("p0", "p1", "high"));
}

TEST_F(Queueing, a_group_is_admitted_whole_once_all_of_it_is_there) {
  PodTemplate grouped = *queued("batch");
  grouped.labels[std::string(kQueueGroupLabel)] = "g";
  grouped.annotations[std::string(kQueueGroupCount)] = "2";
  const TemplatePtr tmpl = share(std::move(grouped));
  create("g-0", tmpl);
  world.run_until(10 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre());
  create("other", queued("batch"));
  create("g-1", tmpl);
  world.run_until(20 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("other"));  // 1 + 2 are more than 2.5
  remove("other");
  world.run_until(30 * kSecondUs);
  EXPECT_THAT(placed(), ElementsAre("other", "g-0", "g-1"));
}

}  // namespace
}  // namespace podramp::fakeapi::admission_queues_test
