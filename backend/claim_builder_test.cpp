#include "backend/claim_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::backend::claim_builder_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kVolumes = "spark.kubernetes.executor.volumes.";

StringMap claim(const std::string& name, const std::string& claim_name, bool made = true) {
  const std::string prefix = kVolumes + ("persistentVolumeClaim." + name) + ".";
  StringMap conf{{prefix + "mount.path", "/" + name}, {prefix + "options.claimName", claim_name}};
  if (made) {
    conf[prefix + "options.storageClass"] = "gp3";
    conf[prefix + "options.sizeLimit"] = "200Gi";
  }
  return conf;
}

ClaimBuilder builder(StringMap raw, Compat level = Compat::spark_4_0) {
  raw["spark.kubernetes.container.image"] = "spark";
  raw["spark.kubernetes.namespace"] = "team";
  const ConfOutcome outcome = make_conf(raw, level);
  for (const FieldError& error : outcome.errors) ADD_FAILURE() << to_string(error);
  return {outcome.conf.value(), "spark-1", "etl"};
}

TEST(ClaimBuilder, OnDemandBecomesAClaimOfTheExecutorsOwn) {
  const ExecutorClaims made = builder(claim("data", "OnDemand")).build(7).value();
  ASSERT_THAT(made.volumes, SizeIs(1));
  EXPECT_EQ(made.volumes[0].name, "data");
  EXPECT_EQ(made.volumes[0].source, "etl-exec-7-pvc-0");
  ASSERT_THAT(made.claims, SizeIs(1));
  const Manifest& one = made.claims[0];
  EXPECT_EQ(one.kind, Kind::persistent_volume_claim);
  EXPECT_EQ(one.name, "etl-exec-7-pvc-0");
  EXPECT_EQ(one.ns, "team");
  EXPECT_EQ(one.labels, (StringMap{{"spark-app-selector", "spark-1"}}));
  EXPECT_EQ(one.claim->storage_class, "gp3");
  EXPECT_EQ(one.claim->request_bytes, 200LL << 30);
  EXPECT_THAT(one.claim->access_modes, ElementsAre("ReadWriteOncePod"));
}

TEST(ClaimBuilder, LabelsAndAnnotationsOfAVolumeGoToItsClaim) {
  StringMap raw = claim("data", "OnDemand");
  raw[std::string(kVolumes) + "persistentVolumeClaim.data.label.team"] = "data";
  raw[std::string(kVolumes) + "persistentVolumeClaim.data.annotation.note"] = "x";
  const Manifest one = builder(raw).build(1).value().claims.at(0);
  EXPECT_EQ(one.labels, (StringMap{{"spark-app-selector", "spark-1"}, {"team", "data"}}));
  EXPECT_EQ(one.annotations, (StringMap{{"note", "x"}}));
}

TEST(ClaimBuilder, TheIndexCountsVolumesOfEveryType) {
  StringMap raw = claim("data", "OnDemand");
  raw.merge(claim("more", "OnDemand"));
  raw[kVolumes + std::string("hostPath.host.mount.path")] = "/host";
  raw[kVolumes + std::string("hostPath.host.options.path")] = "/host";
  const ExecutorClaims made = builder(raw).build(2).value();
  ASSERT_THAT(made.claims, SizeIs(2));
  EXPECT_EQ(made.claims[0].name, "etl-exec-2-pvc-1");
  EXPECT_EQ(made.claims[1].name, "etl-exec-2-pvc-2");
}

TEST(ClaimBuilder, TheExecutorsIdIsPutIntoAName) {
  const ExecutorClaims made = builder(claim("data", "disk-SPARK_EXECUTOR_ID", false)).build(12).value();
  ASSERT_THAT(made.volumes, SizeIs(1));
  EXPECT_EQ(made.volumes[0].source, "disk-12");
  EXPECT_THAT(made.claims, IsEmpty()) << "somebody else has made it";
}

TEST(ClaimBuilder, AClaimIsMadeOnlyWithBothClassAndSize) {
  StringMap raw = claim("data", "OnDemand");
  raw.erase(kVolumes + std::string("persistentVolumeClaim.data.options.sizeLimit"));
  const ExecutorClaims made = builder(raw).build(1).value();
  EXPECT_THAT(made.volumes, SizeIs(1));
  EXPECT_THAT(made.claims, IsEmpty());
  EXPECT_FALSE(builder(raw).makes_claims());
  EXPECT_TRUE(builder(claim("data", "OnDemand")).makes_claims());
}

TEST(ClaimBuilder, ANameThatAllExecutorsShareIsMadeForEachOfThem) {  // 02 1.5: 409 from the second on (SPARK-39006)
  const ClaimBuilder claims = builder(claim("data", "lake"));
  for (const ExecutorId id : {1, 2}) {
    const ExecutorClaims made = claims.build(id).value();
    EXPECT_THAT(made.volumes, IsEmpty());
    ASSERT_THAT(made.claims, SizeIs(1));
    EXPECT_EQ(made.claims[0].name, "lake");
  }
}

TEST(ClaimBuilder, TheAccessModeIsReadWriteOncePodFrom40UnlessTheLegacyKeySaysOtherwise) {
  const StringMap legacy{{"spark.kubernetes.legacy.useReadWriteOnceAccessMode", "true"}};
  const auto mode = [&](Compat level, bool with_key) {
    StringMap raw = claim("data", "OnDemand");
    if (with_key) raw.insert(legacy.begin(), legacy.end());
    return builder(raw, level).build(1).value().claims.at(0).claim->access_modes.at(0);
  };
  EXPECT_EQ(mode(Compat::spark_3_5, false), "ReadWriteOnce");
  EXPECT_EQ(mode(Compat::spark_4_0, false), "ReadWriteOncePod");
  EXPECT_EQ(mode(Compat::spark_4_0, true), "ReadWriteOnce");
  EXPECT_EQ(mode(Compat::spark_4_4, false), "ReadWriteOncePod");
}

TEST(ClaimBuilder, ASizeThatIsNoQuantityIsABadArgument) {
  StringMap raw = claim("data", "OnDemand");
  raw[kVolumes + std::string("persistentVolumeClaim.data.options.sizeLimit")] = "much";
  const auto made = builder(raw).build(1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::bad_argument);
}

}  // namespace
}  // namespace podramp::backend::claim_builder_test
