#include "fakeapi/manifest_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::manifest_rules_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> errors_of(Manifest object) {
  apply_manifest_defaults(object);
  return manifest_errors(object);
}

TEST(ManifestRules, WhatSparkSendsIsValid) {
  EXPECT_THAT(errors_of(config_map("spark-exec-0123-conf-map")), IsEmpty());
  EXPECT_THAT(errors_of(claim("app-exec-1-pvc-0")), IsEmpty());
  EXPECT_THAT(errors_of(set_of(Kind::stateful_set, "spark-s-app-0", 3)), IsEmpty());
  EXPECT_THAT(errors_of(set_of(Kind::deployment, "spark-d-app-0", 3)), IsEmpty());
  Manifest service = config_map("app-driver-svc");
  service.kind = Kind::service;
  EXPECT_THAT(errors_of(service), IsEmpty());
}

TEST(ManifestRules, NamesAreSubdomainsAndServiceNamesAreLabelsThatBeginWithALetter) {
  EXPECT_THAT(errors_of(config_map("Conf")), ElementsAre(HasSubstr("a lowercase RFC 1123 subdomain must consist of")));
  EXPECT_THAT(errors_of(config_map("")),
              ElementsAre("metadata.name: Required value: name or generateName is required"));
  Manifest service = config_map("1-svc");
  service.kind = Kind::service;
  EXPECT_THAT(errors_of(service), ElementsAre(HasSubstr("a DNS-1035 label must consist of")));
}

TEST(ManifestRules, AClaimNeedsAModeAndASize) {
  Manifest object = claim("x");
  object.claim->access_modes.clear();
  object.claim->request_bytes = 0;
  EXPECT_THAT(errors_of(object),
              ElementsAre("spec.accessModes: Required value: at least 1 access mode is required",
                          "spec.resources[storage]: Invalid value: \"0\": must be greater than zero"));
  object = claim("x", "ReadWriteOncePod");
  object.claim->access_modes.emplace_back("ReadWriteOnce");
  EXPECT_THAT(errors_of(object),
              ElementsAre("spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"));
}

TEST(ManifestRules, ASetMustSelectItsOwnPodsAndTheyMustRestart) {
  Manifest object = set_of(Kind::stateful_set, "web", 1);
  object.set->selector = {{"app", "other"}};
  EXPECT_THAT(errors_of(object),
              ElementsAre("spec.template.metadata.labels: Invalid value: map[string]string{\"app\":\"etl\", "
                          "\"role\":\"executor\"}: `selector` does not match template `labels`"));
  object = set_of(Kind::deployment, "web", 1);
  PodTemplate tmpl = *object.set->pod->tmpl;
  tmpl.restart_policy = "Never";
  auto pod = std::make_shared<Pod>();
  pod->tmpl = share(tmpl);
  object.set->pod = pod;
  EXPECT_THAT(errors_of(object), ElementsAre("spec.template.spec.restartPolicy: Unsupported value: \"Never\": "
                                             "supported values: \"Always\""));
}

TEST(ManifestRules, AConfigMapHoldsAtMostOneMebibyte) {
  Manifest object = config_map("conf");
  object.data = {{"k", std::string(1'048'575, 'x')}};
  EXPECT_THAT(errors_of(object), IsEmpty());
  object.data["k"] += 'x';
  EXPECT_THAT(errors_of(object), ElementsAre("[]: Too long: may not be more than 1048576 bytes"));
}

}  // namespace
}  // namespace podramp::fakeapi::manifest_rules_test
