#include "backend/yaml/pod_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::yaml {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kWhole = R"(
apiVersion: v1
kind: Pod
metadata:
  name: from-template
  namespace: other
  labels: {team: data, weight: 3}
  annotations:
    note: "yes"
  finalizers: [example.com/keep]
  ownerReferences:
    - {apiVersion: v1, kind: Node, name: n1, uid: u1, controller: true}
spec:
  hostname: mine
  nodeName: node-7
  restartPolicy: OnFailure
  terminationGracePeriodSeconds: 45
  schedulerName: volcano
  serviceAccountName: runner
  priorityClassName: high
  nodeSelector: {disk: ssd}
  imagePullSecrets: [{name: registry}]
  tolerations:
    - {key: spot, operator: Equal, value: "true", effect: NoExecute, tolerationSeconds: 60}
  affinity:
    podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}
  securityContext: {runAsUser: 185}
  initContainers:
    - name: fetch
      image: fetch:1
      command: [sh, -c]
      args: ["cp /a /b"]
      restartPolicy: Always
  containers:
    - name: spark
      image: mine:1
      imagePullPolicy: Never
      env:
        - {name: PLAIN, value: 1}
        - name: IP
          valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIP}}
        - name: PASS
          valueFrom: {secretKeyRef: {name: db, key: password}}
        - name: FROM_MAP
          valueFrom: {configMapKeyRef: {name: m, key: k}}
      ports:
        - {name: metrics, containerPort: 9090, protocol: TCP}
      resources:
        requests: {cpu: 500m, memory: 1Gi, ephemeral-storage: 2Gi}
        limits: {cpu: 2, nvidia.com/gpu: 1}
      volumeMounts:
        - {name: data, mountPath: /data, subPathExpr: $(POD), readOnly: true, mountPropagation: None}
      lifecycle:
        preStop: {exec: {command: [/bye]}}
        postStart: {exec: {command: [/hello]}}
      resizePolicy: [{resourceName: cpu, restartPolicy: RestartContainer}]
      livenessProbe: {tcpSocket: {port: 4040}}
    - name: sidecar
      image: log:1
  volumes:
    - {name: data, emptyDir: {medium: Memory, sizeLimit: 1Gi}}
    - {name: host, hostPath: {path: /x, type: Directory}}
    - {name: claim, persistentVolumeClaim: {claimName: c, readOnly: true}}
    - {name: map, configMap: {name: m, defaultMode: 420}}
    - {name: secret, secret: {secretName: s}}
    - {name: share, nfs: {server: files, path: /export}}
    - {name: token, projected: {sources: []}}
status: {phase: Running}
)";

Pod read(std::string_view text) {
  const auto pod = read_pod_manifest(text, "t.yaml");
  if (!pod) {
    for (const FieldError& error : pod.error()) ADD_FAILURE() << to_string(error);
    return Pod{};
  }
  return **pod;
}

std::string errors_of(std::string_view text) {
  const auto pod = read_pod_manifest(text, "t.yaml");
  EXPECT_FALSE(pod.has_value());
  std::string all;
  if (!pod) {
    for (const FieldError& error : pod.error()) all += to_string(error) + "\n";
  }
  return all;
}

TEST(PodManifest, FieldsOfThePodAreTyped) {
  const Pod pod = read(kWhole);
  const PodTemplate& t = *pod.tmpl;
  EXPECT_EQ(pod.name, "from-template");
  EXPECT_EQ(pod.ns, "other");
  EXPECT_EQ(pod.hostname, "mine");
  EXPECT_EQ(pod.node, "node-7");
  EXPECT_EQ(t.labels, (StringMap{{"team", "data"}, {"weight", "3"}}));
  EXPECT_EQ(t.annotations, (StringMap{{"note", "yes"}}));
  ASSERT_EQ(t.owners.size(), 1U);
  EXPECT_EQ(t.owners[0], (OwnerReference{"Node", "n1", "u1", true, R"({"apiVersion":"v1"})"}));
  EXPECT_EQ(t.restart_policy, "OnFailure");
  EXPECT_EQ(t.termination_grace_s, 45);
  EXPECT_EQ(t.scheduler_name, "volcano");
  EXPECT_EQ(t.service_account, "runner");
  EXPECT_EQ(t.priority_class, "high");
  EXPECT_EQ(t.node_selector, (StringMap{{"disk", "ssd"}}));
  EXPECT_THAT(t.image_pull_secrets, ElementsAre("registry"));
  EXPECT_THAT(t.tolerations, ElementsAre(Toleration{"spot", "Equal", "true", "NoExecute", 60}));
}

TEST(PodManifest, ContainersAreTyped) {
  const Pod pod = read(kWhole);
  ASSERT_EQ(pod.tmpl->containers.size(), 2U);
  const Container& c = pod.tmpl->containers[0];
  EXPECT_EQ(c.name, "spark");
  EXPECT_EQ(c.image, "mine:1");
  EXPECT_EQ(c.image_pull_policy, "Never");
  ASSERT_EQ(c.env.size(), 4U);
  EXPECT_EQ(c.env[0].value, "1");
  EXPECT_EQ(c.env[1].field_path, "status.podIP");
  EXPECT_EQ(c.env[2].secret_name + ":" + c.env[2].secret_key, "db:password");
  EXPECT_EQ(c.env[3].extra_json, R"({"valueFrom":{"configMapKeyRef":{"key":"k","name":"m"}}})");
  EXPECT_THAT(c.ports, ElementsAre(ContainerPort{"metrics", 9090, R"({"protocol":"TCP"})"}));
  EXPECT_EQ(c.requests.cpu_milli, 500);
  EXPECT_EQ(c.requests.memory_bytes, 1LL << 30);
  EXPECT_EQ(c.requests.other, (std::map<std::string, std::int64_t>{{"ephemeral-storage", 2LL << 30}}));
  EXPECT_EQ(c.limits.cpu_milli, 2000);
  EXPECT_EQ(c.limits.memory_bytes, std::nullopt);
  EXPECT_EQ(c.limits.other, (std::map<std::string, std::int64_t>{{"nvidia.com/gpu", 1}}));
  EXPECT_THAT(c.mounts,
              ElementsAre(VolumeMount{"data", "/data", "", true, "$(POD)", R"({"mountPropagation":"None"})"}));
  EXPECT_THAT(c.pre_stop_exec, ElementsAre("/bye"));
  EXPECT_THAT(c.resize_policy, ElementsAre(ResizePolicy{"cpu", "RestartContainer"}));
  EXPECT_EQ(
      c.extra_json,
      R"({"lifecycle":{"postStart":{"exec":{"command":["/hello"]}}},"livenessProbe":{"tcpSocket":{"port":4040}}})");
  ASSERT_EQ(pod.tmpl->init_containers.size(), 1U);
  EXPECT_THAT(pod.tmpl->init_containers[0].command, ElementsAre("sh", "-c"));
  EXPECT_THAT(pod.tmpl->init_containers[0].args, ElementsAre("cp /a /b"));
  EXPECT_EQ(pod.tmpl->init_containers[0].extra_json, R"({"restartPolicy":"Always"})");
}

TEST(PodManifest, VolumesOfEveryKindAreKept) {
  const Pod pod = read(kWhole);
  EXPECT_THAT(pod.tmpl->volumes,
              ElementsAre(Volume{"data", "emptyDir", "", {{"medium", "Memory"}, {"sizeLimit", "1Gi"}}},
                          Volume{"host", "hostPath", "/x", {{"type", "Directory"}}},
                          Volume{"claim", "persistentVolumeClaim", "c", {{"readOnly", "true"}}},
                          Volume{"map", "configMap", "m", {}, R"({"configMap":{"defaultMode":420}})"},
                          Volume{"secret", "secret", "s", {}}, Volume{"share", "nfs", "files:/export", {}},
                          Volume{"token", "projected", "", {}, R"({"projected":{"sources":[]}})"}));
}

TEST(PodManifest, WhatIsNotModelledIsKeptWordForWord) {
  EXPECT_EQ(read(kWhole).tmpl->extra_json,
            R"({"metadata":{"finalizers":["example.com/keep"]},"spec":{"securityContext":{"runAsUser":185}}})");
}

constexpr std::string_view kPlaced = R"(
kind: Pod
spec:
  priorityClassName: urgent
  priority: 1000
  preemptionPolicy: Never
  schedulingGates: [{name: example.com/wait}]
  topologySpreadConstraints:
  - {maxSkew: 2, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, minDomains: 3,
     nodeTaintsPolicy: Honor, labelSelector: {matchLabels: {app: a}}}
  - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, nodeAffinityPolicy: Ignore}
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
        - matchExpressions: [{key: cores, operator: Gt, values: ["15"]}, {key: spot, operator: DoesNotExist}]
        - matchFields: [{key: metadata.name, operator: In, values: [n1]}]
      preferredDuringSchedulingIgnoredDuringExecution:
      - {weight: 7, preference: {matchExpressions: [{key: disk, operator: NotIn, values: [hdd, tape]}]}}
    podAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 50
        podAffinityTerm: {topologyKey: zone, namespaceSelector: {}, labelSelector: {matchLabels: {app: hdfs}}}
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        namespaces: [other]
        labelSelector: {matchExpressions: [{key: app, operator: Exists}]}
)";

TEST(PodManifest, WhatDecidesWhereAPodMayRunIsRead) {
  const Pod pod = read(kPlaced);
  EXPECT_EQ(pod.tmpl->extra_json, "");
  EXPECT_EQ(pod.tmpl->priority_class, "urgent");
  EXPECT_EQ(pod.tmpl->priority, 1000);
  EXPECT_EQ(pod.tmpl->preemption_policy, "Never");
  const Placement& p = pod.tmpl->placement;
  EXPECT_THAT(p.gates, ElementsAre("example.com/wait"));
  EXPECT_THAT(p.required_nodes,
              ElementsAre(NodeTerm{{{"cores", SelectorOp::greater, {"15"}}, {"spot", SelectorOp::not_exists, {}}}, {}},
                          NodeTerm{{}, {{"metadata.name", SelectorOp::in, {"n1"}}}}));
  EXPECT_THAT(p.preferred_nodes, ElementsAre(NodePreference{7, {{{"disk", SelectorOp::not_in, {"hdd", "tape"}}}, {}}}));
  const LabelSelector hdfs{{{"app", SelectorOp::equals, {"hdfs"}}}};
  EXPECT_THAT(p.preferred_pods, ElementsAre(PodPreference{50, {hdfs, "zone", {}, LabelSelector{}}}));
  const LabelSelector any_app{{{"app", SelectorOp::exists, {}}}};
  EXPECT_THAT(p.forbidden_pods, ElementsAre(PodTerm{any_app, "kubernetes.io/hostname", {"other"}, std::nullopt}));
  EXPECT_THAT(p.spread,
              ElementsAre(SpreadConstraint{2, "topology.kubernetes.io/zone", true,
                                           LabelSelector{{{"app", SelectorOp::equals, {"a"}}}}, 3, false, true},
                          SpreadConstraint{1, "kubernetes.io/hostname", false, std::nullopt, 1, true, false}));
}

TEST(PodManifest, APlacementIsWrittenAsItIsRead) {
  const Placement placement = read(kPlaced).tmpl->placement;
  const auto again = read_pod_manifest(R"({"spec":)" + placement_json(placement) + "}", "again");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ((*again)->tmpl->placement, placement);
  EXPECT_EQ(placement_json({}), "");
}

TEST(PodManifest, AWrongPlacementSaysWhere) {
  EXPECT_EQ(errors_of("spec:\n  topologySpreadConstraints:\n  - {maxSkew: 0, topologyKey: zone}\n"),
            "t.yaml:3: spec.topologySpreadConstraints[0].maxSkew: must be greater than zero\n"
            "t.yaml:3: spec.topologySpreadConstraints[0].whenUnsatisfiable: must be DoNotSchedule or ScheduleAnyway "
            "(got the string \"\")\n");
  EXPECT_EQ(
      errors_of(
          "spec:\n  affinity:\n    podAntiAffinity:\n"
          "      requiredDuringSchedulingIgnoredDuringExecution:\n      - {topologyKey: zone, matchLabelKeys: [a]}\n"),
      "t.yaml:5: spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]: "
      "matchLabelKeys is not modelled\n");
}

TEST(PodManifest, TheJsonOfAManifestIsTheSamePod) {
  const auto again = read_pod_manifest(manifest_json(kWhole), "again");
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(**again == read(kWhole));
}

TEST(PodManifest, AnEmptySpecIsAPodWithoutContainers) {
  EXPECT_TRUE(read("apiVersion: v1\nkind: Pod\n").tmpl->containers.empty());
  EXPECT_EQ(read("metadata: {labels: {a: b}}\n").tmpl->labels, (StringMap{{"a", "b"}}));
}

TEST(SparkAcceptance, S_I4_AMisconfiguredTemplateFailsAndSaysWhere) {
  EXPECT_EQ(errors_of("kind: Pod\nmetadata: wrong\nspec:\n  containers:\n  - name: [a]\n    resources:\n"
                      "      requests:\n        cpu: many\n  terminationGracePeriodSeconds: soon\n"),
            "t.yaml:2: metadata: must be an object (got the string \"wrong\")\n"
            "t.yaml:5: spec.containers[0].name: must be a text (got a list)\n"
            "t.yaml:8: spec.containers[0].resources.requests.cpu: " +
                parse_cpu_milli("many").error().message +
                "\n"
                "t.yaml:9: spec.terminationGracePeriodSeconds: must be a whole number (got the string \"soon\")\n");
  EXPECT_EQ(errors_of("kind: Deployment\n"), "t.yaml:1: kind: must be Pod (got the string \"Deployment\")\n");
  EXPECT_EQ(errors_of("kind: Pod\n---\nkind: Pod\n"), "t.yaml:3: must hold one Pod (got 2 documents)\n");
  EXPECT_EQ(errors_of(""), "t.yaml: must hold one Pod (got 0 documents)\n");
  EXPECT_EQ(errors_of("just words\n"), "t.yaml:1: must be an object (got the string \"just words\")\n");
  EXPECT_THAT(errors_of("a: [\n"), HasSubstr("not YAML"));
  EXPECT_EQ(template_error("t.yaml", read_pod_manifest("kind: Job\n", "t.yaml").error()),
            "could not load pod from template file t.yaml\n  t.yaml:1: kind: must be Pod (got the string \"Job\")");
}

}  // namespace
}  // namespace podramp::yaml
