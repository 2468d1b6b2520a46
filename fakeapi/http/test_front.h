// For tests only: a whole fake cluster behind a Front, without sockets: a request in, its answer out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "fakeapi/http/front.h"
#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::rest {

inline http::Request http_request(std::string method, std::string target, std::string body = "",
                                  std::string type = "application/json") {
  http::Request request{
      std::move(method), std::move(target), {{"User-Agent", "kubectl/v1.32"}}, std::move(body), "", ""};
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", std::move(type));
  return request;
}

class FrontWorld {
 public:
  explicit FrontWorld(ClusterConfig config = watched_cluster()) : world(std::move(config)) {}

  static ClusterConfig watched_cluster() {
    ClusterConfig config = steady_cluster(2);
    config.records_events = true;
    return config;
  }

  Scene scene() const { return {world.cluster.state(), world.cluster.config(), {}, world.now()}; }

  http::Response ask(const http::Request& request) {
    Verdict verdict = front.receive(request, {"tester", {"system:masters"}, {}, {}}, scene());
    for (;;) {
      if (auto* response = std::get_if<http::Response>(&verdict)) return *response;
      if (std::holds_alternative<LogAsked>(verdict)) return {200, {}, "a log"};
      const Passed passed = std::get<Passed>(verdict);
      auto answer = front.answer(passed, world.ask(passed.request), scene());
      if (auto* response = std::get_if<http::Response>(&answer)) return *response;
      verdict = std::get<Passed>(answer);
    }
  }
  http::Response get(std::string target, std::string accept = "") {
    http::Request request = http_request("GET", std::move(target));
    if (!accept.empty()) request.headers.emplace_back("Accept", std::move(accept));
    return ask(request);
  }
  http::Response post(std::string target, std::string body) {
    return ask(http_request("POST", std::move(target), std::move(body)));
  }
  http::Response patch(std::string target, std::string body, std::string type) {
    return ask(http_request("PATCH", std::move(target), std::move(body), std::move(type)));
  }
  nlohmann::json json_of(const http::Response& response) { return nlohmann::json::parse(response.body); }

  World world;
  Front front;
};

inline constexpr const char* kTable =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
inline constexpr const char* kPod =
    R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"app":"x"}},"spec":{"containers":[)"
    R"({"name":"main","image":"pause:3","resources":{"requests":{"cpu":"100m","memory":"64Mi"}}}]}})";
inline constexpr const char* kConfigMap =
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"conf"},"data":{"a":"1","b":"2"}})";

}  // namespace podramp::fakeapi::rest
