#include "backend/port/kube_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "backend/port/resource.h"

namespace podramp::kube_json_test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr WallZero kZero{};

// As a real server stores it: every field that a Pod models, and in each object one that it does not.
constexpr std::string_view kStored = R"~({"apiVersion":"v1","kind":"Pod",
"metadata":{"name":"p","namespace":"n","uid":"u-1","resourceVersion":"17","creationTimestamp":"2026-01-01T00:00:05Z",
  "deletionTimestamp":"2026-01-01T00:00:40Z","deletionGracePeriodSeconds":30,"labels":{"a":"b"},
  "annotations":{"c":"d"},"finalizers":["example.com/keep"],
  "ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"s","uid":"u-0","controller":true,
    "blockOwnerDeletion":true}]},
"spec":{"nodeName":"n1","hostname":"h","restartPolicy":"Never","terminationGracePeriodSeconds":45,
  "schedulerName":"volcano","serviceAccountName":"runner","priorityClassName":"high","priority":7,
  "preemptionPolicy":"Never","nodeSelector":{"disk":"ssd"},"imagePullSecrets":[{"name":"registry"}],
  "dnsPolicy":"ClusterFirst","securityContext":{"runAsUser":185},
  "tolerations":[{"key":"spot","operator":"Equal","value":"true","effect":"NoExecute","tolerationSeconds":60}],
  "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
    {"matchExpressions":[{"key":"zone","operator":"In","values":["a","b"]}]}]}},
    "podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":100,"podAffinityTerm":
      {"labelSelector":{"matchLabels":{"app":"x"}},"topologyKey":"kubernetes.io/hostname"}}]}},
  "topologySpreadConstraints":[{"maxSkew":2,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule",
    "labelSelector":{"matchExpressions":[{"key":"k","operator":"Exists"}]}}],
  "schedulingGates":[{"name":"example.com/wait"}],
  "initContainers":[{"name":"fetch","image":"fetch:1","args":["x"]}],
  "containers":[{"name":"spark","image":"mine:1","imagePullPolicy":"Never","command":["sh"],"args":["-c","true"],
    "env":[{"name":"PLAIN","value":"1"},
      {"name":"IP","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}},
      {"name":"PASS","valueFrom":{"secretKeyRef":{"name":"db","key":"password","optional":true}}},
      {"name":"MAP","valueFrom":{"configMapKeyRef":{"name":"m","key":"k"}}}],
    "ports":[{"name":"metrics","containerPort":9090,"protocol":"TCP"}],
    "resources":{"requests":{"cpu":"500m","memory":"1Gi","ephemeral-storage":"2Gi"},
      "limits":{"cpu":"2","nvidia.com/gpu":"1"},"claims":[{"name":"c"}]},
    "volumeMounts":[{"name":"data","mountPath":"/data","subPathExpr":"$(POD)","readOnly":true,
      "mountPropagation":"None"}],
    "lifecycle":{"preStop":{"exec":{"command":["/bye"]}},"postStart":{"exec":{"command":["/hello"]}}},
    "resizePolicy":[{"resourceName":"cpu","restartPolicy":"RestartContainer"}],
    "livenessProbe":{"tcpSocket":{"port":4040}}}],
  "volumes":[{"name":"data","emptyDir":{"medium":"Memory","sizeLimit":"1Gi"}},
    {"name":"bare","emptyDir":{}},
    {"name":"host","hostPath":{"path":"/x","type":"Directory"}},
    {"name":"claim","persistentVolumeClaim":{"claimName":"c","readOnly":true}},
    {"name":"map","configMap":{"name":"m","defaultMode":420}},
    {"name":"secret","secret":{"secretName":"s"}},
    {"name":"share","nfs":{"server":"files","path":"/export"}},
    {"name":"token","projected":{"sources":[]}}]},
"status":{"phase":"Running","podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"}],"nominatedNodeName":"n1",
  "conditions":[{"type":"Ready","status":"True","reason":"r","message":"m",
    "lastTransitionTime":"2026-01-01T00:00:09Z"}],
  "containerStatuses":[{"name":"spark","image":"mine:1","imageID":"","ready":true,"restartCount":0,"started":true,
    "state":{"running":{"startedAt":"2026-01-01T00:00:09Z"}}}]}})~";

Pod read(std::string_view text) {
  const auto decoded = pod_from_text(text, kZero);
  for (const FieldError& error : decoded.errors) ADD_FAILURE() << to_string(error);
  return decoded.value == nullptr ? Pod{} : *decoded.value;
}

std::string errors_of(std::string_view text) {
  std::string all;
  for (const FieldError& error : pod_from_text(text, kZero).errors) all += to_string(error) + "\n";
  return all;
}

TEST(KubeJson, APodThatIsReadIsWrittenBackWordForWord) {
  EXPECT_EQ(pod_to_json(read(kStored), kZero), json::parse(kStored));
}

TEST(KubeJson, ThePartsOfAStoredPodAreTyped) {
  const Pod pod = read(kStored);
  EXPECT_EQ(pod.name + "/" + pod.ns + "/" + pod.uid, "p/n/u-1");
  EXPECT_EQ(pod.resource_version, 17U);
  EXPECT_EQ(pod.created_us, 5 * kSecondUs);
  EXPECT_EQ(pod.deletion_us, 40 * kSecondUs);
  EXPECT_EQ(pod.deletion_grace_s, 30);
  EXPECT_EQ(pod.phase, PodPhase::running);
  EXPECT_EQ(pod.node, "n1");
  EXPECT_EQ(pod.pod_ip, "10.0.0.1");
  EXPECT_EQ(pod.nominated_node, "n1");
  EXPECT_THAT(pod.gates, ElementsAre("example.com/wait"));
  EXPECT_THAT(pod.conditions, ElementsAre(Condition{"Ready", Truth::yes, "r", "m", 9 * kSecondUs}));
  EXPECT_THAT(pod.containers, ElementsAre(ContainerStatus{"spark", ContainerStateKind::running, "", "", 0}));
  EXPECT_EQ(pod.tmpl->owners[0],
            (OwnerReference{"StatefulSet", "s", "u-0", true, R"({"apiVersion":"apps/v1","blockOwnerDeletion":true})"}));
  EXPECT_EQ(pod.tmpl->containers[0].limits.other.at("nvidia.com/gpu"), 1);
  EXPECT_EQ(pod.tmpl->placement.shunned_pods.size(), 1U);
  EXPECT_EQ(pod.tmpl->extra_json, R"({"metadata":{"finalizers":["example.com/keep"]},)"
                                  R"("spec":{"dnsPolicy":"ClusterFirst","securityContext":{"runAsUser":185}}})");
}

TEST(KubeJson, WhatIsThePodsOwnIsWrittenIntoItsTemplatesPlaces) {
  Pod pod = read(R"({"metadata":{"labels":{"a":"shared","b":"shared"}},"spec":{"containers":[{"name":"first"},
    {"name":"spark-kubernetes-executor","env":[{"name":"A"}]}],"volumes":[{"name":"v","emptyDir":{}}]}})");
  pod.own_labels = {{"a", "own"}};
  pod.own_env = {{"ID", "7", "", "", ""}};
  pod.own_volumes = {{"v", "persistentVolumeClaim", "claim-7", {{"storageClass", "gp3"}, {"readOnly", "true"}}}};
  const json tree = pod_to_json(pod, kZero);
  EXPECT_EQ(tree["metadata"]["labels"].dump(), R"({"a":"own","b":"shared"})");
  EXPECT_FALSE(tree["spec"]["containers"][0].contains("env"));
  EXPECT_EQ(tree["spec"]["containers"][1]["env"].dump(), R"([{"name":"A"},{"name":"ID","value":"7"}])");
  EXPECT_EQ(tree["spec"]["volumes"].dump(),
            R"([{"name":"v","persistentVolumeClaim":{"claimName":"claim-7","readOnly":true}}])");
  EXPECT_FALSE(tree.contains("status"));
}

TEST(KubeJson, ConfigMapVolumesNameTheirItems) {
  Pod pod = read(R"({"spec":{"volumes":[{"name":"v","configMap":{"name":"m"}}]}})");
  pod.own_volumes = {{"v", "configMap", "m", {{"items", "a:x,b:y"}}}};
  EXPECT_EQ(pod_to_json(pod, kZero)["spec"]["volumes"][0]["configMap"]["items"].dump(),
            R"([{"key":"a","path":"x"},{"key":"b","path":"y"}])");
}

// Strict clients (06 1.6) refuse a status without these.
TEST(KubeJson, AContainerStatusHasEveryFieldThatStrictClientsRequire) {
  Pod pod = read(R"({"metadata":{"uid":"u"},"spec":{"containers":[{"name":"c","image":"i:1"}]}})");
  pod.containers = {{"c", ContainerStateKind::terminated, "Error", "", 3}};
  EXPECT_EQ(pod_to_json(pod, kZero)["status"]["containerStatuses"][0].dump(),
            R"({"image":"i:1","imageID":"","name":"c","ready":false,"restartCount":0,"started":false,)"
            R"("state":{"terminated":{"exitCode":3,"reason":"Error"}}})");
}

TEST(KubeJson, ADaemonSetsPodDemandsItsNode) {
  Pod pod = read(R"({"metadata":{"uid":"u","ownerReferences":[{"kind":"DaemonSet","name":"d","uid":"x"}]}})");
  pod.affinity_node = "n1";
  const Pod back = read(pod_text(pod, kZero));
  EXPECT_EQ(back.affinity_node, "n1");
  EXPECT_EQ(pod_to_json(back, kZero), pod_to_json(pod, kZero));
}

TEST(KubeJson, EveryFieldOfAWrongTypeIsNamedAndTheRestIsRead) {
  const std::string_view text = R"({"kind":"Job","metadata":{"name":5,"labels":{"a":1},"creationTimestamp":"now",
    "resourceVersion":"x"},"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"much"}},"args":"no"}],
    "terminationGracePeriodSeconds":1.5,"tolerations":{}}})";
  EXPECT_EQ(errors_of(text),
            "kind: must be Pod (got \"Job\")\n"
            "metadata.name: must be a string (got 5)\n"
            "metadata.resourceVersion: must be a resource version, digits in a string (got \"x\")\n"
            "metadata.creationTimestamp: must be a time such as \"2026-01-01T00:00:00Z\" (got \"now\")\n"
            "metadata.labels.a: must be a string (got 1)\n"
            "spec.containers[0].args: must be a list (got \"no\")\n"
            "spec.containers[0].resources.requests.cpu: " +
                parse_cpu_milli("much").error().message +
                "\n"
                "spec.tolerations: must be a list (got an object)\n"
                "spec.terminationGracePeriodSeconds: must be a whole number (got 1.5)\n");
  EXPECT_EQ(pod_from_text(text, kZero).value->tmpl->containers[0].name, "c");
}

TEST(KubeJson, QuantitiesMayBeNumbers) {
  const Pod pod = read(R"({"spec":{"containers":[{"resources":{"limits":{"cpu":2,"memory":1024}}}]}})");
  EXPECT_EQ(pod.tmpl->containers[0].limits.cpu_milli, 2000);
  EXPECT_EQ(pod.tmpl->containers[0].limits.memory_bytes, 1024);
}

TEST(KubeJson, TextThatIsNoObjectGivesNoPodAndNoException) {
  for (const std::string text : {"", "{", "[]", "5", "{\"a\":\x01}", "\xff\xfe"}) {
    const auto decoded = pod_from_text(text, kZero);
    EXPECT_EQ(decoded.value, nullptr) << text;
    EXPECT_EQ(decoded.errors.size(), 1U) << text;
  }
  const std::string deep(1'000'000, '[');
  EXPECT_THAT(pod_from_text(deep, kZero).errors[0].message, HasSubstr("deeper than 500"));
  const std::string nested = R"({"spec":{"x":)" + std::string(490, '[') + std::string(490, ']') + "}}";
  EXPECT_EQ(pod_to_json(read(nested), kZero)["spec"], json::parse(nested)["spec"]);
}

TEST(KubeJson, BytesThatAreNotUtf8AreReplacedNotThrown) {
  Pod pod = read("{}");
  pod.name = "a\xff";
  EXPECT_THAT(pod_text(pod, kZero), HasSubstr("a\xEF\xBF\xBD"));
}

TEST(KubeJson, ANodeIsWrittenBackWordForWord) {
  const json tree = json::parse(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n1","resourceVersion":"5",
    "creationTimestamp":"2026-01-01T00:00:00Z","labels":{"zone":"a"},"annotations":{"x":"y"}},
    "spec":{"podCIDR":"10.0.0.0/24","unschedulable":true,"taints":[{"key":"k","value":"v","effect":"NoSchedule"}]},
    "status":{"allocatable":{"cpu":"3920m","memory":"14Gi","pods":"58","nvidia.com/gpu":"2"},
      "capacity":{"cpu":"4","memory":"16Gi","pods":"58","nvidia.com/gpu":"2"},
      "conditions":[{"type":"Ready","status":"True","reason":"KubeletReady",
        "message":"kubelet is posting ready status","lastTransitionTime":"2026-01-01T00:00:00Z"}],
      "images":[{"names":["spark:4"]}],"nodeInfo":{"architecture":"amd64"}}})");
  const auto node = node_from_json(tree, kZero);
  EXPECT_TRUE(node.errors.empty());
  EXPECT_EQ(node.value->pods_max, 58);
  EXPECT_EQ(node.value->allocatable.cpu_milli, 3920);
  EXPECT_EQ(node.value->ready, Truth::yes);
  EXPECT_EQ(node_to_json(*node.value, kZero), tree);
}

TEST(KubeJson, OtherKindsAreWrittenBackWordForWord) {
  const std::string head = R"("metadata":{"name":"x","namespace":"n","uid":"u","resourceVersion":"3",
    "creationTimestamp":"2026-01-01T00:00:00Z","labels":{"a":"b"},"generation":2})";
  const std::vector<std::pair<Kind, std::string>> bodies = {
      {Kind::persistent_volume_claim, R"("spec":{"accessModes":["ReadWriteOnce"],"storageClassName":"gp3",
        "volumeMode":"Filesystem","resources":{"requests":{"storage":"10Gi"}}},
        "status":{"phase":"Bound","capacity":{"storage":"10Gi"}})"},
      {Kind::config_map, R"("data":{"k":"v"},"immutable":true,"binaryData":{"b":"AA=="})"},
      {Kind::service, R"("spec":{"clusterIP":"None","selector":{"a":"b"},
        "ports":[{"name":"rpc","port":7078,"targetPort":7078,"protocol":"TCP"}]})"},
      {Kind::service, R"("spec":{"ports":[{"port":80,"targetPort":"web","nodePort":30000}]})"},
      {Kind::stateful_set, R"("spec":{"replicas":3,"selector":{"matchLabels":{"a":"b"}},"serviceName":"s",
        "podManagementPolicy":"Parallel","template":{"metadata":{"labels":{"a":"b"}},
          "spec":{"containers":[{"name":"c","image":"i","tty":true}],"dnsPolicy":"Default"}},
        "volumeClaimTemplates":[{"metadata":{"name":"v"},"spec":{"accessModes":["ReadWriteOnce"],
          "volumeMode":"Block","resources":{"requests":{"storage":"1Gi"}}}}]})"},
      {Kind::deployment, R"("spec":{"replicas":0,"selector":{"matchLabels":{"a":"b"}},"strategy":{"type":"Recreate"},
        "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c"}]}}})"},
      {Kind::daemon_set, R"("spec":{"selector":{"matchLabels":{"a":"b"}},
        "template":{"metadata":{},"spec":{"containers":[{"name":"c"}]}}})"},
  };
  for (const auto& [kind, body] : bodies) {
    json tree = json::parse("{" + head + "," + body + "}");
    tree["kind"] = resource_type(kind).kind;
    tree["apiVersion"] = api_version(resource_type(kind));
    const auto object = manifest_from_json(tree, kind, kZero);
    for (const FieldError& error : object.errors) ADD_FAILURE() << to_string(error);
    EXPECT_EQ(manifest_to_json(*object.value, kZero), tree);
  }
}

TEST(KubeJson, ASetWithoutReplicasHasOne) {
  EXPECT_EQ(manifest_from_text("{}", Kind::deployment, kZero).value->set->replicas, 1);
  EXPECT_EQ(manifest_from_text("{}", Kind::daemon_set, kZero).value->set->replicas, 0);
}

TEST(KubeJson, PathsAreThoseOfTheApiReference) {
  EXPECT_EQ(resource_path(Kind::pod, "n", "p"), "/api/v1/namespaces/n/pods/p");
  EXPECT_EQ(resource_path(Kind::pod, "", ""), "/api/v1/pods");
  EXPECT_EQ(resource_path(Kind::node, "n", "x"), "/api/v1/nodes/x");
  EXPECT_EQ(resource_path(Kind::stateful_set, "n", ""), "/apis/apps/v1/namespaces/n/statefulsets");
  EXPECT_EQ(resource_path(Kind::pod, "a/b", "c d?"), "/api/v1/namespaces/a%2Fb/pods/c%20d%3F");
}

}  // namespace
}  // namespace podramp::kube_json_test
