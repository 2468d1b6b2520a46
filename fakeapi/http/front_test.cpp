#include "fakeapi/http/front.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/http/test_front.h"

namespace podramp::fakeapi::rest::front_test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Front, APodIsCreatedReadListedAndDeleted) {
  FrontWorld world;
  const http::Response created = world.post("/api/v1/namespaces/ns/pods", kPod);
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(world.json_of(created)["metadata"]["labels"]["app"], "x");
  world.world.run_until(kMinuteUs);
  const json pod = world.json_of(world.get("/api/v1/namespaces/ns/pods/a"));
  EXPECT_EQ(pod["status"]["phase"], "Running");
  EXPECT_EQ(pod["status"]["qosClass"], "Burstable");
  EXPECT_EQ(pod["status"]["containerStatuses"][0]["ready"], true);
  const json list = world.json_of(world.get("/api/v1/pods?labelSelector=app%3Dx"));
  EXPECT_EQ(list["kind"], "PodList");
  EXPECT_EQ(list["items"].size(), 1U);
  const http::Response removed =
      world.ask(http_request("DELETE", "/api/v1/namespaces/ns/pods/a", R"({"propagationPolicy":"Background"})"));
  EXPECT_EQ(removed.status, 200);
  EXPECT_TRUE(world.json_of(removed)["metadata"].contains("deletionTimestamp"));
}

TEST(Front, EveryErrorIsAStatusWithReasonCodeAndDetails) {
  FrontWorld world;
  const http::Response missing = world.get("/api/v1/namespaces/ns/pods/none");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(
      world.json_of(missing),
      json::parse(R"({"apiVersion":"v1","code":404,"details":{"kind":"pods","name":"none"},"kind":"Status",)"
                  R"("message":"pods \"none\" not found","metadata":{},"reason":"NotFound","status":"Failure"})"));
  world.post("/api/v1/namespaces/ns/configmaps", kConfigMap);
  const json twice = world.json_of(world.post("/api/v1/namespaces/ns/configmaps", kConfigMap));
  EXPECT_EQ(twice["reason"], "AlreadyExists");
  EXPECT_EQ(twice["code"], 409);
  EXPECT_EQ(world.get("/api/v1/nonsense").status, 404);
  EXPECT_EQ(world.get("/apis/apps/v2/deployments").status, 404);
  EXPECT_EQ(world.get("/api/v1/pods?labelSelector=a%20b%20c").status, 400);
  EXPECT_EQ(world.get("/api/v1/pods?fieldSelector=spec.nothing%3D1").status, 400);
  EXPECT_EQ(world.get("/api/v1/pods?limit=many").status, 400);
  EXPECT_EQ(world.get("/api/v1/pods/%zz").status, 400);
  EXPECT_EQ(world.post("/api/v1/namespaces/ns/pods", "{").status, 400);
  EXPECT_EQ(world.post("/api/v1/namespaces/ns/pods", "[]").status, 400);
  EXPECT_EQ(world.post("/api/v1/namespaces/ns/pods", R"({"kind":"Node"})").status, 400);
  EXPECT_EQ(world.ask(http_request("BREW", "/api/v1/pods")).status, 405);
  EXPECT_EQ(world.get("/api/v1/pods", "application/vnd.kubernetes.protobuf").status, 406);
  EXPECT_EQ(world.get("/api/v1/pods", "application/vnd.kubernetes.protobuf,application/json").status, 200);
}

TEST(Front, WhatItCannotReadIsRefusedByItsType) {
  FrontWorld world;
  const auto post = [&](const char* type) {
    return world.ask(http_request("POST", "/api/v1/namespaces/ns/pods", "xyz", type)).status;
  };
  EXPECT_EQ(post("application/vnd.kubernetes.protobuf"), 415);
  EXPECT_EQ(post("application/cbor"), 415);
  EXPECT_EQ(post("text/html"), 415);
  EXPECT_EQ(world.patch("/api/v1/namespaces/ns/pods/a", "{}", "application/json").status, 415);
}

TEST(Front, ABodyMayBeYaml) {
  FrontWorld world;
  const http::Response created = world.ask(
      http_request("POST", "/api/v1/namespaces/ns/configmaps",
                   "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\ndata:\n  a: '1'\n", "application/yaml"));
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(world.json_of(created)["data"]["a"], "1");
}

TEST(Front, ATableHasTheColumnsAndCellsOfThePrinters) {
  FrontWorld world;
  world.post("/api/v1/namespaces/ns/pods", kPod);
  world.world.run_until(kMinuteUs);
  const json table = world.json_of(world.get("/api/v1/namespaces/ns/pods", kTable));
  EXPECT_EQ(table["kind"], "Table");
  EXPECT_EQ(table["columnDefinitions"][0]["name"], "Name");
  const json& row = table["rows"][0];
  EXPECT_EQ(row["cells"][0], "a");
  EXPECT_EQ(row["cells"][1], "1/1");
  EXPECT_EQ(row["cells"][2], "Running");
  EXPECT_EQ(row["cells"][4], "60s");
  EXPECT_EQ(row["object"]["kind"], "PartialObjectMetadata");
  const json whole = world.json_of(world.get("/api/v1/namespaces/ns/pods?includeObject=Object", kTable));
  EXPECT_EQ(whole["rows"][0]["object"]["kind"], "Pod");
  const json nodes = world.json_of(world.get("/api/v1/nodes", kTable));
  EXPECT_EQ(nodes["rows"][0]["cells"][1], "Ready");
}

TEST(Front, ListsComeInPagesOfOneVersion) {
  FrontWorld world;
  for (const char* name : {"a", "b", "c"}) {
    world.post("/api/v1/namespaces/ns/configmaps", std::string(R"({"metadata":{"name":")") + name + R"("}})");
  }
  const json first = world.json_of(world.get("/api/v1/namespaces/ns/configmaps?limit=2"));
  EXPECT_EQ(first["items"].size(), 2U);
  EXPECT_EQ(first["metadata"]["remainingItemCount"], 1);
  const std::string token = percent_encode(first["metadata"]["continue"].get<std::string>());
  const json second = world.json_of(world.get("/api/v1/namespaces/ns/configmaps?limit=2&continue=" + token));
  EXPECT_EQ(second["items"][0]["metadata"]["name"], "c");
  EXPECT_EQ(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
}

TEST(Front, AVersionMatchIsHeededOrForbidden) {
  FrontWorld world;
  world.post("/api/v1/namespaces/ns/configmaps", R"({"metadata":{"name":"a"}})");
  const std::string then = world.json_of(world.get("/api/v1/namespaces/ns/configmaps"))["metadata"]["resourceVersion"];
  world.post("/api/v1/namespaces/ns/configmaps", R"({"metadata":{"name":"b"}})");
  const auto items = [&](const std::string& query) {
    return world.json_of(world.get("/api/v1/namespaces/ns/configmaps?" + query))["items"].size();
  };
  EXPECT_EQ(items("resourceVersionMatch=Exact&resourceVersion=" + then), 1U);
  EXPECT_EQ(items("resourceVersionMatch=NotOlderThan&limit=5&resourceVersion=" + then), 2U);
  EXPECT_EQ(world.get("/api/v1/pods?resourceVersionMatch=Exact").status, 422);
  EXPECT_EQ(world.get("/api/v1/pods?watch=1&sendInitialEvents=true").status, 422);
}

TEST(Front, AWatchSaysEachEventInALineInTheFormThatWasAskedFor) {
  FrontWorld world;
  http::Request request = http_request("GET", "/api/v1/namespaces/ns/configmaps?watch=True&allowWatchBookmarks=true");
  Verdict verdict = world.front.receive(request, {"tester", {}, {}, {}}, world.scene());
  const Passed watch = std::get<Passed>(verdict);
  EXPECT_EQ(watch.request.verb, Verb::watch);
  EXPECT_TRUE(watch.request.allow_bookmarks);
  world.post("/api/v1/namespaces/ns/configmaps", kConfigMap);
  WatchEvent event{WatchEventType::added, nullptr, false, world.world.object(Kind::config_map, "conf")};
  const std::string line = world.front.event_line(watch, event, world.scene());
  EXPECT_EQ(line.back(), '\n');
  EXPECT_EQ(json::parse(line)["object"]["data"]["a"], "1");
  request.headers.emplace_back("Accept", kTable);
  const Passed as_table = std::get<Passed>(world.front.receive(request, {"tester", {}, {}, {}}, world.scene()));
  const json row = json::parse(world.front.event_line(as_table, event, world.scene()));
  EXPECT_EQ(row["object"]["kind"], "Table");
  EXPECT_EQ(row["object"]["rows"][0]["cells"][0], "conf");
  const json closing = json::parse(Front::closing_line(410, "Expired"));
  EXPECT_EQ(closing["type"], "ERROR");
  EXPECT_EQ(closing["object"]["code"], 410);
  EXPECT_EQ(Front::closing_line(0, ""), "");
}

TEST(Front, StrictValidationNamesUnknownFields) {
  FrontWorld world;
  const char* typo = R"({"metadata":{"name":"a"},"spec":{"containers":[{"name":"m","imag":"x"}]}})";
  const http::Response refused = world.post("/api/v1/namespaces/ns/pods?fieldValidation=Strict", typo);
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr(R"(strict decoding error: unknown field \"spec.containers[0].imag\")"));
  EXPECT_EQ(world.post("/api/v1/namespaces/ns/pods?fieldValidation=Strict", kPod).status, 201);
}

TEST(Front, ADryRunChangesNothing) {
  FrontWorld world;
  EXPECT_EQ(world.post("/api/v1/namespaces/ns/configmaps?dryRun=All", kConfigMap).status, 201);
  EXPECT_EQ(world.get("/api/v1/namespaces/ns/configmaps/conf").status, 404);
}

TEST(Front, DiscoveryIsPlainOrInTheVersionThatTheClientKnows) {
  FrontWorld world;
  EXPECT_EQ(world.json_of(world.get("/api"))["versions"][0], "v1");
  EXPECT_EQ(world.json_of(world.get("/apis"))["kind"], "APIGroupList");
  const auto aggregated = [&](const std::string& version) {
    return world.json_of(world.get(
        "/apis", "application/json;g=apidiscovery.k8s.io;v=" + version + ";as=APIGroupDiscoveryList,application/json"));
  };
  EXPECT_EQ(aggregated("v2")["apiVersion"], "apidiscovery.k8s.io/v2");
  EXPECT_EQ(aggregated("v2beta1")["apiVersion"], "apidiscovery.k8s.io/v2beta1");
  EXPECT_EQ(aggregated("v9")["kind"], "APIGroupList");
  std::vector<std::string> names;
  const json apps = world.json_of(world.get("/apis/apps/v1"));
  for (const json& one : apps["resources"]) {
    if (one["name"].get<std::string>().find('/') == std::string::npos) names.push_back(one["name"]);
  }
  EXPECT_THAT(names, ElementsAre("statefulsets", "deployments", "replicasets", "daemonsets"));
  EXPECT_EQ(world.json_of(world.get("/version/"))["minor"], "32");
  EXPECT_EQ(world.get("/readyz?verbose").body, "ok");
}

TEST(Front, OpenApiLetsKubectlLeaveValidationToTheServer) {
  FrontWorld world;
  EXPECT_EQ(world.get("/openapi/v2").body, "");
  const json index = world.json_of(world.get("/openapi/v3"));
  const http::Response document = world.get(index["paths"]["apis/apps/v1"]["serverRelativeURL"]);
  const json patch =
      world.json_of(document)["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
  EXPECT_EQ(patch["x-kubernetes-group-version-kind"]["kind"], "Deployment");
  EXPECT_THAT(patch["parameters"].dump(), HasSubstr("fieldValidation"));
}

TEST(Front, SecretsAreShownToClientsAndHiddenFromTheStore) {
  FrontWorld world;
  const http::Response created =
      world.post("/api/v1/namespaces/ns/secrets", R"({"metadata":{"name":"s"},"stringData":{"password":"canary"}})");
  EXPECT_EQ(world.json_of(created)["data"]["password"], "Y2FuYXJ5");
  EXPECT_EQ(world.json_of(world.get("/api/v1/namespaces/ns/secrets/s"))["type"], "Opaque");
  EXPECT_EQ(world.json_of(world.get("/api/v1/namespaces/ns/secrets/s"))["data"]["password"], "Y2FuYXJ5");
  EXPECT_EQ(world.world.count("Y2FuYXJ5"), 0U);
  EXPECT_EQ(world.world.count("canary"), 0U);
}

TEST(Front, MetricsAreWhatPodsAskFor) {
  FrontWorld world;
  world.post("/api/v1/namespaces/ns/pods", kPod);
  world.world.run_until(kMinuteUs);
  const json pods = world.json_of(world.get("/apis/metrics.k8s.io/v1beta1/namespaces/ns/pods"));
  EXPECT_EQ(pods["items"][0]["containers"][0]["usage"]["cpu"], "100m");
  EXPECT_EQ(world.json_of(world.get("/apis/metrics.k8s.io/v1beta1/nodes"))["items"].size(), 2U);
  EXPECT_EQ(world.get("/apis/metrics.k8s.io/v1beta1/nodes/none").status, 404);
  const json review = world.json_of(world.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "{}"));
  EXPECT_EQ(review["status"]["allowed"], true);
}

TEST(Front, ACallerWithLimitsIsRefusedInTheServersWords) {
  FrontWorld world;
  const Caller ci{"ci", {}, {"team"}, {"get", "list"}};
  const Verdict verdict =
      world.front.receive(http_request("GET", "/apis/apps/v1/namespaces/ns/deployments/d"), ci, world.scene());
  const auto& refused = std::get<http::Response>(verdict);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(
      json::parse(refused.body)["message"],
      "deployments.apps \"d\" is forbidden: User \"ci\" cannot get resource \"deployments\" in API group \"apps\" in "
      "the namespace \"ns\"");
  EXPECT_TRUE(std::holds_alternative<Passed>(
      world.front.receive(http_request("GET", "/api/v1/namespaces/team/pods"), ci, world.scene())));
}

TEST(Front, AnEvictionAndABindingAreSubresourcesOfAPod) {
  FrontWorld world;
  world.post("/api/v1/namespaces/ns/pods", kPod);
  world.world.run_until(kMinuteUs);
  EXPECT_EQ(world.post("/api/v1/namespaces/ns/pods/a/binding", R"({"target":{"kind":"Node","name":"n0"}})").status,
            409);
  EXPECT_EQ(world.post("/api/v1/namespaces/ns/pods/a/eviction", R"({"metadata":{"name":"a"}})").status, 201);
  EXPECT_TRUE(world.world.pod("a")->deletion_us.has_value());
}

TEST(Front, DocumentsOfAnyShapeAreAnswered) {
  FrontWorld world;
  for (const char* body : {R"({"metadata":[]})", R"({"metadata":{"name":5}})",
                           R"({"metadata":{"name":"a","labels":{"x":1}}})", R"({"metadata":{"name":"q"},"spec":[1,2]})",
                           R"({"metadata":{"name":"r"},"status":"x","spec":{"hard":{"pods":{}}}})",
                           R"({"apiVersion":7,"kind":[]})", "null", "7", "\"text\""}) {
    for (const char* plural : {"pods", "configmaps", "services", "secrets", "resourcequotas", "events", "namespaces"}) {
      const std::string target =
          std::string(plural) == "namespaces" ? "/api/v1/namespaces" : std::string("/api/v1/namespaces/ns/") + plural;
      const http::Response response = world.post(target, body);
      EXPECT_TRUE(response.status == 201 || response.status >= 400) << plural << " " << body;
      EXPECT_EQ(world.get(target, kTable).status, 200) << plural << " " << body;
      EXPECT_EQ(world.get(target).status, 200) << plural << " " << body;
    }
  }
}

TEST(Front, LimitRangesThatPeopleMakeAreObeyedFromThenOn) {  // K40
  FrontWorld world;
  const auto made = [&](const std::string& name) {
    return world.post("/api/v1/namespaces/ns/pods",
                      R"({"metadata":{"name":")" + name + R"("},"spec":{"containers":[{"name":"m","image":"i"}]}})");
  };
  EXPECT_EQ(made("before").status, 201);
  const std::string ranges = "/api/v1/namespaces/ns/limitranges";
  EXPECT_EQ(world
                .post(ranges, R"({"metadata":{"name":"l"},"spec":{"limits":[{"type":"Pod","max":{"cpu":"9"}},
    {"type":"Container","default":{"cpu":"300m"},"defaultRequest":{"cpu":"200m","memory":"10Mi"},
     "max":{"cpu":"1"}}]}})")
                .status,
            201);
  const auto resources = world.json_of(made("within"))["spec"]["containers"][0]["resources"];
  EXPECT_EQ(resources["requests"]["cpu"], "200m");
  EXPECT_EQ(resources["requests"]["memory"], "10Mi");
  EXPECT_EQ(resources["limits"]["cpu"], "300m");
  const http::Response beyond = world.post(
      "/api/v1/namespaces/ns/pods", R"({"metadata":{"name":"beyond"},"spec":{"containers":[{"name":"m","image":"i",
        "resources":{"limits":{"cpu":"2"}}}]}})");
  EXPECT_EQ(beyond.status, 403);
  EXPECT_THAT(beyond.body, HasSubstr("maximum cpu usage per Container is 1, but limit is 2"));
  EXPECT_EQ(world
                .patch(ranges + "/l", R"([{"op":"replace","path":"/spec/limits/1/max/cpu","value":"4"}])",
                       "application/json-patch+json")
                .status,
            200);
  EXPECT_EQ(world
                .post("/api/v1/namespaces/ns/pods", R"({"metadata":{"name":"now"},"spec":{"containers":[{"name":"m",
        "image":"i","resources":{"limits":{"cpu":"2"}}}]}})")
                .status,
            201);
  EXPECT_EQ(world.ask(http_request("DELETE", ranges + "/l")).status, 200);
  EXPECT_FALSE(world.json_of(made("after"))["spec"]["containers"][0]
                   .value("resources", nlohmann::json::object())
                   .contains("limits"));
}

}  // namespace
}  // namespace podramp::fakeapi::rest::front_test
