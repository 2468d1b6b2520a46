// One test per line of 02 7.1 that compat spark-4.0 without PVCs can hold, with the line's own numbers: batch 5,
// idle 10 s. Not here: S-A1 (conf), S-A2 (throttle_test.cpp).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_allocator_world.h"

namespace podramp::backend::snapshot_allocator_acceptance_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr DurationUs kIdle = 10 * kSecondUs;
constexpr DurationUs kCreationTimeout = 600 * kSecondUs;

AllocatorSettings pending_at_most(std::int64_t pods) {
  AllocatorSettings settings = acceptance_settings();
  settings.max_pending_pods = pods;
  return settings;
}

// S-A3: two profiles, three pending pods allowed.
void step_a3(AllocatorWorld& world) {
  EXPECT_TRUE(world.target({{kDefaultProfile, 2}, {kOther, 3}}));
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3));
  const auto& created = world.allocator.newly_created();
  EXPECT_EQ(created.at(1).profile, kDefaultProfile);
  EXPECT_EQ(created.at(2).profile, kDefaultProfile);
  EXPECT_EQ(created.at(3).profile, kOther);
  EXPECT_EQ(world.allocator.outstanding(), 3);
}

void step_a4(AllocatorWorld& world) {
  world.show(2, PodPhase::pending);
  world.show(3, PodPhase::pending);
  world.round();
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_THAT(world.deleted(), IsEmpty());
  EXPECT_EQ(world.allocator.outstanding(), 3);
}

void step_a5(AllocatorWorld& world) {
  world.now += 2 * kIdle;
  EXPECT_FALSE(world.target({{kDefaultProfile, 1}, {kOther, 3}}));
  world.round();
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{1}, true}));
  EXPECT_THAT(world.created(), ElementsAre(4));
  EXPECT_EQ(world.allocator.newly_created().at(4).profile, kOther);
  EXPECT_EQ(world.allocator.outstanding(), 3);
}

TEST(SparkAcceptance, S_A3_max_pending_pods_is_shared_by_two_profiles) {
  AllocatorWorld world(pending_at_most(3));
  step_a3(world);
  const auto reports = world.reports();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].slots, 3);
  EXPECT_EQ(reports[0].trigger, RoundTrigger::notified);
  ASSERT_EQ(reports[0].profiles.size(), 2U);
  EXPECT_EQ(reports[0].profiles[0].limited_by, Limit::none);
  EXPECT_EQ(reports[0].profiles[0].asked, 2);
  EXPECT_EQ(reports[0].profiles[1].limited_by, Limit::profile_share);
  EXPECT_EQ(reports[0].profiles[1].asked, 1);
  EXPECT_EQ(reports[0].profiles[1].created, 1);
}

TEST(SparkAcceptance, S_A4_pods_that_become_pending_free_no_pending_slot) {
  AllocatorWorld world(pending_at_most(3));
  step_a3(world);
  step_a4(world);
}

TEST(SparkAcceptance, S_A5_one_excess_delete_frees_a_slot_for_the_other_profile) {
  AllocatorWorld world(pending_at_most(3));
  step_a3(world);
  step_a4(world);
  step_a5(world);
}

// Outstanding are the line's 3 when the scheduler knows none of them: those that it knows are not outstanding, and
// hold their slots all the same.
TEST(SparkAcceptance, S_A6_a_running_pod_frees_one_slot_and_pods_known_to_the_scheduler_free_none) {
  for (const auto& [known, outstanding] : {std::pair<std::set<ExecutorId>, std::int64_t>{{}, 3}, {{2, 4, 5}, 1}}) {
    AllocatorWorld world(pending_at_most(3));
    step_a3(world);
    step_a4(world);
    step_a5(world);
    world.registered(known);
    world.show(3, PodPhase::running);
    world.show(4, PodPhase::pending);
    world.round();
    EXPECT_THAT(world.created(), ElementsAre(5));
    EXPECT_THAT(world.deleted(), IsEmpty());
    EXPECT_EQ(world.allocator.outstanding(), outstanding);
    EXPECT_EQ(world.reports().back().slots, 1) << "2 and 4 take two of the three";
  }
}

TEST(SparkAcceptance, S_A6_three_pending_pods_that_the_scheduler_knows_leave_no_slot) {
  AllocatorWorld world(pending_at_most(3));
  step_a3(world);
  step_a4(world);
  step_a5(world);
  world.show(3, PodPhase::running);
  world.show(4, PodPhase::pending);
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(5));
  world.registered({2, 4, 5});
  world.target({{kOther, 4}});
  world.round();
  EXPECT_THAT(world.created(), IsEmpty()) << "known to the scheduler, not outstanding, but still up against the cap";
  EXPECT_EQ(world.allocator.outstanding(), 0);
  EXPECT_EQ(world.reports().back().slots, 0);
}

TEST(SparkAcceptance, S_A8_first_round_creates_exactly_one_batch) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 6}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(world.allocator.outstanding(), 5);
  EXPECT_EQ(world.reports().back().profiles[0].limited_by, Limit::batch_size);
}

TEST(SparkAcceptance, S_A10_next_batch_waits_until_all_new_pods_are_acknowledged) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 6}});
  world.created();
  for (ExecutorId id = 1; id <= 4; ++id) world.show(id, PodPhase::running);
  EXPECT_EQ(world.allocator.last_id(), 5);
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 1);
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_EQ(world.reports().back().profiles[0].limited_by, Limit::unacknowledged);
  world.show(5, PodPhase::running);
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 1);
  EXPECT_THAT(world.created(), ElementsAre(6));
  world.show(5, PodPhase::running);
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 1);
  EXPECT_THAT(world.created(), IsEmpty());
}

TEST(SparkAcceptance, S_A11_a_failed_pod_is_replaced_under_a_new_id_in_the_next_batch) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 5}});
  EXPECT_EQ(world.allocator.outstanding(), 5);
  world.created();
  for (ExecutorId id = 1; id <= 4; ++id) world.show(id, PodPhase::running);
  world.show(5, PodPhase::failed);
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(6));
  EXPECT_EQ(world.allocator.outstanding(), 1);
}

// That a stop sends it: backend_test.cpp.
TEST(SparkAcceptance, S_A12_stop_deletes_every_pod_with_the_app_and_executor_labels) {
  const ApiRequest request = delete_executors("default", "app-1");
  EXPECT_EQ(request.verb, Verb::remove_collection);
  EXPECT_EQ(request.kind, Kind::pod);
  EXPECT_EQ(request.ns, "default");
  EXPECT_EQ(to_string(request.label_selector), "spark-app-selector=app-1,spark-role=executor");
  EXPECT_EQ(to_string(request.field_selector), "");
}

TEST(SparkAcceptance, S_A13_a_pod_that_never_shows_up_is_deleted_and_replaced_after_the_time_out) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}});
  EXPECT_THAT(world.created(), ElementsAre(1));
  EXPECT_EQ(world.allocator.outstanding(), 1);
  world.now += kCreationTimeout + kMillisecondUs;
  EXPECT_EQ(world.begin(), Progress::waiting);
  ASSERT_EQ(world.under_way.size(), 1U);
  EXPECT_EQ(to_string(world.under_way[0].request.label_selector),
            "spark-app-selector=app-1,spark-role=executor,spark-exec-id in (1)");
  EXPECT_EQ(to_string(world.under_way[0].request.field_selector), "");
  EXPECT_EQ(world.answer_call(), Progress::waiting);
  EXPECT_EQ(world.answer_call(), Progress::done);
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{1}, false}));
  EXPECT_THAT(world.created(), ElementsAre(2));
  EXPECT_EQ(world.allocator.outstanding(), 1);
}

TEST(SparkAcceptance, S_A14_scaling_down_deletes_excess_requests_and_forgets_them_once_they_are_gone) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}});
  EXPECT_THAT(world.created(), ElementsAre(1));
  EXPECT_EQ(world.allocator.outstanding(), 1);
  world.show(1, PodPhase::running);
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 0);
  EXPECT_THAT(world.created(), IsEmpty());
  world.target({{kDefaultProfile, 4}});
  EXPECT_THAT(world.created(), ElementsAre(2, 3, 4));
  EXPECT_EQ(world.allocator.outstanding(), 3);
  world.show(2, PodPhase::running);
  world.show(3, PodPhase::pending);
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 2);
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_THAT(world.deleted(), IsEmpty());

  world.now += 2 * kIdle;
  world.target({{kDefaultProfile, 1}});
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 0);
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{3, 4}, true}));
  EXPECT_TRUE(world.allocator.is_deleted(3));
  EXPECT_TRUE(world.allocator.is_deleted(4));

  world.show_deleted(3);
  world.show_deleted(4);
  world.list({{1, PodPhase::running}, {2, PodPhase::running}});
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 0);
  EXPECT_FALSE(world.allocator.is_deleted(3));
  EXPECT_FALSE(world.allocator.is_deleted(4));
}

TEST(SparkAcceptance, S_A15_a_fresh_request_does_not_use_up_the_excess_of_idle_pending_pods) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}});
  EXPECT_THAT(world.created(), ElementsAre(1));
  world.show(1, PodPhase::pending);
  world.round();
  world.now += kIdle;
  world.target({{kDefaultProfile, 2}});
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(2));
  world.target({{kDefaultProfile, 1}});
  world.round();
  EXPECT_THAT(world.deleted(), IsEmpty());
  world.now += kIdle;
  world.round();
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{1}, true}));
}

TEST(SparkAcceptance, S_A16_nothing_goes_before_the_idle_time_and_pods_known_to_the_scheduler_never) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 5}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(world.allocator.outstanding(), 5);
  world.show(1, PodPhase::pending);
  world.show(2, PodPhase::pending);
  world.target({{kDefaultProfile, 0}});
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 5);
  EXPECT_THAT(world.deleted(), IsEmpty());
  world.now += 2 * kIdle;
  world.registered({1, 3, 4});
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 0);
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{2, 5}, true}));
}

TEST(SparkAcceptance, S_A17_down_and_up_with_known_and_unknown_new_and_pending_pods_of_two_profiles) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 3}, {kOther, 4}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(world.allocator.outstanding(), 7);
  world.registered({1, 4});
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 5);
  world.registered({2, 5});
  for (const ExecutorId id : {2, 3, 5, 6}) world.show(id, PodPhase::pending);
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 3);
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_THAT(world.deleted(), IsEmpty());

  world.now += 2 * kIdle;
  world.target({{kDefaultProfile, 1}, {kOther, 1}});
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 0);
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{3}, true}, Deleted{{6, 7}, true}));
  for (const ExecutorId id : {3, 6, 7}) EXPECT_TRUE(world.allocator.is_deleted(id)) << id;

  world.target({{kDefaultProfile, 2}, {kOther, 2}});
  world.round();
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_EQ(world.allocator.outstanding(), 0);
  world.target({{kDefaultProfile, 3}, {kOther, 3}});
  EXPECT_THAT(world.created(), ElementsAre(8, 9));
  EXPECT_EQ(world.allocator.outstanding(), 2);
  EXPECT_EQ(world.allocator.newly_created().at(8).profile, kDefaultProfile);
  EXPECT_EQ(world.allocator.newly_created().at(9).profile, kOther);
}

TEST(SparkAcceptance, S_A18_each_profile_has_its_own_target_and_its_own_delete_call) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}, {kOther, 2}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3));
  EXPECT_EQ(world.allocator.outstanding(), 3);
  for (const ExecutorId id : {1, 2, 3}) world.show(id, PodPhase::running);
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 0);
  world.target({{kDefaultProfile, 4}, {kOther, 3}});
  EXPECT_THAT(world.created(), ElementsAre(4, 5, 6, 7));
  EXPECT_EQ(world.allocator.outstanding(), 4);
  world.show(4, PodPhase::running);
  world.show(5, PodPhase::pending);
  world.show(7, PodPhase::pending);
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 3);
  EXPECT_THAT(world.created(), IsEmpty());

  world.now += 2 * kIdle;
  world.target({{kDefaultProfile, 1}, {kOther, 1}});
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 0);
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{5, 6}, true}, Deleted{{7}, true}));
  for (const ExecutorId id : {5, 6, 7}) EXPECT_TRUE(world.allocator.is_deleted(id)) << id;

  for (const ExecutorId id : {5, 6, 7}) world.show_deleted(id);
  world.list({{1, PodPhase::running}, {2, PodPhase::running}, {3, PodPhase::running}, {4, PodPhase::running}});
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 0);
  for (const ExecutorId id : {5, 6, 7}) EXPECT_FALSE(world.allocator.is_deleted(id)) << id;
}

TEST(SparkAcceptance, S_A19_pending_pods_do_not_hold_up_the_next_batch) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 6}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(world.allocator.outstanding(), 5);
  world.show(1, PodPhase::pending);
  for (const ExecutorId id : {2, 3, 4, 5}) world.show(id, PodPhase::running);
  world.now += kSecondUs + kMillisecondUs;
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(6));
  EXPECT_EQ(world.allocator.outstanding(), 2);
}

// That the driver exits with it: backend_test.cpp.
TEST(SparkAcceptance, S_A21_the_error_of_an_absent_driver_pod_has_the_plain_pod_name_and_the_namespace) {
  const std::string text = driver_pod_missing("i-do-not-exist", "default");
  EXPECT_THAT(text, ::testing::StartsWith("driver pod i-do-not-exist does not exist in namespace default"));
}

}  // namespace
}  // namespace podramp::backend::snapshot_allocator_acceptance_test
