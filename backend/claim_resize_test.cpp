// The claim resize plugin's decisions against 02 7.8, S-K3.
#include "backend/claim_resize.h"

#include <gtest/gtest.h>

namespace podramp::backend::claim_resize_test {
namespace {

constexpr std::int64_t kGigabyte = 1'000'000'000;

using Names = std::vector<std::string>;
using Size = std::optional<std::int64_t>;

PodPtr pod_with_claim(ExecutorId executor, const std::string& claim,
                      const std::string& container = "spark-kubernetes-executor",
                      const std::string& volume = "spark-local-dir-1") {
  PodTemplate tmpl;
  tmpl.volumes.push_back({volume, "persistentVolumeClaim", claim, {}});
  tmpl.containers.resize(1);
  tmpl.containers[0].name = container;
  tmpl.containers[0].mounts.push_back({volume, "/data", "", false});
  Pod pod;
  pod.name = "spark-executor-" + std::to_string(executor);
  pod.tmpl = share(std::move(tmpl));
  pod.own_labels = {{"spark-exec-id", std::to_string(executor)}};
  return std::make_shared<const Pod>(std::move(pod));
}

Manifest claim(std::int64_t request, std::int64_t capacity) {
  Manifest manifest;
  manifest.kind = Kind::persistent_volume_claim;
  manifest.name = "pvc-1";
  manifest.claim.emplace();
  manifest.claim->request_bytes = request;
  manifest.claim->capacity_bytes = capacity;
  return manifest;
}

class ClaimResizeTest : public testing::Test {
 protected:
  ClaimResizeTest() {
    settings.threshold = 0.9;
    settings.factor = 0.1;
    plugin = ClaimResize(settings);
  }
  void report(double ratio, ExecutorId executor = 1) { plugin.receive({kDiskUsageReport, executor, ratio}); }
  // One round against a claim of this size: the sizes that were asked for.
  std::vector<std::int64_t> round(const std::vector<PodPtr>& listed, const Manifest& stored, bool patch_works = true) {
    std::vector<std::int64_t> asked;
    for (const std::string& name : plugin.to_fetch(listed)) {
      const Size size = plugin.new_size(name, &stored);
      if (!size) continue;
      asked.push_back(*size);
      if (patch_works) {
        plugin.patched(name, *size);
      } else {
        plugin.failed(name);
      }
    }
    return asked;
  }

  ClaimResizeSettings settings;
  ClaimResize plugin{{}};
  const std::vector<PodPtr> pods{pod_with_claim(1, "pvc-1")};
  using Sizes = std::vector<std::int64_t>;
};

TEST_F(ClaimResizeTest, S_K3_without_pods_nothing_is_looked_at) {
  report(0.1);
  EXPECT_EQ(plugin.to_fetch({}), Names{});
  report(0.95);
  EXPECT_EQ(plugin.to_fetch({}), Names{});
}

TEST_F(ClaimResizeTest, S_K3_below_the_threshold_nothing_is_patched) {
  report(0.5);
  EXPECT_EQ(round(pods, claim(kGigabyte, kGigabyte)), Sizes{});
  report(0.9);  // exactly
  EXPECT_EQ(round(pods, claim(kGigabyte, kGigabyte)), Sizes{});
}

TEST_F(ClaimResizeTest, S_K3_above_the_threshold_there_is_one_patch_with_the_grown_size) {
  report(0.95);
  EXPECT_EQ(plugin.to_fetch(pods), Names{"pvc-1"});
  EXPECT_EQ(round(pods, claim(kGigabyte, kGigabyte)), Sizes{1'100'000'000});
}

TEST_F(ClaimResizeTest, S_K3_a_pending_or_failed_resize_is_skipped) {
  report(0.95);
  EXPECT_EQ(round(pods, claim(2 * kGigabyte, kGigabyte)), Sizes{});
}

TEST_F(ClaimResizeTest, S_K3_the_same_target_size_is_not_asked_for_twice) {
  report(0.95);
  EXPECT_EQ(round(pods, claim(kGigabyte, kGigabyte)), Sizes{1'100'000'000});
  EXPECT_EQ(round(pods, claim(kGigabyte, kGigabyte)), Sizes{});
  EXPECT_EQ(round(pods, claim(1'100'000'000, 1'100'000'000)), Sizes{1'210'000'000}) << "but the next one is";
}

TEST_F(ClaimResizeTest, S_K3_a_claim_whose_patch_failed_is_never_tried_again) {
  report(0.95);
  EXPECT_EQ(round(pods, claim(kGigabyte, kGigabyte), false), Sizes{1'100'000'000});
  EXPECT_EQ(plugin.to_fetch(pods), Names{});
  EXPECT_EQ(round(pods, claim(kGigabyte, kGigabyte)), Sizes{});
}

TEST_F(ClaimResizeTest, S_K3_a_pod_without_a_claim_is_left_alone) {
  PodTemplate tmpl;
  tmpl.containers.resize(1);
  tmpl.containers[0].name = "spark-kubernetes-executor";
  Pod bare;
  bare.name = "spark-executor-1";
  bare.tmpl = share(std::move(tmpl));
  bare.own_labels = {{"spark-exec-id", "1"}};
  report(0.95);
  EXPECT_EQ(plugin.to_fetch({std::make_shared<const Pod>(std::move(bare))}), Names{});
}

TEST_F(ClaimResizeTest, S_K3_claims_are_those_that_the_executor_container_mounts) {
  EXPECT_EQ(local_dir_claims(*pod_with_claim(7, "pvc-7")->tmpl), Names{"pvc-7"});
}

TEST_F(ClaimResizeTest, S_K3_without_the_default_name_the_first_container_counts) {
  EXPECT_EQ(local_dir_claims(*pod_with_claim(1, "pvc-1", "custom")->tmpl), Names{"pvc-1"});
}

TEST_F(ClaimResizeTest, S_K3_volumes_that_are_no_local_directories_are_filtered_out) {
  EXPECT_EQ(local_dir_claims(*pod_with_claim(1, "pvc-1", "spark-kubernetes-executor", "checkpointpvc")->tmpl), Names{});
}

TEST_F(ClaimResizeTest, S_K3_foreign_messages_are_ignored) {
  plugin.receive({"unrelated", 1, 0.95});
  EXPECT_EQ(plugin.to_fetch(pods), Names{});
}

// --- 02 4.5 beyond the suite ---------------------------------------------------------------------------------------

TEST_F(ClaimResizeTest, TheDefaultsDoubleAClaimThatIsMoreThanHalfFull) {
  plugin = ClaimResize({});
  report(0.5);
  EXPECT_EQ(round(pods, claim(kGigabyte, kGigabyte)), Sizes{});
  report(0.51);
  EXPECT_EQ(round(pods, claim(kGigabyte, kGigabyte)), Sizes{2 * kGigabyte});
}

TEST_F(ClaimResizeTest, AClaimThatIsGoneIsNoFailure) {
  report(0.95);
  EXPECT_EQ(plugin.new_size("pvc-1", nullptr), std::nullopt);
  EXPECT_EQ(plugin.to_fetch(pods), Names{"pvc-1"});
}

TEST_F(ClaimResizeTest, AnExecutorReportsTheFullestOfItsDirectories) {
  EXPECT_EQ(fullest({{100, 60}, {200, 20}, {0, 0}}), std::optional(0.9));
  EXPECT_EQ(fullest({{0, 0}}), std::nullopt);
  EXPECT_EQ(fullest({}), std::nullopt);
}

}  // namespace
}  // namespace podramp::backend::claim_resize_test
