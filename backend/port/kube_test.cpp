#include "backend/port/kube.h"

#include <gtest/gtest.h>

namespace podramp::kube_test {
namespace {

Pod pod_with(StringMap labels) {
  Pod pod;
  pod.name = "etl-exec-1";
  pod.ns = "team";
  PodTemplate tmpl;
  tmpl.labels = std::move(labels);
  pod.tmpl = share(std::move(tmpl));
  return pod;
}

TEST(Quantity, CpuIsReadInThousandths) {
  EXPECT_EQ(parse_cpu_milli("500m").value(), 500);
  EXPECT_EQ(parse_cpu_milli("2").value(), 2000);
  EXPECT_EQ(parse_cpu_milli("1.5").value(), 1500);
  EXPECT_EQ(parse_cpu_milli("0.1").value(), 100);
  EXPECT_EQ(parse_cpu_milli("100u").value(), 1) << "rounds up";
  EXPECT_EQ(parse_cpu_milli("1e2").value(), 100'000);
  EXPECT_EQ(parse_cpu_milli("4k").value(), 4'000'000);
}

TEST(Quantity, MemoryIsReadInBytes) {
  EXPECT_EQ(parse_bytes("1408Mi").value(), 1'476'395'008);
  EXPECT_EQ(parse_bytes("2G").value(), 2'000'000'000);
  EXPECT_EQ(parse_bytes("128974848").value(), 128'974'848);
  EXPECT_EQ(parse_bytes("1.5Gi").value(), 1'610'612'736);
  EXPECT_EQ(parse_bytes("123e6").value(), 123'000'000);
  EXPECT_EQ(parse_bytes("500m").value(), 1) << "half a byte is one";
}

TEST(Quantity, IsRefusedWithAReason) {
  for (const char* text : {"", "-1", "abc", "1X", "1Kb", "99999999999999999999", "9000Pi", "1e99", "."}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
  EXPECT_NE(parse_bytes("1Kb").error().message.find("suffix \"Kb\" is unknown"), std::string::npos);
}

TEST(Quantity, IsShownAsTheServerShowsIt) {
  EXPECT_EQ(format_cpu_milli(1500), "1500m");
  EXPECT_EQ(format_cpu_milli(2000), "2");
  EXPECT_EQ(format_bytes(1'476'395'008), "1408Mi");
  EXPECT_EQ(format_bytes(1000), "1000");
  EXPECT_EQ(format_bytes(0), "0");
}

TEST(Resources, OfAPodSumContainersAndTakeTheLargestInitContainer) {  // K39
  PodTemplate tmpl;
  tmpl.containers.resize(2);
  tmpl.containers[0].requests.cpu_milli = 1000;
  tmpl.containers[0].requests.memory_bytes = 100;
  tmpl.containers[1].limits.cpu_milli = 500;  // a limit alone counts as the request
  tmpl.init_containers.resize(1);
  tmpl.init_containers[0].requests.memory_bytes = 300;
  const Resources r = pod_requests(tmpl);
  EXPECT_EQ(r.cpu_milli, 1500);
  EXPECT_EQ(r.memory_bytes, 300);
  EXPECT_EQ(pod_limits(tmpl).cpu_milli, 500);
  EXPECT_FALSE(pod_limits(tmpl).memory_bytes.has_value()) << "not set is not zero";
}

TEST(LabelSelector, MatchesEverySetOperator) {  // K24
  const Pod pod = pod_with({{"app", "etl"}, {"tier", "batch"}});
  const auto matches = [&](std::string_view text) { return parse_label_selector(text).value().matches(pod); };
  EXPECT_TRUE(matches(""));
  EXPECT_TRUE(matches("app=etl"));
  EXPECT_TRUE(matches("app==etl,tier=batch"));
  EXPECT_FALSE(matches("app=etl,tier=web"));
  EXPECT_TRUE(matches("app in (web, etl)"));
  EXPECT_FALSE(matches("app notin (web,etl)"));
  EXPECT_TRUE(matches("missing notin (x)")) << "notin also matches objects without the key";
  EXPECT_TRUE(matches("missing!=x"));
  EXPECT_TRUE(matches("app"));
  EXPECT_FALSE(matches("!app"));
  EXPECT_TRUE(matches("!missing"));
}

TEST(LabelSelector, ReadsBackWhatItWrites) {
  const std::string text = "a=b,c!=d,e in (f,g),h notin (i),j,!k";
  EXPECT_EQ(to_string(parse_label_selector(text).value()), text);
  EXPECT_FALSE(parse_label_selector("a=b,,c=d"));
  EXPECT_FALSE(parse_label_selector("a b=c"));
  EXPECT_FALSE(parse_label_selector("a===b"));
  EXPECT_FALSE(parse_label_selector("a in (b(c))"));
  EXPECT_FALSE(parse_field_terms("metadata.name==a=b"));
}

TEST(FieldSelector, KnowsThePodFieldsAndNoOthers) {  // K24
  Pod pod = pod_with({});
  pod.phase = PodPhase::running;
  pod.node = "n1";
  const auto matches = [&](std::string_view text) { return parse_field_selector(text).value().matches(pod); };
  EXPECT_TRUE(matches("status.phase=Running"));
  EXPECT_FALSE(matches("status.phase!=Running"));
  EXPECT_TRUE(matches("spec.nodeName==n1,metadata.namespace=team"));
  EXPECT_FALSE(parse_field_selector("spec.hostname=x"));
  EXPECT_FALSE(parse_field_selector("status.phase"));
}

TEST(Pod, OwnLabelsWinOverTheTemplates) {
  Pod pod = pod_with({{"a", "template"}, {"b", "template"}});
  pod.own_labels["a"] = "own";
  EXPECT_EQ(*pod.label("a"), "own");
  EXPECT_EQ(*pod.label("b"), "template");
  EXPECT_EQ(pod.label("c"), nullptr);
}

TEST(Pod, ItsOwnVolumeStandsForTheTemplatesOfThatNameAndClaimsComeInTheTemplatesOrder) {
  PodTemplate tmpl;
  tmpl.volumes = {{"scratch", "emptyDir", "", {}},
                  {"data", "persistentVolumeClaim", "OnDemand", {}},
                  {"shared", "persistentVolumeClaim", "lake", {}}};
  Pod pod;
  EXPECT_TRUE(pod.claim_names().empty());
  pod.tmpl = share(tmpl);
  EXPECT_EQ(pod.claim_names(), (std::vector<std::string>{"OnDemand", "lake"}));
  pod.own_volumes = {{"data", "persistentVolumeClaim", "app-exec-1-pvc-0", {}}};
  EXPECT_EQ(pod.claim_names(), (std::vector<std::string>{"app-exec-1-pvc-0", "lake"}));
  EXPECT_FALSE(pod == [&] {
    Pod other = pod;
    other.own_volumes.clear();
    return other;
  }());
}

TEST(Template, HashIsOfItsContents) {
  PodTemplate a;
  a.labels["x"] = "1";
  PodTemplate b = a;
  EXPECT_EQ(share(a)->hash, share(b)->hash);
  b.labels["x"] = "2";
  EXPECT_NE(share(a)->hash, share(b)->hash);
}

TEST(Toleration, FollowsTheOperators) {
  const Taint taint{"node.kubernetes.io/unreachable", "", "NoExecute"};
  EXPECT_TRUE(tolerates({{"node.kubernetes.io/unreachable", "Exists", "", "NoExecute", 300}}, taint));
  EXPECT_TRUE(tolerates({{"", "Exists", "", "", {}}}, taint));
  EXPECT_FALSE(tolerates({{"node.kubernetes.io/unreachable", "Exists", "", "NoSchedule", {}}}, taint));
  EXPECT_FALSE(tolerates({{"node.kubernetes.io/unreachable", "Equal", "x", "", {}}}, taint));
  EXPECT_FALSE(tolerates({}, taint));
}

}  // namespace
}  // namespace podramp::kube_test
