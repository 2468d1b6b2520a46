#include "backend/live/wire_request.h"

#include <gtest/gtest.h>

namespace podramp::live::wire_request_test {
namespace {

ApiRequest about(Verb verb, Kind kind = Kind::pod, std::string name = "") {
  ApiRequest request;
  request.verb = verb;
  request.kind = kind;
  request.ns = "spark";
  request.name = std::move(name);
  return request;
}

std::string line(const ApiRequest& request) {
  const WireRequest wire = wire_request(request, {});
  return wire.method + " " + wire.target + (wire.content_type.empty() ? "" : " " + wire.content_type) +
         (wire.body.empty() ? "" : " " + wire.body);
}

TEST(WireRequest, ListsAndWatchesCarryTheirSelectorsInTheQuery) {
  ApiRequest list = about(Verb::list);
  list.label_selector = parse_label_selector("spark-app-selector=a,spark-exec-inactive!=true").value();
  list.field_selector.all = {{"status.phase", "Running", true}};
  list.resource_version = "0";
  list.limit = 500;
  EXPECT_EQ(line(list),
            "GET /api/v1/namespaces/spark/pods?labelSelector=spark-app-selector%3Da%2Cspark-exec-inactive%21%3Dtrue"
            "&fieldSelector=status.phase%3DRunning&resourceVersion=0&limit=500");
  ApiRequest watch = about(Verb::watch);
  watch.resource_version = "17";
  watch.allow_bookmarks = true;
  watch.watch_s = 300;
  EXPECT_EQ(line(watch),
            "GET /api/v1/namespaces/spark/pods?resourceVersion=17&watch=true&allowWatchBookmarks=true"
            "&timeoutSeconds=300");
}

TEST(WireRequest, CreatesCarryTheObject) {
  ApiRequest create = about(Verb::create, Kind::config_map);
  auto map = std::make_shared<Manifest>();
  map->kind = Kind::config_map;
  map->name = "m";
  map->ns = "spark";
  create.manifest = map;
  create.dry_run = true;
  const WireRequest wire = wire_request(create, {});
  EXPECT_EQ(wire.method + " " + wire.target, "POST /api/v1/namespaces/spark/configmaps?dryRun=All");
  EXPECT_EQ(wire.content_type, "application/json");
  EXPECT_NE(wire.body.find(R"("name":"m")"), std::string::npos);
}

TEST(WireRequest, DeletesSayWhatIsSpecial) {
  ApiRequest one = about(Verb::remove, Kind::stateful_set, "s");
  EXPECT_EQ(line(one), "DELETE /apis/apps/v1/namespaces/spark/statefulsets/s");
  one = about(Verb::remove, Kind::pod, "p");
  one.grace_s = 0;
  one.uid_precondition = "u";
  EXPECT_EQ(line(one),
            R"(DELETE /api/v1/namespaces/spark/pods/p application/json {"apiVersion":"v1","gracePeriodSeconds":0,)"
            R"("kind":"DeleteOptions","preconditions":{"uid":"u"}})");
  ApiRequest all = about(Verb::remove_collection);
  all.label_selector = parse_label_selector("a=b").value();
  EXPECT_EQ(line(all), "DELETE /api/v1/namespaces/spark/pods?labelSelector=a%3Db");
}

TEST(WireRequest, PatchesGoToTheSubresourceOfWhatTheyChange) {
  ApiRequest labels = about(Verb::patch, Kind::pod, "p");
  labels.set_labels = {{"spark-exec-inactive", "true"}};
  EXPECT_EQ(line(labels), R"(PATCH /api/v1/namespaces/spark/pods/p application/strategic-merge-patch+json )"
                          R"({"metadata":{"labels":{"spark-exec-inactive":"true"}}})");
  ApiRequest scale = about(Verb::patch, Kind::stateful_set, "s");
  scale.replicas = 7;
  EXPECT_EQ(line(scale), R"(PATCH /apis/apps/v1/namespaces/spark/statefulsets/s/scale application/merge-patch+json )"
                         R"({"spec":{"replicas":7}})");
  ApiRequest resize = about(Verb::patch, Kind::pod, "p");
  resize.set_bytes = 1 << 30;
  EXPECT_EQ(wire_request(resize, {}).target, "/api/v1/namespaces/spark/pods/p/resize");
}

}  // namespace
}  // namespace podramp::live::wire_request_test
